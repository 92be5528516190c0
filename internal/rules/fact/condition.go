package fact

// Value is what is known about one fact. N is an index into the fact's vocabulary (-1: a word that no rule mentions), a
// bit set for a set, a number, days since 1970-01-01 or milliseconds, by the fact's type.
type Value struct {
	Known bool
	N     int64
}

// Record is the flat record that conditions are evaluated over. World may be nil where no condition asks for it.
//
// Readings has the bits of the readings that count where two texts disagree. Touched is set when a rule of any reading would
// have held, so that the other readings need a look.
type Record struct {
	V        [Slots]Value
	World    World
	Readings uint64
	Touched  bool
}

// World answers what a condition asks beyond the facts of a request. Calendars are numbers in the policy's list, instants UTC
// milliseconds; false says that the answer is not known.
type World interface {
	Open(calendar int) Truth                                 // at the arrival
	LocalMinute(calendar int) (int64, bool)                  // minutes since midnight there, at the arrival
	BusinessDays(calendar int, from, to int64) (int64, bool) // whole business days between two instants
	Happened(event string) bool                              // up to the latest event of the history
	Word(f Fact) (string, bool)                              // a word as it was given
}

// Truth is three-valued: a missing fact neither holds nor fails.
type Truth uint8

// The three truth values.
const (
	False Truth = iota
	True
	Unknown
)

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Test is one entry of `for` or `unless`: the fact lies in a set of words or in an inclusive range.
type Test struct {
	Fact   Fact
	words  []uint64
	lo, hi int64
	silent bool // names the word that stands for "not known"
	set    bool // the fact is a set
}

// Words is a test that the fact is one of some words, by their numbers in its vocabulary.
func (s *Space) Words(f Fact, words ...int) Test {
	t := Test{Fact: f, words: make([]uint64, len(s.words[f].Words)/64+1), set: s.Type(f) == TypeSet}
	for _, i := range words {
		for i/64 >= len(t.words) {
			t.words = append(t.words, 0)
		}
		t.words[i/64] |= 1 << (i % 64)
		t.silent = t.silent || f == RequesterKind && kinds[i] == "unknown"
	}
	return t
}

// RangeTest is a test that the fact lies from lo to hi, both included.
func RangeTest(f Fact, lo, hi int64) Test { return Test{Fact: f, lo: lo, hi: hi} }

// Has reports whether a word, by its number, passes the test.
func (t *Test) Has(word int) bool {
	return word/64 < len(t.words) && t.words[word/64]>>(word%64)&1 == 1
}

// Only reports whether this word, by its number, is the only one that passes.
func (t *Test) Only(word int) bool {
	for i := range t.words {
		want := uint64(0)
		if i == word/64 {
			want = 1 << (word % 64)
		}
		if t.words[i] != want {
			return false
		}
	}
	return t.Has(word)
}

// Denies reports that a test of a yes-no fact passes for no only.
func (t *Test) Denies() bool { return !t.Has(1) }

func (t *Test) eval(facts *Record) Truth {
	v := &facts.V[t.Fact]
	if !v.Known {
		if t.silent {
			return True
		}
		return Unknown
	}
	if t.words == nil {
		return truth(t.lo <= v.N && v.N <= t.hi)
	}
	if t.set {
		return truth(t.words[0]&uint64(v.N) != 0)
	}
	return truth(v.N >= 0 && int(v.N>>6) < len(t.words) && t.words[v.N>>6]>>(v.N&63)&1 == 1)
}

func evalAll(tests []Test, facts *Record) Truth {
	result := True
	for i := range tests {
		switch tests[i].eval(facts) {
		case False:
			return False
		case Unknown:
			result = Unknown
		}
	}
	return result
}

// Predicate is a compiled expression that holds or not.
type Predicate interface {
	Eval(*Record) Truth
	Missing(*Record, []Fact) []Fact // appends the unknown facts that keep it from being settled
	Facts() []Fact                  // every fact that it reads
	Events() []string               // every event that it looks for
	Words(Speaker) string           // in words that follow "when"
	String() string                 // as written
}

// Condition is the `for`, `unless` and `when` of a rule. The zero Condition always holds.
type Condition struct {
	For    []Test
	Unless []Test
	When   Predicate // nil: none
	// Reading is the bit of the reading that the rule belongs to, where two texts disagree; 0: the rule counts in all.
	Reading uint64
}

// Plain reports that the condition has no `when`.
func (c *Condition) Plain() bool { return c.When == nil }

// Eval says whether the condition holds.
func (c *Condition) Eval(facts *Record) Truth {
	if c.Reading == 0 {
		return c.eval(facts)
	}
	holds := c.eval(facts)
	facts.Touched = facts.Touched || holds != False
	if facts.Readings&c.Reading == 0 {
		return False
	}
	return holds
}

func (c *Condition) eval(facts *Record) Truth {
	holds := evalAll(c.For, facts)
	if holds == False {
		return False
	}
	if len(c.Unless) > 0 {
		switch evalAll(c.Unless, facts) {
		case True:
			return False
		case Unknown:
			holds = Unknown
		}
	}
	if c.When == nil {
		return holds
	}
	switch c.When.Eval(facts) {
	case False:
		return False
	case Unknown:
		return Unknown
	}
	return holds
}

// Missing appends the unknown facts that keep the condition from being settled.
func (c *Condition) Missing(facts *Record, into []Fact) []Fact {
	for _, tests := range [2][]Test{c.For, c.Unless} {
		for i := range tests {
			if tests[i].eval(facts) == Unknown {
				into = append(into, tests[i].Fact)
			}
		}
	}
	if c.When != nil && c.When.Eval(facts) == Unknown {
		into = c.When.Missing(facts, into)
	}
	return into
}

// Vocabulary numbers the words of a fact. Closed says that no other word is allowed.
type Vocabulary struct {
	Words  []string
	Closed bool
	index  map[string]int
}

// Index returns the number of a word, and false when it is not in the vocabulary.
func (v *Vocabulary) Index(word string) (int, bool) {
	i, ok := v.index[word]
	return i, ok
}

// Add numbers a word and returns its number, new or old.
func (v *Vocabulary) Add(word string) int {
	if i, ok := v.index[word]; ok {
		return i
	}
	if v.index == nil {
		v.index = map[string]int{}
	}
	v.index[word] = len(v.Words)
	v.Words = append(v.Words, word)
	return len(v.Words) - 1
}
