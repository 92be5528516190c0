package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// attribution is how a mailer introduces what it quotes: a line, or up to
// maxWrapped lines, that begins with one of open, has verb in it, and ends with
// a colon or with verb.
type attribution struct {
	open []string
	verb []string
}

const (
	maxWrapped     = 4   // lines over which an attribution is wrapped
	maxAttribution = 600 // bytes of an attribution
	maxHeaderGap   = 8   // lines of a quoted header block
	maxSignature   = 15  // lines after a lone "--" that are a signature
)

func attributions() []attribution {
	return []attribution{
		{[]string{"on ", "at "}, []string{" wrote", " writes", " said"}},                                // Gmail, Apple Mail, Thunderbird
		{[]string{"am ", "an ", "vom "}, []string{" schrieb", " geschrieben", " schreibt"}},             // German
		{[]string{"le ", "du "}, []string{" a écrit", " a ecrit", " écrit"}},                            // French
		{[]string{"el ", "a "}, []string{" escribió", " escribio", " va escriure"}},                     // Spanish, Catalan
		{[]string{"il ", "in data "}, []string{" ha scritto", " scrisse", " scritto"}},                  // Italian
		{[]string{"op "}, []string{" schreef", " het volgende geschreven"}},                             // Dutch
		{[]string{"em ", "a "}, []string{" escreveu"}},                                                  // Portuguese
		{[]string{"den ", "d. ", "på "}, []string{" skrev", " skreiv"}},                                 // Danish, Norwegian, Swedish
		{[]string{"w dniu ", "dnia "}, []string{" napisał", " napisała", " napisał(a)", " pisze"}},      // Polish
		{[]string{"dne "}, []string{" napsal", " napsal(a)"}},                                           // Czech
		{[]string{"ma "}, []string{" kirjoitti"}},                                                       // Finnish
		{[]string{"пн", "вт", "ср", "чт", "пт", "сб", "вс"}, []string{" написал", " пишет", " пише"}},   // Russian
		{[]string{""}, []string{" schrieb am ", " wrote on ", " a écrit le ", " tarihinde şunu yazdı"}}, // name first; Turkish
	}
}

// separators start a copy of an earlier message: everything after them is quoted.
func separators() []string {
	return []string{
		"original message", "original appointment", "ursprüngliche nachricht", "original-nachricht", "originalnachricht",
		"message d'origine", "message d’origine", "message original", "mensaje original", "messaggio originale", "mensagem original",
		"oorspronkelijk bericht", "oprindelig meddelelse", "ursprungligt meddelande", "opprinnelig melding", "wiadomość oryginalna",
		"původní zpráva", "alkuperäinen viesti", "reply above this line", "please type your reply above this line", "antwort über dieser zeile",
	}
}

// forwards start a message that the writer passes on: it is what they want to say.
func forwards() []string {
	return []string{
		"forwarded message", "begin forwarded message", "weitergeleitete nachricht", "message transféré", "mensaje reenviado",
		"messaggio inoltrato", "mensagem encaminhada", "doorgestuurd bericht", "videresendt meddelelse", "vidarebefordrat",
		"début du message transféré", "anfang der weitergeleiteten nachricht", "przekazana wiadomość",
	}
}

// fromLabels and otherLabels are the fields of a quoted header block.
func fromLabels() []string {
	return []string{"from:", "von:", "de:", "de :", "da:", "van:", "från:", "fra:", "od:", "lähettäjä:", "expéditeur:", "expéditeur :", "от:"}
}

func otherLabels() []string {
	return []string{
		"sent:", "date:", "to:", "subject:", "cc:", "gesendet:", "datum:", "an:", "betreff:", "envoyé:", "envoyé :", "date :", "à:", "à :", "objet:", "objet :",
		"enviado:", "fecha:", "para:", "asunto:", "inviato:", "data:", "a:", "oggetto:", "verzonden:", "aan:", "onderwerp:", "assunto:",
		"skickat:", "till:", "ämne:", "sendt:", "til:", "emne:", "wysłano:", "do:", "temat:", "odesláno:", "komu:", "předmět:", "importance:", "reply-to:", "antwort an:",
	}
}

// devices are the one-line signatures that mail programs add by themselves.
func devices() []string {
	return []string{
		"sent from my ", "sent from mail for ", "sent from outlook", "sent from yahoo mail", "sent via ", "sent with proton", "get outlook for ",
		"von meinem ", "gesendet von ", "gesendet mit ", "diese nachricht wurde von meinem android", "holen sie sich outlook", "outlook für ",
		"envoyé de mon ", "envoyé depuis ", "envoyé à partir de ", "télécharger outlook", "obtenir outlook", "enviado desde mi ", "inviato da ", "verstuurd vanaf ", "enviado do meu ",
		"skickat från min ", "sendt fra min ",
	}
}

type class uint8

const (
	fresh class = iota
	quoted
)

