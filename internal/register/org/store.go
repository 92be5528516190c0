package org

import (
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

const (
	columns     = "id, kind, name, domain, zone, created_at"
	deskColumns = "org_id, level, name, address"
)

type scanner interface{ Scan(dest ...any) error }

func scan(s scanner) (o Org, err error) {
	err = s.Scan(&o.ID, &o.Kind, &o.Name, &o.Domain, &o.Zone, &o.CreatedAt)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.New(fault.NotFound, "There is no such organisation; check the address and try again.")
	}
	return o, err
}

func scanRow(r *db.Rows) (Org, error) { return scan(r) }

func scanDesk(s scanner) (d Desk, err error) {
	err = s.Scan(&d.OrgID, &d.Level, &d.Name, &d.Address)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.New(fault.NotFound, "There is no such desk; check the address and try again.")
	}
	return d, err
}

func scanDeskRow(r *db.Rows) (Desk, error) { return scanDesk(r) }

func insert(tx *db.Tx, o Org) error {
	_, err := tx.Exec("INSERT INTO organisation ("+columns+") VALUES ($1, $2, $3, $4, $5, $6)",
		o.ID, string(o.Kind), o.Name, o.Domain, o.Zone, o.CreatedAt)
	return err
}

func update(tx *db.Tx, o Org) error {
	_, err := tx.Exec("UPDATE organisation SET name = $2, domain = $3, zone = $4 WHERE id = $1", o.ID, o.Name, o.Domain, o.Zone)
	return err
}

// ByID finds an organisation. Faults: NotFound.
func ByID(tx *db.Tx, id string) (Org, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM organisation WHERE id = $1", id))
}

// VendorOrg finds the vendor. Faults: NotFound before it is registered.
func VendorOrg(tx *db.Tx) (Org, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM organisation WHERE kind = $1 ORDER BY id LIMIT 1", string(Vendor)))
}

// ByKind lists the organisations of a kind by name.
func ByKind(tx *db.Tx, k Kind) ([]Org, error) {
	return db.Collect(tx, scanRow, "SELECT "+columns+" FROM organisation WHERE kind = $1 ORDER BY name, id", string(k))
}

// Names gives the name of each organisation that exists among ids, in one query.
func Names(tx *db.Tx, ids []string) (map[string]string, error) {
	names := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	rows, err := tx.Query("SELECT id, name FROM organisation WHERE id IN ("+db.In(len(ids), 1)+")", db.Args(ids)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		names[id] = name
	}
	return names, rows.Err()
}

// Desks lists the desks of an organisation by level.
func Desks(tx *db.Tx, orgID string) ([]Desk, error) {
	return db.Collect(tx, scanDeskRow, "SELECT "+deskColumns+" FROM desk WHERE org_id = $1 ORDER BY level", orgID)
}

// DeskOf finds the desk at which an organisation provides a level. Faults: NotFound.
func DeskOf(tx *db.Tx, orgID, level string) (Desk, error) {
	return scanDesk(tx.QueryRow("SELECT "+deskColumns+" FROM desk WHERE org_id = $1 AND level = $2", orgID, level))
}

// DeskByAddress finds the desk that a canonical mail address belongs to: where an
// organisation uses it for several levels, the first of them. Faults: NotFound.
func DeskByAddress(tx *db.Tx, address string) (Desk, error) {
	return scanDesk(tx.QueryRow("SELECT "+deskColumns+" FROM desk WHERE address = $1 AND address <> '' ORDER BY level LIMIT 1", address))
}

// AllDesks lists every desk by organisation and level.
func AllDesks(tx *db.Tx) ([]Desk, error) {
	return db.Collect(tx, scanDeskRow, "SELECT "+deskColumns+" FROM desk ORDER BY org_id, level")
}

func saveDesk(tx *db.Tx, d Desk) error {
	_, err := tx.Exec("INSERT INTO desk ("+deskColumns+") VALUES ($1, $2, $3, $4) ON CONFLICT (org_id, level) DO UPDATE SET name = $3, address = $4",
		d.OrgID, d.Level, d.Name, d.Address)
	return err
}
