package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// sqliteOnly marks text that only SQLite reads: /*sqlite WITHOUT ROWID*/.
var sqliteOnly = regexp.MustCompile(`/\*sqlite (.*?)\*/`)

type migration struct {
	number int
	name   string
	hash   string
	text   string
}

// Migrate applies what is missing, in order, all in one transaction. It refuses
// a database that is newer than this program and a migration that was edited
// after it was applied. Several nodes may start at once.
// Faults: Conflict for a newer or altered database.
func (d *DB) Migrate(ctx context.Context, files fs.FS) error {
	list, err := loadMigrations(files)
	if err != nil {
		return err
	}
	return d.Write(ctx, func(tx *Tx) error {
		if d.postgres {
			if _, err := tx.Exec("SELECT pg_advisory_xact_lock(720107)"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, applied_at BIGINT NOT NULL)"); err != nil {
			return err
		}
		return d.applyMissing(tx, list)
	})
}

func (d *DB) applyMissing(tx *Tx, list []migration) error {
	var newest int
	if err := tx.QueryRow("SELECT COALESCE(MAX(number), 0) FROM schema_migration").Scan(&newest); err != nil {
		return err
	}
	if newest > len(list) {
		return fault.Newf(fault.Conflict, "This data was written by a newer version (migration %d); this program knows %d. Start the newer version.", newest, len(list))
	}
	for _, m := range list {
		var hash string
		err := tx.QueryRow("SELECT hash FROM schema_migration WHERE number = $1", m.number).Scan(&hash)
		switch {
		case err == nil && hash != m.hash:
			return fault.Newf(fault.Conflict, "Migration %s was changed after it was applied; restore its text.", m.name)
		case err == nil:
			continue
		case !errors.Is(err, ErrNoRows):
			return err
		}
		if err := d.apply(tx, m); err != nil {
			return fmt.Errorf("migration %s: %w", m.name, err)
		}
	}
	return nil
}

func (d *DB) apply(tx *Tx, m migration) error {
	text := m.text
	if d.postgres {
		text = sqliteOnly.ReplaceAllString(text, "")
	} else {
		text = sqliteOnly.ReplaceAllString(text, "$1")
	}
	for _, statement := range strings.Split(text, ";\n") {
		if strings.TrimSpace(stripComments(statement)) == "" {
			continue
		}
		if _, err := tx.Exec(statement); err != nil {
			return err
		}
	}
	_, err := tx.Exec("INSERT INTO schema_migration (number, name, hash, applied_at) VALUES ($1, $2, $3, $4)", m.number, m.name, m.hash, tx.Now())
	return err
}

func stripComments(s string) string {
	var keep []string
	for _, line := range strings.Split(s, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			keep = append(keep, line)
		}
	}
	return strings.Join(keep, "\n")
}

func loadMigrations(files fs.FS) ([]migration, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	var list []migration
	for _, e := range entries {
		m := migrationName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		text, err := fs.ReadFile(files, e.Name())
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n != len(list)+1 {
			return nil, fmt.Errorf("migration %s: numbers must be 1, 2, 3 ... without a gap", e.Name())
		}
		sum := sha256.Sum256(text)
		list = append(list, migration{n, e.Name(), hex.EncodeToString(sum[:]), string(text)})
	}
	return list, nil
}
