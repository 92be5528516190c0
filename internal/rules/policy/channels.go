package policy

import (
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/wording"
	"github.com/tierdesk/tierdesk/internal/rules/yaml"
)

// Channel is one way in which a request can come. Its condition says for which requests it is open.
type Channel struct {
	ID string
	Rule
	Title    string
	Via      []string // the desk's own entrances that this channel is: words of Entrances
	Else     int      // index of the channel to use instead, -1 for none
	Sentence string   // for which requests it is open
}

// Entrances lists the ways into the desk that a channel can be bound to with `via`: a mail, a form of the portal, a program, or
// a person of the desk who writes down what was said on the phone or in person.
func Entrances() []string { return []string{"mail", "portal", "api", "desk"} }

// Language is one language in which requests are answered, or any other (AnyLanguage).
type Language struct {
	ID string // the language tag
	Rule
	Title    string
	During   int // index of the calendar in whose hours the language is offered, -1 for always
	Else     int // index of the language that is used otherwise, -1 for none
	Answer   Answer
	Sentence string
}

// AnyLanguage is the entry of `languages` for all that are not listed.
const AnyLanguage = "any"

// Channels lists the ways in which a request can come; none when the policy takes requests by every way.
func (p *Policy) Channels() []Channel { return p.channels }

// Languages lists the languages in which requests are answered; none when the policy does not say.
func (p *Policy) Languages() []Language { return p.languages }

// ChannelsVia lists the channels that a request which entered by one of Entrances may have come by. A channel without `via` is
// the entrance that has its name.
func (p *Policy) ChannelsVia(entrance string) []string {
	var list []string
	for i := range p.channels {
		c := &p.channels[i]
		if slices.Contains(c.Via, entrance) || len(c.Via) == 0 && c.ID == entrance {
			list = append(list, c.ID)
		}
	}
	return list
}

// channelWords numbers the channels before any rule names one.
func (c *compiler) channelWords() {
	c.entries("channels", func(key, _ *yaml.Node) { c.p.space.Of(fact.Channel).Add(key.Text) })
	c.entries("languages", func(key, _ *yaml.Node) {
		if key.Text != AnyLanguage {
			c.p.space.Of(fact.Language).Add(key.Text)
		}
	})
}

// keysOf lists the keys of a block.
func (c *compiler) keysOf(block string) []string {
	n := c.root.Get(block)
	if n == nil || n.Kind != yaml.Map {
		return nil
	}
	return names(n.Keys, func(k *yaml.Node) string { return k.Text })
}

func (c *compiler) channels() {
	ids := c.keysOf("channels")
	entrances := map[string]bool{}
	c.entries("channels", func(key, n *yaml.Node) {
		k := Channel{ID: key.Text, Title: c.titleOf(key, n), Else: -1}
		k.Rule = Rule{Place: c.place(key), ID: "channel " + key.Text}
		if c.Is(n, yaml.Map, "a channel") {
			c.Only(n, "channels."+key.Text, append([]string{"title", "via", "else"}, entryKeys...), nil)
			k.Rule = c.definition(key, n, "channel", "channels."+key.Text, fact.StageChannel)
			k.Via = c.via(n, entrances)
			k.Else = c.otherwise(key, n, "channel", ids)
		}
		if k.Else >= 0 && k.Text == "" {
			c.ErrorAt(n.Get("else"), "channel %q is open to every request, so `else` is never used; say with `for` or `unless` when it is not", key.Text)
		}
		k.Sentence = or(k.says, c.channelSentence(&k))
		c.p.channels = append(c.p.channels, k)
	})
	c.checkElse("channels", "channel", ids, func(i int) int { return c.p.channels[i].Else })
	c.checkEntrances()
}

// entryKeys are the keys of a rule that is an entry of a map, so that it has its id already.
var entryKeys = slices.DeleteFunc(slices.Clone(ruleKeys), func(key string) bool { return key == "id" })

// definition reads a rule that is an entry of a map: it is named by its kind and key, like `channel phone`.
func (c *compiler) definition(key, n *yaml.Node, kind, path string, stage int) Rule {
	r := c.rule(n, path, stage)
	r.Place, r.ID = c.place(key), kind+" "+key.Text
	return r
}

