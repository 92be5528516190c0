package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
	"github.com/tierdesk/tierdesk/internal/web/page"
)

const themeCookie, noticeCookie = "td_theme", "td_notice"

// surfaceOf is the look of a page that may stand on either side.
func surfaceOf(r *http.Request, a identity.Actor) page.Surface {
	if a.Staff() && (strings.HasPrefix(r.URL.Path, "/desk") || strings.HasPrefix(r.URL.Path, "/rulebook") && a.OwnsPolicy() || r.URL.Path == "/account") {
		return page.Desk
	}
	return page.Portal
}

// bare is a frame that needs neither session nor store.
func (s *site) bare(r *http.Request) page.Frame {
	f := page.Frame{
		Text: s.text.Printer(r.Header.Get("Accept-Language")), Now: s.DB.Now(), Zone: time.UTC, Path: r.URL.RequestURI(),
		Assets: page.Assets{Style: s.assets.URL("tierdesk.css"), Script: s.assets.URL("tierdesk.js"), Icon: s.assets.URL("tierdesk.svg"), Editor: s.assets.URL("rulebook.js")},
	}
	if r.Method != http.MethodGet {
		f.Path = "/"
	}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == string(page.ThemeLight) || c.Value == string(page.ThemeDark)) {
		f.Theme = page.Theme(c.Value)
	}
	return f
}

// frame is what stands around a page for one reader.
func (s *site) frame(w http.ResponseWriter, r *http.Request, a identity.Actor, surface page.Surface) (page.Frame, error) {
	f := s.bare(r)
	f.Surface = surface
	rules, err := s.Book.InForce(r.Context(), f.Now)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return f, err
	}
	var p *policy.Policy
	if rules != nil {
		p = rules.Policy
		f.Brand = f.T("%s support", p.Vendor())
	}
	if a.PersonID == "" {
		return f, nil
	}
	f.Zone = zone(a.Zone)
	f.Viewer = &page.Viewer{Name: a.Name, Email: a.Email, Organisation: page.Org{Name: a.OrgName, Kind: page.OrgKind(a.OrgKind)}, Engineer: a.Staff()}
	f.Notice = s.takeNotice(w, r, f)
	if !s.SendsMail && a.Staff() && surface == page.Desk {
		f.Banner = f.T("No mail server is set, so nothing that you write here is mailed: people read it when they sign in.")
	} else if !s.SendsMail {
		f.Banner = f.T("This desk sends no mail at present: answers appear here only.")
	}
	if surface == page.Desk {
		f.Nav, err = s.deskNav(r, a, p, f)
		f.Nav = append(f.Nav, rulebookNav(r, a, f)...)
		return f, err
	}
	f.Nav = []page.NavItem{
		{Label: f.T("Start"), Href: "/", Icon: "home", Current: r.URL.Path == "/"},
		{Label: f.T("My requests"), Href: "/requests", Icon: "list", Current: r.URL.Path == "/requests"},
		{Label: f.T("Ask for help"), Href: "/requests/new", Icon: "plus", Current: r.URL.Path == "/requests/new"},
		{Label: f.T("Policy"), Href: "/policy", Icon: "book", Current: strings.HasPrefix(r.URL.Path, "/policy")},
	}
	f.Nav = append(f.Nav, rulebookNav(r, a, f)...)
	return f, nil
}

// rulebookNav is the way to the rulebook for who may write it.
func rulebookNav(r *http.Request, a identity.Actor, f page.Frame) []page.NavItem {
	if !a.OwnsPolicy() {
		return nil
	}
	return []page.NavItem{{Label: f.T("Rulebook"), Href: "/rulebook", Icon: "pen", Key: "b", Current: strings.HasPrefix(r.URL.Path, "/rulebook")}}
}

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

// levelsOf are the queues that the actor reads, in the order of the policy: the
// levels that they serve, for a manager all desks of the organisation.
func (s *site) levelsOf(r *http.Request, a identity.Actor, p *policy.Policy) ([]string, error) {
	levels := slices.Clone(a.Levels)
	if a.Manager {
		err := s.DB.Read(r.Context(), func(tx *db.Tx) error {
			desks, err := org.Desks(tx, a.OrgID)
			levels = levels[:0]
			for _, d := range desks {
				levels = append(levels, d.Level)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if p == nil {
		return levels, nil
	}
	rank := func(id string) int {
		return slices.IndexFunc(p.Levels(), func(l policy.Level) bool { return l.ID == id })
	}
	slices.SortFunc(levels, func(x, y string) int { return rank(x) - rank(y) })
	return levels, nil
}

func (s *site) deskNav(r *http.Request, a identity.Actor, p *policy.Policy, f page.Frame) ([]page.NavItem, error) {
	levels, err := s.levelsOf(r, a, p)
	if err != nil {
		return nil, err
	}
	counts, err := s.Tickets.Counts(r.Context(), a, levels)
	if err != nil {
		return nil, err
	}
	var nav []page.NavItem
	if a.Manager && len(levels) > 1 {
		nav = append(nav, page.NavItem{Label: f.T("All queues"), Href: "/desk/all", Icon: "list", Key: "q", Current: r.URL.Path == "/desk/all"})
	}
	for _, c := range counts {
		item := page.NavItem{Label: levelName(p, c.Level), Href: queueHref(c.Level), Icon: "level", Count: c.N, More: c.More, Hot: c.Hot, ShowCount: true, Key: rungKey(p, c.Level)}
		if c.Level == "" {
			item.Label, item.Href, item.Icon, item.Key = f.T("Mine"), "/desk/mine", "me", "m"
		}
		item.Current = r.URL.EscapedPath() == item.Href
		nav = append(nav, item)
	}
	return append(nav,
		page.NavItem{Label: f.T("Set aside"), Href: "/desk/aside", Icon: "list", Key: "a", Current: r.URL.Path == "/desk/aside"},
		page.NavItem{Label: f.T("New ticket"), Href: "/desk/new", Icon: "plus", Key: "n", Current: r.URL.Path == "/desk/new"},
		page.NavItem{Label: f.T("Policy"), Href: "/policy", Icon: "book", Key: "p"}), nil
}

// rungKey is the digit that leads to a level: its place on the ladder, up to nine.
func rungKey(p *policy.Policy, level string) string {
	if p == nil {
		return ""
	}
	at := slices.IndexFunc(p.Levels(), func(l policy.Level) bool { return l.ID == level })
	if at < 0 || at > 8 {
		return ""
	}
	return strconv.Itoa(at + 1)
}

// levelName is how people call a level.
func levelName(p *policy.Policy, id string) string {
	if p != nil {
		if l, ok := p.Level(id); ok && l.Name != "" {
			return l.Name
		}
	}
	return id
}