// StripQuoted tells what a person wrote from what their mailer added: quotes with
// the line that introduces them, copies of earlier messages, signatures. Answers
// between quoted lines stay fresh; a forwarded message stays whole. No line is
// lost: each is in one of the two. A text of which nothing would be left is all
// fresh. Linear in the length of text.
func StripQuoted(text string) (freshText, quotedText string) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	s := stripper{lines: lines, class: make([]class, len(lines))}
	s.build()
	s.run()
	var f, q []string
	for i, line := range lines {
		if s.class[i] == quoted {
			q = append(q, line)
		} else {
			f = append(f, line)
		}
	}
	freshText = squeeze(f)
	if strings.TrimSpace(freshText) == "" {
		return strings.TrimSpace(strings.Join(lines, "\n")), ""
	}
	return freshText, strings.Trim(strings.Join(q, "\n"), "\n")
}

// squeeze joins fresh lines without blank lines at the ends, and with at most two
// in a row, as a removed quote leaves them behind.
func squeeze(lines []string) string {
	var b strings.Builder
	blank := 0
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			blank++
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n" + strings.Repeat("\n", min(blank, 2)))
		}
		blank = 0
		b.WriteString(strings.TrimRight(line, " \t\u00a0"))
	}
	return b.String()
}

type stripper struct {
	lines []string
	class []class

	intro                                           []attribution
	openers, separator, forward, from, other, phone []string
}

func (s *stripper) build() {
	s.intro, s.separator, s.forward = attributions(), separators(), forwards()
	s.from, s.other, s.phone = fromLabels(), otherLabels(), devices()
	for _, a := range s.intro {
		if a.open[0] != "" {
			s.openers = append(s.openers, a.open...)
		}
	}
}

func (s *stripper) run() {
	for i := 0; i < len(s.lines); {
		line := strings.TrimSpace(s.lines[i])
		switch {
		case line == "":
			i++
		case line[0] == '>':
			s.class[i] = quoted
			i++
		case s.isForward(line):
			return // all that follows is content
		case s.isSeparator(line), s.isHeaderBlock(i):
			s.cut(i)
			return
		case s.isSignature(i):
			i = s.signature(i)
		case len(line) > 8 && len(line) < 120 && hasAnyPrefix(fold(line, 40), s.phone) && s.nothingFollows(i+1):
			s.class[i] = quoted
			i++
		default:
			n := s.attribution(i)
			if n == 0 {
				i++
				continue
			}
			next := s.skipBlank(i + n)
			if next < len(s.lines) && !strings.HasPrefix(strings.TrimSpace(s.lines[next]), ">") {
				if !s.mailerWrote(i, i+n) {
					i += n
					continue
				}
				s.cut(i) // the quote that follows is not marked
				return
			}
			s.mark(i, i+n)
			i += n
		}
	}
}

func (s *stripper) mark(from, to int) {
	for i := from; i < to; i++ {
		s.class[i] = quoted
	}
}

