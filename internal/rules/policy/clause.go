// Package policy reads the written support policy: one Markdown document whose fenced `policy` blocks hold the rules
// that the desk obeys. Parse compiles a document into an immutable Policy and reports each mistake at file:line:column.
// The package decides nothing; package coverage evaluates the compiled rules.
package policy

// Clause is one heading with the prose and the blocks beneath it, up to the next heading of any level.
type Clause struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Level  int      `json:"level"` // 1 for #, 2 for ##
	Line   int      `json:"line"`
	HTML   string   `json:"html"` // the prose, rendered; raw HTML is dropped
	Blocks []Block  `json:"blocks,omitempty"`
	Kinds  []string `json:"kinds,omitempty"` // the keys of its blocks in document order, each once

	// Practice marks what the desk does of its own accord, beyond what the agreement says.
	Practice bool `json:"practice,omitempty"`
}

// Block is a readable rendering of one kind of definition in a clause: a table with a head, or a list of sentences.
type Block struct {
	Kind string     `json:"kind"` // the key of the block, e.g. categories
	Head []string   `json:"head,omitempty"`
	Rows [][]string `json:"rows,omitempty"`
	List []string   `json:"list,omitempty"`
}
