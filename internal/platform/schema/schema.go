// Package schema holds the migrations, one text for both engines. A migration
// that is on main is never edited.
package schema

import (
	"embed"
	"io/fs"
)

//go:embed *.sql
var files embed.FS

// Migrations are the numbered files 0001_name.sql, 0002_name.sql, ...
func Migrations() fs.FS { return files }
