package product_test

import (
	"context"
	"slices"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/product"
)

func TestAVersionLivesUntilItsEndIsAnnounced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		old := product.Version{ProductID: "meetings", Version: "2.9.0", ReleasedOn: "2022-01-31", EndOfLife: "2025-01-31"}
		now := product.Version{ProductID: "meetings", Version: "3.0.0", ReleasedOn: "2024-01-31"}
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			for _, name := range []string{"Meting", "Meetings"} { // the second one corrects the first
				if err := product.Create(tx, product.Product{ID: "meetings", Name: name}); err != nil {
					return err
				}
			}
			if err := product.CreateVersion(tx, old); err != nil {
				return err
			}
			return product.CreateVersion(tx, now)
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(context.Background(), func(tx *db.Tx) error {
			if all, err := product.All(tx); err != nil || !slices.Equal(all, []product.Product{{ID: "meetings", Name: "Meetings"}}) {
				t.Errorf("products %v, %v", all, err)
			}
			if list, err := product.Versions(tx, "meetings"); err != nil || !slices.Equal(list, []product.Version{now, old}) {
				t.Errorf("versions %v, %v", list, err)
			}
			if err := product.AnnounceEndOfLife(tx, "meetings", "3.0.0", "2027-06-30"); err != nil {
				return err
			}
			if v, err := product.VersionOf(tx, "meetings", "3.0.0"); err != nil || v.EndOfLife != "2027-06-30" {
				t.Errorf("announced %+v, %v", v, err)
			}
			if err := product.AnnounceEndOfLife(tx, "meetings", "3.0.0", ""); err != nil {
				return err
			}
			if v, err := product.VersionOf(tx, "meetings", "3.0.0"); err != nil || v != now {
				t.Errorf("withdrawn %+v, %v", v, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestMistakesAreNamed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			if err := product.Create(tx, product.Product{ID: "p", Name: "P"}); err != nil {
				return err
			}
			return product.CreateVersion(tx, product.Version{ProductID: "p", Version: "1", ReleasedOn: "2026-01-01"})
		})
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			kind  fault.Kind
			field string
			do    func(tx *db.Tx) error
		}{
			"a product without id":   {fault.Invalid, "id", func(tx *db.Tx) error { return product.Create(tx, product.Product{Name: "x"}) }},
			"a product without name": {fault.Invalid, "name", func(tx *db.Tx) error { return product.Create(tx, product.Product{ID: "x", Name: "a\nb"}) }},
			"a version without text": {fault.Invalid, "version", func(tx *db.Tx) error {
				return product.CreateVersion(tx, product.Version{ProductID: "p", ReleasedOn: "2026-01-01"})
			}},
			"a release on no day": {fault.Invalid, "released_on", func(tx *db.Tx) error {
				return product.CreateVersion(tx, product.Version{ProductID: "p", Version: "2", ReleasedOn: "2026-02-30"})
			}},
			"an end before the release": {fault.Invalid, "end_of_life", func(tx *db.Tx) error {
				return product.CreateVersion(tx, product.Version{ProductID: "p", Version: "2", ReleasedOn: "2026-01-02", EndOfLife: "2026-01-01"})
			}},
			"a version twice": {fault.Conflict, "version", func(tx *db.Tx) error {
				return product.CreateVersion(tx, product.Version{ProductID: "p", Version: "1", ReleasedOn: "2026-01-02"})
			}},
			"an end announced before the release": {fault.Invalid, "end_of_life", func(tx *db.Tx) error { return product.AnnounceEndOfLife(tx, "p", "1", "2025-12-31") }},
			"an unknown product": {fault.NotFound, "", func(tx *db.Tx) error {
				return product.CreateVersion(tx, product.Version{ProductID: "q", Version: "1", ReleasedOn: "2026-01-02"})
			}},
			"an unknown version": {fault.NotFound, "", func(tx *db.Tx) error { return product.AnnounceEndOfLife(tx, "p", "9", "2027-01-01") }},
		} {
			err := d.Write(context.Background(), c.do)
			fields := fault.Fields(err)
			if !fault.Is(err, c.kind) || (c.field == "") != (len(fields) == 0) || c.field != "" && fields[0].Path != c.field {
				t.Errorf("%s: %v; want %v at %q", what, err, c.kind, c.field)
			}
		}
	})
}

func TestTheDatesOfAVersionAreCorrected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		v := product.Version{ProductID: "meetings", Version: "3.0", ReleasedOn: "2024-01-31"}
		err := d.Write(context.Background(), func(tx *db.Tx) error {
			if err := product.Create(tx, product.Product{ID: "meetings", Name: "Meetings"}); err != nil {
				return err
			}
			if err := product.UpdateVersion(tx, v); !fault.Is(err, fault.NotFound) {
				t.Errorf("an unknown version: %v", err)
			}
			if err := product.CreateVersion(tx, v); err != nil {
				return err
			}
			v.ReleasedOn, v.EndOfLife = "2024-02-29", "2026-02-28"
			if err := product.UpdateVersion(tx, v); err != nil {
				return err
			}
			wrong := v
			wrong.EndOfLife = "2024-02-28"
			if err := product.UpdateVersion(tx, wrong); len(fault.Fields(err)) != 1 {
				t.Errorf("an end before the release: %v", err)
			}
			if found, err := product.VersionOf(tx, "meetings", "3.0"); err != nil || found != v {
				t.Errorf("found %+v, %v", found, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
