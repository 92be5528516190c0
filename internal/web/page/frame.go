package page

import (
	"time"

	"github.com/tierdesk/tierdesk/internal/web/text"
)

// Surface says which of the two looks a page has.
type Surface int

const (
	// Portal is the roomy look for people who ask for help and for public pages.
	Portal Surface = iota
	// Desk is the dense look for people who answer.
	Desk
)

// Theme is the reader's choice of light or dark; the zero value follows the device.
type Theme string

const (
	ThemeSystem Theme = ""
	ThemeLight  Theme = "light"
	ThemeDark   Theme = "dark"
)

// Frame is what every page needs around its content. Pages embed it.
type Frame struct {
	// Text renders user text in the reader's language; required.
	Text *text.Printer
	// Brand is the name of the desk as customers know it, for example "Acme support".
	Brand string
	// Surface is Portal or Desk.
	Surface Surface
	// Now is the instant of the request, UTC milliseconds.
	Now int64
	// Zone is the reader's time zone; nil is UTC.
	Zone *time.Location
	// Theme is the reader's choice; the account page and the menu set it by POST /account/appearance.
	Theme Theme
	// Viewer is the signed-in person, nil when nobody is.
	Viewer *Viewer
	// Nav lists the places of this surface, in order.
	Nav []NavItem
	// Banner says what is not as it should be with the desk itself, for example that no mail leaves; "" for nothing.
	Banner string
	// Notice is the outcome of the last action, shown once.
	Notice *Notice
	// Kept are the files of a form that came back, by the field that brought them.
	Kept map[string][]Kept
	// Assets holds the addresses of the embedded files, with their content hash.
	Assets Assets
	// Path is the address of the current page with its query; the appearance form returns to it.
	Path string
	// LiveTopic is the topic that /live?topic= is asked for; empty keeps the page still.
	// An event named "change" refreshes the page's data-live fragments: the navigation's counts everywhere, head,
	// conversation and facts of a ticket or request. On a queue an event named "arrived", with the ticket number as
	// its data, counts up the "N new" chip as well; rows never move under the pointer.
	LiveTopic string
}

// Viewer is the person who reads the page.
type Viewer struct {
	Name, Email  string
	Organisation Org
	// Engineer is true for people with a desk: they see the way from the portal to the desk and back.
	Engineer bool
}

// NavItem is one place in the navigation.
type NavItem struct {
	Label, Href string
	// Count is shown beside the label when ShowCount is set; More marks it as a floor ("1,000+").
	Count     int
	More      bool
	ShowCount bool
	// Hot counts what is due within the hour or overdue.
	Hot     int
	Current bool
	// Key is the letter after g that goes here, for example "1" or "m"; empty for none.
	Key string
	// Icon is a name known to icon: inbox, level, me, plus, book, home, list.
	Icon string
}

// Notice is one sentence about what just happened.
type Notice struct {
	Tone Tone
	Text string
}

// Kept is a file that is stored and not yet part of anything; Token names it when the form is sent again.
type Kept struct {
	Name, Token string
	// Size in bytes.
	Size int64
}

// Assets are addresses of embedded files. Editor is the script of the pages of drafts alone.
type Assets struct{ Style, Script, Icon, Editor string }

// T renders user text; see text.Printer.T.
func (f Frame) T(key string, args ...any) string { return f.Text.T(key, args...) }

// Count renders a number, with a plus sign when it is a floor: "1,000+".
func (f Frame) Count(n int, more bool) string {
	if more {
		return f.Text.Number(n) + "+"
	}
	return f.Text.Number(n)
}

func (f Frame) bodyClass() string {
	if f.Surface == Desk {
		return "desk"
	}
	return "portal"
}

func (f Frame) windowTitle(own string) string {
	if f.Brand == "" {
		return own + " · Tierdesk"
	}
	return own + " · " + f.Brand
}
