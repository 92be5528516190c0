package account

import (
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
)

const (
	columns = `id, org_id, name, product_id, product_type, region, COALESCE(partner_id, ''), contract_starts, contract_ends,
		maintenance_until, new_releases, default_instance_id, facts, created_at`
	instanceColumns = "id, account_id, name, url, version, dependency, facts, created_at"
)

type scanner interface{ Scan(dest ...any) error }

func scan(s scanner) (a Account, err error) {
	err = s.Scan(&a.ID, &a.OrgID, &a.Name, &a.ProductID, &a.ProductType, &a.Region, &a.PartnerID, &a.ContractStarts, &a.ContractEnds,
		&a.MaintenanceUntil, &a.NewReleases, &a.DefaultInstanceID, &a.Facts, &a.CreatedAt)
	if errors.Is(err, db.ErrNoRows) {
		err = notFound("account")
	}
	return a, err
}

func scanRow(r *db.Rows) (Account, error) { return scan(r) }

func scanInstance(s scanner) (i Instance, err error) {
	err = s.Scan(&i.ID, &i.AccountID, &i.Name, &i.URL, &i.Version, &i.Dependency, &i.Facts, &i.CreatedAt)
	if errors.Is(err, db.ErrNoRows) {
		err = notFound("instance")
	}
	return i, err
}

func scanInstanceRow(r *db.Rows) (Instance, error) { return scanInstance(r) }

func insert(tx *db.Tx, a Account) error {
	var partner any
	if a.PartnerID != "" {
		partner = a.PartnerID
	}
	_, err := tx.Exec(`INSERT INTO account (id, org_id, name, product_id, product_type, region, partner_id, contract_starts, contract_ends,
		maintenance_until, new_releases, default_instance_id, facts, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		a.ID, a.OrgID, a.Name, a.ProductID, a.ProductType, a.Region, partner, a.ContractStarts, a.ContractEnds,
		a.MaintenanceUntil, a.NewReleases, a.DefaultInstanceID, a.Facts, a.CreatedAt)
	return err
}

func insertInstance(tx *db.Tx, i Instance) error {
	_, err := tx.Exec("INSERT INTO instance ("+instanceColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		i.ID, i.AccountID, i.Name, i.URL, i.Version, i.Dependency, i.Facts, i.CreatedAt)
	return err
}

func update(tx *db.Tx, a Account) error {
	var partner any
	if a.PartnerID != "" {
		partner = a.PartnerID
	}
	_, err := tx.Exec(`UPDATE account SET name = $2, product_id = $3, product_type = $4, region = $5, partner_id = $6, contract_starts = $7,
		contract_ends = $8, maintenance_until = $9, new_releases = $10, facts = $11 WHERE id = $1`,
		a.ID, a.Name, a.ProductID, a.ProductType, a.Region, partner, a.ContractStarts, a.ContractEnds, a.MaintenanceUntil, a.NewReleases, a.Facts)
	return err
}

func updateInstance(tx *db.Tx, i Instance) error {
	_, err := tx.Exec("UPDATE instance SET name = $2, url = $3, version = $4, dependency = $5, facts = $6 WHERE id = $1", i.ID, i.Name, i.URL, i.Version, i.Dependency, i.Facts)
	return err
}

func setDefault(tx *db.Tx, accountID, instanceID string) error {
	_, err := tx.Exec("UPDATE account SET default_instance_id = $2 WHERE id = $1", accountID, instanceID)
	return err
}

// ByID finds an account. Faults: NotFound.
func ByID(tx *db.Tx, id string) (Account, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM account WHERE id = $1", id))
}

// All lists every account, oldest first.
func All(tx *db.Tx) ([]Account, error) {
	return db.Collect(tx, scanRow, "SELECT "+columns+" FROM account ORDER BY created_at, id")
}

// ByOrg lists the accounts of an organisation, oldest first.
func ByOrg(tx *db.Tx, orgID string) ([]Account, error) {
	return db.Collect(tx, scanRow, "SELECT "+columns+" FROM account WHERE org_id = $1 ORDER BY created_at, id", orgID)
}

// withDefault is an account with its default instance, nil while it has none.
type withDefault struct {
	account  Account
	instance *Instance
}

// withDefaults are the first two accounts of an organisation: each request asks
// for them, and whether there is more than one.
func withDefaults(tx *db.Tx, orgID string) ([]withDefault, error) {
	return db.Collect(tx, func(r *db.Rows) (w withDefault, err error) {
		a, i := &w.account, Instance{}
		err = r.Scan(&a.ID, &a.OrgID, &a.Name, &a.ProductID, &a.ProductType, &a.Region, &a.PartnerID, &a.ContractStarts, &a.ContractEnds,
			&a.MaintenanceUntil, &a.NewReleases, &a.DefaultInstanceID, &a.Facts, &a.CreatedAt, &i.ID, &i.AccountID, &i.Name, &i.URL, &i.Version, &i.Dependency, &i.Facts, &i.CreatedAt)
		if i.ID != "" {
			w.instance = &i
		}
		return w, err
	}, `SELECT a.id, a.org_id, a.name, a.product_id, a.product_type, a.region, COALESCE(a.partner_id, ''), a.contract_starts, a.contract_ends,
		a.maintenance_until, a.new_releases, a.default_instance_id, a.facts, a.created_at,
		COALESCE(i.id, ''), COALESCE(i.account_id, ''), COALESCE(i.name, ''), COALESCE(i.url, ''), COALESCE(i.version, ''), COALESCE(i.dependency, ''), COALESCE(i.facts, ''), COALESCE(i.created_at, 0)
		FROM account a LEFT JOIN instance i ON i.id = a.default_instance_id WHERE a.org_id = $1 ORDER BY a.created_at, a.id LIMIT 2`, orgID)
}

// ByPartner lists the accounts that a partner looks after, by name.
func ByPartner(tx *db.Tx, partnerID string) ([]Account, error) {
	return db.Collect(tx, scanRow, "SELECT "+columns+" FROM account WHERE partner_id = $1 ORDER BY name, id", partnerID)
}

// InstanceByID finds an instance. Faults: NotFound.
func InstanceByID(tx *db.Tx, id string) (Instance, error) {
	return scanInstance(tx.QueryRow("SELECT "+instanceColumns+" FROM instance WHERE id = $1", id))
}

// Instances lists the instances of an account, oldest first.
func Instances(tx *db.Tx, accountID string) ([]Instance, error) {
	return db.Collect(tx, scanInstanceRow, "SELECT "+instanceColumns+" FROM instance WHERE account_id = $1 ORDER BY created_at, id", accountID)
}
