package identity_test

import (
	"context"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

// Every API request loads its actor this way.
func BenchmarkActorByToken(b *testing.B) {
	for engine, open := range map[string]func(testing.TB, func() int64) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(engine, func(b *testing.B) {
			d := open(b, dbtest.NewClock().Now)
			var bare string
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				o, err := org.Create(tx, org.Org{Kind: org.Vendor, Name: "V"})
				if err != nil {
					return err
				}
				p, err := identity.Create(tx, identity.Person{OrgID: o.ID, Name: "Ada", Email: "ada@vendor.example"}, []identity.Membership{{Role: identity.RoleManager}})
				if err != nil {
					return err
				}
				bare, _, err = identity.CreateToken(tx, p.ID, "bench")
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				err := d.Read(context.Background(), func(tx *db.Tx) error {
					_, err := identity.ActorByToken(tx, bare)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