// titleOf is the title of a definition, or its id read aloud.
func (c *compiler) titleOf(key, n *yaml.Node) string {
	if n.Kind == yaml.Map {
		if title := c.Text(n, "title"); title != "" {
			return title
		}
	}
	return wording.Capital(wording.Spoken(key.Text))
}

func (c *compiler) via(n *yaml.Node, taken map[string]bool) []string {
	var list []string
	for _, w := range c.Words(n.Get("via"), "via") {
		if !slices.Contains(Entrances(), w.Text) {
			c.UnknownWord(w, "entrance", Entrances())
			continue
		}
		if taken[w.Text] && w.Text != "desk" {
			c.ErrorAt(w, "via: two channels are %q; the desk could not tell them apart", w.Text)
		}
		taken[w.Text] = true
		list = append(list, w.Text)
	}
	return list
}

// otherwise resolves `else`, the entry of the same block to use instead; -1 for none.
func (c *compiler) otherwise(key, n *yaml.Node, kind string, ids []string) int {
	at := n.Get("else")
	if at == nil || !c.Is(at, yaml.Scalar, "else") {
		return -1
	}
	i := slices.Index(ids, at.Text)
	switch {
	case i < 0 || at.Text == AnyLanguage && kind == "language":
		c.UnknownWord(at, kind, ids)
		return -1
	case at.Text == key.Text:
		c.ErrorAt(at, "%s %q cannot take its own place; name another one under `else`", kind, key.Text)
		return -1
	}
	return i
}

// checkElse reports entries that send a request round in a circle.
func (c *compiler) checkElse(block, kind string, ids []string, next func(int) int) {
	if c.Failed() {
		return
	}
	for i := range ids {
		path := []string{ids[i]}
		for k := next(i); k >= 0 && len(path) <= len(ids); k = next(k) {
			path = append(path, ids[k])
			if k == i {
				c.ErrorAt(c.root.Get(block).Get(ids[i]).Get("else"), "%s %q leads back to itself: %s; end with one that is always open", kind, ids[i], strings.Join(path, " -> "))
				return
			}
		}
	}
}

// checkEntrances warns of ways into the desk that no channel stands for, where others do.
func (c *compiler) checkEntrances() {
	var bound, open []string
	for _, e := range Entrances() {
		if len(c.p.ChannelsVia(e)) > 0 {
			bound = append(bound, e)
		} else {
			open = append(open, e)
		}
	}
	if len(bound) > 0 && len(open) > 0 && c.usesVia() {
		at := c.root.Get("channels")
		c.WarnAt(at, "no channel says `via: %s`; what comes to the desk that way is taken whatever its channel", strings.Join(open, "` or `via: "))
	}
}

func (c *compiler) usesVia() bool {
	return slices.ContainsFunc(c.p.channels, func(k Channel) bool { return len(k.Via) > 0 })
}

// checkChannelWord refuses a channel that the block `channels` does not have.
func (c *compiler) checkChannelWord(f fact.Fact, w *yaml.Node) bool {
	if f != fact.Channel || c.root.Get("channels") == nil {
		return true
	}
	ids := c.keysOf("channels")
	if slices.Contains(ids, w.Text) {
		return true
	}
	c.UnknownWord(w, "channel", ids)
	return false
}

func (c *compiler) channelSentence(k *Channel) string {
	if k.Text == "" {
		return k.Title + " is open to every request."
	}
	return k.Title + " is open to a request when " + k.Text + "."
}

// ---- languages ----

func (c *compiler) languages() {
	ids := c.keysOf("languages")
	c.entries("languages", func(key, n *yaml.Node) {
		l := Language{ID: key.Text, Title: wording.Language(key.Text), During: -1, Else: -1}
		if !c.Is(n, yaml.Map, "a language") {
			return
		}
		c.Only(n, "languages."+key.Text, append([]string{"title", "during", "else", "answer"}, entryKeys...), nil)
		l.Rule = c.definition(key, n, "language", "languages."+key.Text, fact.StageCoverage)
		l.Title = or(c.Text(n, "title"), l.Title)
		l.Answer = parseAnswer(c.answer(n))
		l.Else = c.otherwise(key, n, "language", ids)
		if during := n.Get("during"); during != nil {
			l.During = c.calendarNamed(during, false)
		}
		c.checkLanguage(key, n, &l)
		c.p.languages = append(c.p.languages, l)
	})
	if len(c.p.languages) == 1 && c.p.languages[0].ID == AnyLanguage {
		c.ErrorAt(c.root.Get("languages"), "languages: name at least one language beside `any`")
	}
	c.checkElse("languages", "language", ids, func(i int) int { return c.p.languages[i].Else })
	if !c.Failed() {
		for i := range c.p.languages {
			l := &c.p.languages[i]
			l.Sentence = or(l.says, c.languageSentence(l))
		}
	}
}