// mailerWrote tells a mailer's attribution, with an address or a time of day, from
// a person's "On Monday the 3rd Ann wrote:".
func (s *stripper) mailerWrote(from, to int) bool {
	joined := strings.Join(s.lines[from:to], " ")
	if strings.Contains(joined, "@") {
		return true
	}
	for i := 1; i+1 < len(joined); i++ {
		if (joined[i] == ':' || joined[i] == '.' || joined[i] == 'h') && isDigit(joined[i-1]) && isDigit(joined[i+1]) {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// cut makes everything from line i on quoted.
func (s *stripper) cut(i int) { s.mark(i, len(s.lines)) }

func (s *stripper) skipBlank(i int) int {
	for i < len(s.lines) && strings.TrimSpace(s.lines[i]) == "" {
		i++
	}
	return i
}

// attribution is the number of lines that introduce a quote at line i, or 0.
func (s *stripper) attribution(i int) int {
	if first := fold(strings.TrimSpace(s.lines[i]), 80); first == "" || !s.opens(first) {
		return 0
	}
	joined := ""
	for n := 0; n < maxWrapped && i+n < len(s.lines); n++ {
		line := fold(strings.TrimSpace(s.lines[i+n]), maxAttribution)
		if line == "" || line[0] == '>' {
			break
		}
		joined = strings.TrimSpace(joined + " " + line)
		if len(joined) > maxAttribution {
			break
		}
		if s.isAttribution(joined) {
			return n + 1
		}
	}
	return 0
}

// opens says cheaply whether a line can begin an attribution: most lines cannot.
func (s *stripper) opens(line string) bool {
	return isDigit(line[0]) || hasAnyPrefix(line, s.openers) || strings.ContainsAny(line, "@<")
}

func (s *stripper) isAttribution(joined string) bool {
	end := strings.TrimRight(joined, ": \u00a0*")
	colon := strings.HasSuffix(strings.TrimRight(joined, " \u00a0*"), ":")
	if !strings.ContainsAny(joined, "0123456789") {
		return false
	}
	for _, a := range s.intro {
		if !hasAnyPrefix(joined, a.open) {
			continue
		}
		for _, verb := range a.verb {
			at := strings.LastIndex(joined, verb)
			if at < 0 || a.open[0] == "" && !colon {
				continue
			}
			if a.open[0] == "" && !strings.ContainsAny(joined, "@<") {
				continue
			}
			if strings.HasSuffix(end, verb) || colon {
				return true
			}
		}
	}
	return isBareAttribution(joined, colon)
}

// isBareAttribution knows "2024-03-04 10:12 GMT+01:00 Name <a@b>:".
func isBareAttribution(s string, colon bool) bool {
	return colon && len(s) > 10 && s[0] >= '0' && s[0] <= '9' && strings.HasSuffix(strings.TrimRight(s, ": "), ">") && strings.Contains(s, "@")
}

// isSeparator knows "-----Original Message-----" in several languages.
func (s *stripper) isSeparator(line string) bool {
	return s.ruled(line, s.separator)
}

func (s *stripper) isForward(line string) bool {
	return s.ruled(line, s.forward)
}

// ruled reports that line is one of words between rules of hyphens or the like.
func (s *stripper) ruled(line string, words []string) bool {
	if line == "" || len(line) > 200 || line[len(line)-1] != ':' && !strings.ContainsRune("-_=*#", rune(line[0])) {
		return false
	}
	inner := strings.Trim(line, "-_=*#> \t:")
	rule := len(line)-len(inner) >= 4 && line[0] != '>'
	inner = fold(inner, 200)
	for _, w := range words {
		if inner == w && (rule || strings.HasPrefix(w, "begin") || strings.HasPrefix(w, "début") || strings.HasPrefix(w, "anfang") || strings.HasSuffix(line, ":")) {
			return true
		}
		if rule && strings.HasPrefix(inner, w) && len(inner) < len(w)+40 {
			return true
		}
	}
	return false
}

// isHeaderBlock knows the block of fields that Outlook puts above what it quotes,
// with or without the rule before it.
func (s *stripper) isHeaderBlock(i int) bool {
	line := strings.TrimSpace(s.lines[i])
	if len(line) >= 5 && strings.Trim(line, "_") == "" || len(line) >= 5 && strings.Trim(line, "-") == "" {
		if i = s.skipBlank(i + 1); i >= len(s.lines) {
			return false
		}
		line = strings.TrimSpace(s.lines[i])
	}
	if strings.IndexByte(line[:min(len(line), 20)], ':') < 0 || !hasAnyPrefix(label(line), s.from) {
		return false
	}
	found := 0
	for j := i + 1; j < len(s.lines) && j <= i+maxHeaderGap; j++ {
		if line := strings.TrimSpace(s.lines[j]); strings.IndexByte(line[:min(len(line), 20)], ':') > 0 && hasAnyPrefix(label(line), s.other) {
			found++
		}
	}
	return found >= 2
}

// label is a line folded for comparison with the name of a field, without the
// asterisks of bold text.
func label(line string) string {
	return fold(strings.TrimLeft(strings.ReplaceAll(line[:min(len(line), 40)], "*", ""), " "), 40)
}

// isSignature knows "-- " (RFC 3676 section 4.3), and the same with its blank
// lost when little follows.
func (s *stripper) isSignature(i int) bool {
	line := strings.TrimRight(s.lines[i], "\r")
	if line == "-- " {
		return true
	}
	if strings.TrimRight(line, " \u00a0") != "--" {
		return false
	}
	n := 0
	for _, l := range s.lines[i+1 : min(len(s.lines), i+2+4*maxSignature)] {
		if strings.HasPrefix(l, ">") {
			break
		}
		if strings.TrimSpace(l) != "" {
			n++
		}
	}
	return n > 0 && n <= maxSignature
}

// signature marks a signature: up to the next quote, or to the end.
func (s *stripper) signature(i int) int {
	for ; i < len(s.lines); i++ {
		if line := strings.TrimSpace(s.lines[i]); strings.HasPrefix(line, ">") || s.isSeparator(line) || s.isForward(line) {
			return i
		} else if s.attribution(i) > 0 {
			return i
		}
		s.class[i] = quoted
	}
	return i
}

// nothingFollows reports that from line i on there is only what will be quoted.
func (s *stripper) nothingFollows(i int) bool {
	i = s.skipBlank(i)
	if i >= len(s.lines) {
		return true
	}
	line := strings.TrimSpace(s.lines[i])
	return line[0] == '>' || s.isSeparator(line) || s.isHeaderBlock(i) || s.isSignature(i) || s.attribution(i) > 0
}

// fold is the first n bytes of s in lower case, with blanks of one kind.
func fold(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError {
			return -1
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return unicode.ToLower(r)
	}, s)
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
