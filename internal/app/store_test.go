package app

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
)

func TestADatabaseIsRefusedWithOtherKeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		own, other := keysIn(t), keysIn(t)
		for range 2 {
			if err := checkKeys(context.Background(), d, own); err != nil {
				t.Fatal(err)
			}
		}
		if err := own.Rotate(); err != nil {
			t.Fatal(err)
		}
		if err := checkKeys(context.Background(), d, own); err != nil {
			t.Fatalf("after a rotation: %v", err)
		}
		if err := checkKeys(context.Background(), d, other); fault.KindOf(err) != fault.Conflict {
			t.Fatalf("other keys: %v", err)
		}
	})
}

func keysIn(t *testing.T) *seal.Sealer {
	s, err := seal.Load(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
