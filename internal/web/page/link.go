package page

import (
	"net/url"
	"strings"
)

// cursorHref adds sort and after to a path, leaving out what is empty.
func cursorHref(path, sort, after string) string {
	query := url.Values{}
	if sort != "" {
		query.Set("sort", sort)
	}
	if after != "" {
		query.Set("after", after)
	}
	if len(query) == 0 {
		return path
	}
	if strings.Contains(path, "?") {
		return path + "&" + query.Encode()
	}
	return path + "?" + query.Encode()
}

func deskTicket(number string) string { return "/desk/tickets/" + url.PathEscape(number) }

func deskAction(number, action string) string { return deskTicket(number) + "/" + action }

func requestPath(number string) string { return "/requests/" + url.PathEscape(number) }

func roomHref(number, room string) string {
	return deskTicket(number) + "?room=" + url.QueryEscape(room) + "#rooms"
}

func (p Queue) totalLine() string {
	if p.More {
		return p.T("%s tickets", p.Count(p.Total, true))
	}
	return p.T("%d tickets", p.Total)
}

func (p Queue) sortWord() string {
	if p.Sort == Newest {
		return p.T("Newest first")
	}
	return p.T("Most urgent")
}
