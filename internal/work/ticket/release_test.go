package ticket_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/policies"
)

// TestALifeHangsOnReleases: the same instance is supported until the register has the release that ends it.
func TestALifeHangsOnReleases(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		source := strings.Replace(string(policies.Default()), "of: release, until: announced}", "of: minor, until: next minor}", 1)
		if source == string(policies.Default()) {
			t.Fatal("the default policy has no such line")
		}
		if _, findings, err := w.book.Publish(context.Background(), "releases.md", []byte(source), "", ""); err != nil {
			t.Fatal(err, findings)
		}
		if k := w.open("admin@named", "how-to"); k.Decision.Covered != "yes" {
			t.Errorf("while 10.4 is the newest: covered %s", k.Decision.Covered)
		}
		w.write(func(tx *db.Tx) error {
			return product.CreateVersion(tx, product.Version{ProductID: "meetings", Version: "10.5", ReleasedOn: "2026-06-02"})
		})
		if k := w.open("admin@named", "how-to"); k.Decision.Covered != "no" {
			t.Errorf("since 10.5 is out: covered %s", k.Decision.Covered)
		}
	})
}
