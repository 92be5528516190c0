package db

import "testing"

func TestPositional(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"INSERT INTO t (a, b) VALUES ($1, $2)", "INSERT INTO t (a, b) VALUES (?, ?)"},
		{"SELECT 1", "SELECT 1"},
		{"SELECT a FROM t WHERE b = $2 AND c = $1", "SELECT a FROM t WHERE b = $2 AND c = $1"},
		{"SELECT a FROM t WHERE b = $1 OR c = $1", "SELECT a FROM t WHERE b = $1 OR c = $1"},
		{"SELECT a FROM t WHERE b = $1 AND c <> ''", "SELECT a FROM t WHERE b = $1 AND c <> ''"},
		{"SELECT a FROM t WHERE b = '$1'", "SELECT a FROM t WHERE b = '$1'"},
		{"SELECT a FROM t -- $1\nWHERE b = $1", "SELECT a FROM t -- $1\nWHERE b = $1"},
		{"INSERT INTO t VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)", "INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?,?,?)"},
		{"SELECT $", "SELECT $"},
		{"SELECT $x", "SELECT $x"},
	} {
		if got := positional(c.query); got != c.want {
			t.Errorf("%s\nbecomes %s\nwant    %s", c.query, got, c.want)
		}
	}
}
