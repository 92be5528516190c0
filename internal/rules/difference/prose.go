package difference

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// clauses compares headings and prose.
func (c *comparer) clauses() {
	for i, k := range c.new.p.Clauses() {
		before, ok := c.old.p.Clause(k.ID)
		if !ok {
			c.text(Added, c.new, i, k.Line, `Section "`+k.Title+`"`, "", plain(k.HTML))
			continue
		}
		if before.Title != k.Title {
			c.text(Changed, c.new, i, k.Line, "Heading", before.Title, k.Title)
		}
		if before.Level != k.Level {
			c.text(Moved, c.new, i, k.Line, `Section "`+k.Title+`"`, depth(before.Level), depth(k.Level))
		}
		c.prose(i, k, before)
	}
	for i, k := range c.old.p.Clauses() {
		if _, ok := c.new.p.Clause(k.ID); !ok {
			c.text(Removed, c.old, i, 0, `Section "`+k.Title+`"`, plain(k.HTML), "")
		}
	}
	c.clauseOrder()
}

func depth(level int) string {
	return [...]string{"", "the top", "a section", "a part of a section"}[min(level, 3)]
}

func (c *comparer) text(kind Kind, in *side, clause, line int, what, from, to string) {
	f := found{Change: Change{Kind: kind, Block: Text, What: what, From: from, To: to}}
	f.place(in, c.new, clause, line)
	c.found = append(c.found, f)
}

// clauseOrder notes sections that stand elsewhere in the document.
func (c *comparer) clauseOrder() {
	list := c.new.p.Clauses()
	was := make([]int, len(list))
	for i, k := range list {
		was[i] = slices.IndexFunc(c.old.p.Clauses(), func(o policy.Clause) bool { return o.ID == k.ID })
	}
	stays := longestRise(was)
	for i, k := range list {
		if was[i] < 0 || stays[i] {
			continue
		}
		to := "the beginning"
		if i > 0 {
			to = `behind "` + list[i-1].Title + `"`
		}
		c.text(Moved, c.new, i, k.Line, `Section "`+k.Title+`"`, "", to)
	}
}

// prose compares two texts paragraph by paragraph; a paragraph that stands in place of others is a change of them.
func (c *comparer) prose(clause int, now, before policy.Clause) {
	a, b := paragraphs(before.HTML), paragraphs(now.HTML)
	for _, r := range regions(a, b) {
		from, to := strings.Join(a[r.a0:r.a1], "\n"), strings.Join(b[r.b0:r.b1], "\n")
		kind := Changed
		switch {
		case from == "":
			kind = Added
		case to == "":
			kind = Removed
		}
		c.text(kind, c.new, clause, now.Line, `Text of "`+now.Title+`"`, from, to)
	}
	if slices.Equal(a, b) && before.HTML != now.HTML {
		c.text(Changed, c.new, clause, now.Line, `Links or layout of "`+now.Title+`"`, "", "")
	}
}

// region is a part that differs: a[a0:a1] became b[b0:b1].
type region struct{ a0, a1, b0, b1 int }

// maxParagraphs bounds the comparison of one clause, whose work grows with the square.
const maxParagraphs = 2000

// regions are the parts between a longest common part of both lists.
func regions(a, b []string) []region {
	if len(a) > maxParagraphs || len(b) > maxParagraphs {
		return []region{{0, len(a), 0, len(b)}}
	}
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []region
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		r := region{a0: i, b0: j}
		for i < len(a) && j < len(b) && a[i] != b[j] || i < len(a) != (j < len(b)) {
			if j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		if r.a1, r.b1 = i, j; r.a1 > r.a0 || r.b1 > r.b0 {
			out = append(out, r)
		}
		for i < len(a) && j < len(b) && a[i] == b[j] {
			i, j = i+1, j+1
		}
	}
	return out
}

var (
	endOfPart = regexp.MustCompile(`</(p|li|tr|h[1-6]|pre|blockquote|ul|ol|table)>`)
	cellEnd   = regexp.MustCompile(`</t[hd]>\s*<t[hd][^>]*>`)
	tag       = regexp.MustCompile(`<[^>]*>`)
)

// paragraphs are the texts of rendered prose, one for each paragraph, item and line of a table.
func paragraphs(rendered string) []string {
	rendered = cellEnd.ReplaceAllString(rendered, " - ")
	var out []string
	for _, part := range endOfPart.Split(rendered, -1) {
		if text := strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(part, ""))), " "); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func plain(rendered string) string { return strings.Join(paragraphs(rendered), "\n") }
