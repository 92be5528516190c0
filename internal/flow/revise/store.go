package revise

import (
	"errors"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// contacts are the people who speak for the customers that have an account: their administrators, or where there is none,
// all who are not merely end users.
func contacts(tx *db.Tx) ([]Contact, error) {
	type row struct {
		Contact
		admin, endUser int
	}
	list, err := db.Collect(tx, func(r *db.Rows) (p row, err error) {
		err = r.Scan(&p.ID, &p.OrgID, &p.Name, &p.Email, &p.admin, &p.endUser)
		return p, err
	}, `SELECT p.id, p.org_id, p.name, p.email, MAX(CASE WHEN m.role = 'admin' THEN 1 ELSE 0 END), MAX(CASE WHEN m.role = 'end-user' THEN 1 ELSE 0 END)
		FROM person p JOIN organisation o ON o.id = p.org_id LEFT JOIN membership m ON m.person_id = p.id
		WHERE o.kind = 'customer' AND NOT p.disabled AND p.email <> '' AND EXISTS (SELECT 1 FROM account a WHERE a.org_id = o.id)
		GROUP BY p.id, p.org_id, p.name, p.email ORDER BY p.org_id, p.id`)
	if err != nil {
		return nil, err
	}
	hasAdmin := map[string]bool{}
	for _, p := range list {
		if p.admin == 1 {
			hasAdmin[p.OrgID] = true
		}
	}
	var out []Contact
	for _, p := range list {
		if p.admin == 1 || !hasAdmin[p.OrgID] && p.endUser == 0 {
			out = append(out, p.Contact)
		}
	}
	return out, nil
}

func insertNotice(tx *db.Tx, number int, subject, body string) error {
	_, err := tx.Exec("INSERT INTO policy_notice (number, subject, body) VALUES ($1, $2, $3)", number, subject, body)
	return err
}

func insertLetters(tx *db.Tx, number int, people []Contact) error {
	const width = 4
	args := make([]any, 0, width*len(people))
	for _, p := range people {
		args = append(args, number, p.ID, "queued", tx.Now())
	}
	return db.InsertMany(tx, "INSERT INTO policy_letter (number, person_id, state, at)", width, args)
}

func loadLetter(tx *db.Tx, number int, personID string) (state, subject, body string, err error) {
	err = tx.QueryRow("SELECT l.state, n.subject, n.body FROM policy_letter l JOIN policy_notice n ON n.number = l.number WHERE l.number = $1 AND l.person_id = $2", number, personID).
		Scan(&state, &subject, &body)
	if errors.Is(err, db.ErrNoRows) {
		err = fault.New(fault.NotFound, "There is no such letter.")
	}
	return state, subject, body, err
}

func markLetter(tx *db.Tx, number int, personID, state, problem string) error {
	_, err := tx.Exec("UPDATE policy_letter SET state = $1, error = $2, at = $3 WHERE number = $4 AND person_id = $5", state, problem, tx.Now(), number, personID)
	return err
}

func countLetters(tx *db.Tx) (map[int]map[string]int, error) {
	rows, err := tx.Query("SELECT number, state, COUNT(*) FROM policy_letter GROUP BY number, state")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int]map[string]int{}
	for rows.Next() {
		var number, n int
		var state string
		if err := rows.Scan(&number, &state, &n); err != nil {
			return nil, err
		}
		if out[number] == nil {
			out[number] = map[string]int{}
		}
		out[number][state] = n
	}
	return out, rows.Err()
}
