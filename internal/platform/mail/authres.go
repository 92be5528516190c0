package mail

import "strings"

// AuthResult is one Authentication-Results field (RFC 8601). Anybody can write
// one: only TrustedResults says which count.
type AuthResult struct {
	ServID        string // authserv-id, lower case
	Results       []AuthMethod
	Index         int // 0 is the topmost of these fields
	ReceivedAbove int // Received fields above it: each later hop adds one
}

// AuthMethod is one method's result in an AuthResult, for example spf=fail
// smtp.mailfrom=example.com. Names are lower case.
type AuthMethod struct {
	Method, Result, Reason string
	Props                  []AuthProp
}

// AuthProp is a property of a method's result, for example header.d=example.com.
type AuthProp struct {
	Type, Name, Value string
}

// Prop is the value of the property typ.name, or "".
func (m AuthMethod) Prop(typ, name string) string {
	for _, p := range m.Props {
		if p.Type == typ && p.Name == name {
			return p.Value
		}
	}
	return ""
}

const (
	maxAuthFields  = 50
	maxAuthMethods = 50 // in one field
	maxAuthProps   = 20 // of one method
)

func readAuthResults(h Headers) []AuthResult {
	var (
		rs       []AuthResult
		received int
	)
	for _, f := range h {
		switch {
		case strings.EqualFold(f.Name, "Received"):
			received++
		case strings.EqualFold(f.Name, "Authentication-Results") && len(rs) < maxAuthFields:
			r := parseAuthResults(f.Value)
			r.Index, r.ReceivedAbove = len(rs), received
			rs = append(rs, r)
		}
	}
	return rs
}

// TrustedResults are the methods that the server servID found itself: from its
// fields with at most maxReceived Received fields above them (0 when it writes
// the field above its own Received line, 1 when below). A method with two
// different results among them counts as failed: one of the two is forged.
func TrustedResults(rs []AuthResult, servID string, maxReceived int) []AuthMethod {
	var (
		out     []AuthMethod
		verdict = map[string]string{}
	)
	for _, r := range rs {
		if servID == "" || r.ServID != strings.ToLower(servID) || r.ReceivedAbove > maxReceived {
			continue
		}
		for _, m := range r.Results {
			// Several signatures give several dkim results: they differ in domain.
			key := m.Method + " " + m.Prop("header", "d") + " " + m.Prop("header", "i") + " " + m.Prop("header", "s")
			if have, ok := verdict[key]; ok && have != m.Result {
				verdict[key] = "fail"
			} else {
				verdict[key] = m.Result
			}
			out = append(out, m)
		}
	}
	for i, m := range out {
		out[i].Result = verdict[m.Method+" "+m.Prop("header", "d")+" "+m.Prop("header", "i")+" "+m.Prop("header", "s")]
	}
	return out
}

// parseAuthResults reads one field's value; comments count for nothing, and
// semicolons inside quotes separate nothing.
func parseAuthResults(v string) AuthResult {
	parts := splitAuth(v)
	if len(parts) == 0 || len(parts[0]) == 0 {
		return AuthResult{}
	}
	r := AuthResult{ServID: strings.ToLower(parts[0][0])}
	if strings.Contains(r.ServID, "=") { // no authserv-id: nobody vouches
		return AuthResult{}
	}
	if len(parts[0]) > 2 || len(parts[0]) == 2 && parts[0][1] != "1" {
		return AuthResult{ServID: r.ServID} // an unknown version is not read
	}
	for _, tokens := range parts[1:] {
		if m, ok := readMethod(tokens); ok && len(r.Results) < maxAuthMethods {
			r.Results = append(r.Results, m)
		}
	}
	return r
}

func readMethod(tokens []string) (AuthMethod, bool) {
	if len(tokens) == 0 {
		return AuthMethod{}, false
	}
	name, result, ok := strings.Cut(tokens[0], "=")
	name, _, _ = strings.Cut(strings.ToLower(name), "/")
	if !ok || name == "" || result == "" {
		return AuthMethod{}, false
	}
	m := AuthMethod{Method: name, Result: strings.ToLower(result)}
	for _, t := range tokens[1:] {
		k, v, ok := strings.Cut(t, "=")
		if !ok {
			continue
		}
		k = strings.ToLower(k)
		if k == "reason" {
			m.Reason = v
			continue
		}
		if typ, prop, ok := strings.Cut(k, "."); ok && len(m.Props) < maxAuthProps {
			m.Props = append(m.Props, AuthProp{typ, prop, v})
		}
	}
	return m, true
}

// splitAuth cuts a value into its semicolon parts and these into words. Blanks
// around "=" and "." belong to the word; quotes are removed.
func splitAuth(v string) [][]string {
	var (
		parts [][]string
		words []string
		word  strings.Builder
		glue  bool // the last token was "=", "." or "/": the next one belongs to it
		in    bool
	)
	endWord := func() {
		if in {
			words = append(words, word.String())
			word.Reset()
			in = false
		}
	}
	for i := 0; i < len(v); {
		switch c := v[i]; c {
		case '(':
			i, _ = commentEnd(v, i)
			continue
		case ' ', '\t', '\r', '\n':
			i++
			next := strings.TrimLeft(v[i:], " \t")
			if in && !glue && !strings.HasPrefix(next, "=") && !strings.HasPrefix(next, "(") {
				endWord()
			} else if strings.HasPrefix(next, "(") && in && !glue {
				end, _ := commentEnd(v, len(v)-len(next))
				if !strings.HasPrefix(strings.TrimLeft(v[end:], " \t"), "=") {
					endWord()
				}
			}
			i = len(v) - len(next)
			continue
		case ';':
			endWord()
			parts = append(parts, words)
			words, glue = nil, false
			if len(parts) > maxAuthMethods {
				return parts
			}
		case '"':
			end := quotedEnd(v, i)
			word.WriteString(unquote(v[i:end]))
			in, glue = true, false
			i = end
			continue
		default:
			word.WriteByte(c)
			in, glue = true, c == '=' || c == '/'
		}
		i++
	}
	endWord()
	return append(parts, words)
}
