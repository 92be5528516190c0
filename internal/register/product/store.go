package product

import "github.com/tierdesk/tierdesk/internal/platform/db"

const versionColumns = "product_id, version, released_on, end_of_life, track, dependency"

func save(tx *db.Tx, p Product) error {
	_, err := tx.Exec("INSERT INTO product (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = $2", p.ID, p.Name)
	return err
}

// ByID finds a product. Faults: NotFound.
func ByID(tx *db.Tx, id string) (p Product, err error) {
	err = tx.QueryRow("SELECT id, name FROM product WHERE id = $1", id).Scan(&p.ID, &p.Name)
	return p, missing(err, "product")
}

// All lists the products by name.
func All(tx *db.Tx) ([]Product, error) {
	return db.Collect(tx, func(r *db.Rows) (p Product, err error) {
		err = r.Scan(&p.ID, &p.Name)
		return p, err
	}, "SELECT id, name FROM product ORDER BY name, id")
}

// VersionOf finds a version of a product. Faults: NotFound.
func VersionOf(tx *db.Tx, productID, version string) (v Version, err error) {
	err = tx.QueryRow("SELECT "+versionColumns+" FROM product_version WHERE product_id = $1 AND version = $2", productID, version).
		Scan(&v.ProductID, &v.Version, &v.ReleasedOn, &v.EndOfLife, &v.Track, &v.Dependency)
	return v, missing(err, "version")
}

// Versions lists the versions of a product, newest release first.
func Versions(tx *db.Tx, productID string) ([]Version, error) {
	return db.Collect(tx, func(r *db.Rows) (v Version, err error) {
		err = r.Scan(&v.ProductID, &v.Version, &v.ReleasedOn, &v.EndOfLife, &v.Track, &v.Dependency)
		return v, err
	}, "SELECT "+versionColumns+" FROM product_version WHERE product_id = $1 ORDER BY released_on DESC, version DESC", productID)
}

func insertVersion(tx *db.Tx, v Version) (bool, error) {
	n, err := tx.Exec("INSERT INTO product_version ("+versionColumns+") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
		v.ProductID, v.Version, v.ReleasedOn, v.EndOfLife, v.Track, v.Dependency)
	return n == 1, err
}

func setEndOfLife(tx *db.Tx, productID, version, lastDay string) error {
	_, err := tx.Exec("UPDATE product_version SET end_of_life = $3 WHERE product_id = $1 AND version = $2", productID, version, lastDay)
	return err
}

func updateVersion(tx *db.Tx, v Version) error {
	_, err := tx.Exec("UPDATE product_version SET released_on = $3, end_of_life = $4, track = $5, dependency = $6 WHERE product_id = $1 AND version = $2",
		v.ProductID, v.Version, v.ReleasedOn, v.EndOfLife, v.Track, v.Dependency)
	return err
}
