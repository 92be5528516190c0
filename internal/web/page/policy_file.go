package page

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/a-h/templ"
)

// PolicyFile is a policy as one static file.
type PolicyFile struct {
	Frame
	PolicyEdition
	// Style and Script are written into the file.
	Style, Script string
}

// security lets the file run its own style and script and nothing else.
func (p PolicyFile) security() string {
	return "default-src 'none'; style-src 'sha256-" + digest(p.Style) + "'; script-src 'sha256-" + digest(p.Script) + "'; img-src data:; base-uri 'none'; form-action 'none'"
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// inlined is the style and the script. They are the program's own files, in which no closing tag stands.
func (p PolicyFile) inlined() templ.Component {
	return templ.Raw("<style>" + p.Style + "</style><script type=\"module\">" + p.Script + "</script>")
}