func (c *compiler) checkLanguage(key, n *yaml.Node, l *Language) {
	tag := key.Text
	switch {
	case tag == AnyLanguage && (l.During >= 0 || n.Get("for") != nil || n.Get("unless") != nil || n.Get("when") != nil):
		c.ErrorAt(key, "languages: `any` stands for all other languages and has no condition; give a listed language one")
	case tag != AnyLanguage && !languageTag(tag):
		c.ErrorAt(key, "languages: %q is not a language tag such as en, fr or pt-BR", tag)
	case l.Else >= 0 && l.During < 0 && l.Text == "" && tag != AnyLanguage:
		c.ErrorAt(n.Get("else"), "language %q is always offered, so `else` is never used; say with `during` when it is not", tag)
	}
}

// languageTag reports whether a word looks like a BCP 47 tag: a language of two or three letters, then subtags.
func languageTag(s string) bool {
	parts := strings.Split(s, "-")
	for i, part := range parts {
		letters := !strings.ContainsFunc(part, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9')
		})
		if !letters || i == 0 && (len(part) < 2 || len(part) > 3) || len(part) < 2 || len(part) > 8 {
			return false
		}
	}
	return true
}

func (c *compiler) languageSentence(l *Language) string {
	otherwise := ""
	if l.Else >= 0 {
		otherwise = ", otherwise in " + c.p.languages[l.Else].Title
	}
	if l.ID == AnyLanguage {
		how := "answered in that language"
		if l.Else >= 0 {
			how = "answered in " + c.p.languages[l.Else].Title
		}
		return "Requests in other languages are " + how + map[Answer]string{AnswerLimited: ", in part", AnswerBestEffort: " on a best-effort basis", AnswerNo: " but not included"}[l.Answer] + "."
	}
	when := ""
	if l.During >= 0 {
		when = " " + c.p.calendars[l.During].Words
	}
	if l.Text != "" {
		when += " when " + l.Text
	}
	return "Requests in " + l.Title + " are answered in " + l.Title + when + otherwise + "."
}

// impliedByLanguages makes the answers of languages rules of coverage, named like `language any`.
func (c *compiler) impliedByLanguages() {
	space := &c.p.space
	for _, l := range c.p.languages {
		if l.Answer == AnswerNone || l.Answer == AnswerYes {
			continue
		}
		r := CoverageRule{Rule: Rule{Place: l.Place, ID: "language " + l.ID, When: l.When}, Answer: l.Answer, Implied: true}
		r.Sentence = or(l.says, answered[l.Answer]+": the request is in "+l.Title+".")
		if l.ID == AnyLanguage {
			var listed []int
			for _, o := range c.p.languages {
				if word, ok := c.p.Word(fact.Language, o.ID); ok {
					listed = append(listed, word)
				}
			}
			r.Sentence = or(l.says, answered[l.Answer]+": the request is in a language that the policy does not list.")
			r.When = fact.Condition{Unless: []fact.Test{space.Words(fact.Language, listed...)}}
		} else if word, ok := c.p.Word(fact.Language, l.ID); ok {
			r.When.For = append([]fact.Test{space.Words(fact.Language, word)}, r.When.For...)
		}
		c.p.coverage = append(c.p.coverage, r)
	}
}

// channelName is the title of a channel, before the channels are read as rules.
func (c *compiler) channelName(id string) string {
	n := c.root.Get("channels").Get(id)
	if n == nil || n.Kind != yaml.Map || n.Get("title") == nil {
		return ""
	}
	return wording.Inner(n.Get("title").Text)
}
