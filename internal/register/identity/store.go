package identity

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

const columns = "p.id, COALESCE(p.org_id, ''), p.name, p.email, p.zone, p.disabled, p.created_at"

type scanner interface{ Scan(dest ...any) error }

func scan(s scanner) (p Person, err error) {
	err = s.Scan(&p.ID, &p.OrgID, &p.Name, &p.Email, &p.Zone, &p.Disabled, &p.CreatedAt)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.New(fault.NotFound, "There is no such person; check the address and try again.")
	}
	return p, err
}

func scanRow(r *db.Rows) (Person, error) { return scan(r) }

// insert answers false when the address is taken.
func insert(tx *db.Tx, p Person) (bool, error) {
	var orgID any
	if p.OrgID != "" {
		orgID = p.OrgID
	}
	n, err := tx.Exec("INSERT INTO person (id, org_id, name, email, zone, disabled, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email) DO NOTHING",
		p.ID, orgID, p.Name, p.Email, p.Zone, p.Disabled, p.CreatedAt)
	return n == 1, err
}

func update(tx *db.Tx, p Person) error {
	var orgID any
	if p.OrgID != "" {
		orgID = p.OrgID
	}
	_, err := tx.Exec("UPDATE person SET org_id = $2, name = $3, zone = $4 WHERE id = $1", p.ID, orgID, p.Name, p.Zone)
	return err
}

func insertRoles(tx *db.Tx, personID string, roles []Membership) error {
	for _, m := range roles {
		if _, err := tx.Exec("INSERT INTO membership (person_id, role, level) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", personID, string(m.Role), m.Level); err != nil {
			return err
		}
	}
	return nil
}

func deleteRoles(tx *db.Tx, personID string) error {
	_, err := tx.Exec("DELETE FROM membership WHERE person_id = $1", personID)
	return err
}

func updateZone(tx *db.Tx, personID, zone string) error {
	n, err := tx.Exec("UPDATE person SET zone = $2 WHERE id = $1", personID, zone)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "There is no such person; check the address and try again.")
	}
	return err
}

// ByID finds a person. Faults: NotFound.
func ByID(tx *db.Tx, id string) (Person, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM person p WHERE p.id = $1", id))
}

// ByEmail finds a person by a canonical address. Faults: NotFound.
func ByEmail(tx *db.Tx, canonical string) (Person, error) {
	return scan(tx.QueryRow("SELECT "+columns+" FROM person p WHERE p.email = $1", canonical))
}

// Members lists the people of an organisation by name.
func Members(tx *db.Tx, orgID string) ([]Person, error) {
	return db.Collect(tx, scanRow, "SELECT "+columns+" FROM person p WHERE p.org_id = $1 ORDER BY p.name, p.id", orgID)
}

// ByLevel lists the people who serve a level at an organisation's desk, by name, without those disabled.
func ByLevel(tx *db.Tx, orgID, level string) ([]Person, error) {
	return db.Collect(tx, scanRow, "SELECT "+columns+` FROM person p JOIN membership m ON m.person_id = p.id
		WHERE p.org_id = $1 AND m.role = 'level' AND m.level = $2 AND NOT p.disabled ORDER BY p.name, p.id`, orgID, level)
}

// Roles lists the roles of a person.
func Roles(tx *db.Tx, personID string) ([]Membership, error) {
	return db.Collect(tx, func(r *db.Rows) (m Membership, err error) {
		err = r.Scan(&m.Role, &m.Level)
		return m, err
	}, "SELECT role, level FROM membership WHERE person_id = $1 ORDER BY role, level", personID)
}

// Names gives the name of each person that exists among ids, in one query.
func Names(tx *db.Tx, ids []string) (map[string]string, error) {
	names := make(map[string]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	rows, err := tx.Query("SELECT id, name FROM person WHERE id IN ("+db.In(len(ids), 1)+")", db.Args(ids)...)
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

// One row for each role, or one row with empty role.
const (
	actorColumns = `p.id, p.name, p.email, p.zone, p.disabled, COALESCE(o.id, ''), COALESCE(o.kind, ''), COALESCE(o.name, ''),
		COALESCE(o.zone, ''), COALESCE(m.role, ''), COALESCE(m.level, '')`
	actorJoins = ` LEFT JOIN organisation o ON o.id = p.org_id LEFT JOIN membership m ON m.person_id = p.id`
)

// LoadActor loads the actor of a person in one query. Via mail, the actor is not
// verified: the caller sets Verified to what the message's verification says.
// Faults: Unauthenticated for a person who is disabled or absent.
func LoadActor(tx *db.Tx, personID, via string) (Actor, error) {
	return loadActor(tx, via, "SELECT "+actorColumns+" FROM person p"+actorJoins+" WHERE p.id = $1", personID)
}

func loadActor(tx *db.Tx, via, query string, args ...any) (Actor, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return Actor{}, err
	}
	defer rows.Close()
	a := Actor{Via: via, Verified: via != ViaMail}
	var disabled bool
	for rows.Next() {
		var kind, role, level string
		if err := rows.Scan(&a.PersonID, &a.Name, &a.Email, &a.Zone, &disabled, &a.OrgID, &kind, &a.OrgName, &a.OrgZone, &role, &level); err != nil {
			return Actor{}, err
		}
		a.OrgKind = org.Kind(kind)
		a.add(Membership{Role(role), level})
	}
	if err := rows.Err(); err != nil {
		return Actor{}, err
	}
	if a.PersonID == "" || disabled {
		return Actor{}, notSignedIn()
	}
	slices.Sort(a.Levels)
	a.Zone = cmp.Or(a.Zone, a.OrgZone, "UTC")
	return a, nil
}

func (a *Actor) add(m Membership) {
	switch m.Role {
	case RoleLevel:
		a.Levels = append(a.Levels, m.Level)
	case RoleAdmin:
		a.Admin = true
	case RoleEndUser:
		a.EndUser = true
	case RoleManager:
		a.Manager = true
	case RoleOwner:
		a.Owner = true
	}
}

func notSignedIn() error {
	return fault.New(fault.Unauthenticated, "You are not signed in, or your sign-in has ended; please sign in again.")
}
