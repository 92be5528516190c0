package mail

import (
	"bytes"
	"strconv"
	"strings"
)

// HopsHeader is our own loop header: how many desks of our kind a message went
// through. Compose writes it, Parse reads it into Message.Loop.
const HopsHeader = "X-Tierdesk-Hops"

// Automatic reports whether a machine sent m, given the envelope's return path
// too: an empty one means a bounce or a receipt (RFC 5321 section 4.5.5).
func (m *Message) Automatic(returnPath string) bool {
	return m.AutoSubmitted || returnPath == "" || returnPath == "<>" || isDaemon(returnPath)
}

// readAutomatic follows RFC 3834 section 2 and the fields that older and Microsoft
// mailers set in its place.
func readAutomatic(m *Message, report bool) {
	for _, f := range m.Headers {
		if reason := automaticField(f); reason {
			m.AutoSubmitted, m.AutoReason = true, f.Name+": "+clip(f.Value, 80)
			return
		}
	}
	switch {
	case report:
		m.AutoSubmitted, m.AutoReason = true, "multipart/report"
	case isDaemon(m.From.Addr):
		m.AutoSubmitted, m.AutoReason = true, "From: "+clip(m.From.Addr, 80)
	}
}

func automaticField(f HeaderField) bool {
	value := strings.ToLower(f.Value)
	switch strings.ToLower(f.Name) {
	case "auto-submitted":
		word, _, _ := strings.Cut(stripComment(value), ";")
		return strings.TrimSpace(word) != "no" && value != ""
	case "precedence":
		return value == "bulk" || value == "list" || value == "junk" || value == "auto_reply"
	case "x-auto-response-suppress":
		return value != "" && value != "none"
	case "return-path":
		return strings.Join(strings.Fields(value), "") == "<>"
	case "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from":
		return value != "" && value != "no"
	case "x-failed-recipients":
		return true
	}
	return false
}

// isDaemon reports an address of a mail system.
func isDaemon(addr string) bool {
	local, _, _ := strings.Cut(strings.ToLower(strings.Trim(addr, "<> ")), "@")
	switch local {
	case "mailer-daemon", "mailerdaemon", "postmaster", "double-bounce", "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply":
		return true
	}
	return strings.HasPrefix(local, "mailer-daemon") || strings.HasPrefix(local, "bounce-") || strings.HasPrefix(local, "bounces+")
}

func parseHops(s string) int {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil && s != "":
		return 1 // a broken counter still says that we saw it
	case n < 0:
		return 0
	}
	return min(n, 1000)
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// DeliveryReport is what a delivery status notification says of one recipient
// (RFC 3464 section 2.3). It is the word of whoever sent it: act on it only when
// the envelope carries a token of ours.
type DeliveryReport struct {
	Recipient  string
	Action     string // failed, delayed, delivered, relayed, expanded
	Status     string // for example 5.1.1
	Diagnostic string
}

const maxReports = 200

// readReport takes the recipients out of a delivery status and the Message-ID
// out of the returned message.
func (p *parser) readReport(kind string, data []byte) {
	if !p.report {
		return
	}
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		data = append(bytes.Clone(data), "\r\n\r\n"...) // the last block may lack its end
		for len(data) > 0 && len(p.msg.Reports) < maxReports {
			var h Headers
			if data = bytes.TrimLeft(data, "\r\n"); len(data) == 0 {
				return
			}
			h, data = splitHeader(data, &p.defects)
			if h == nil {
				return
			}
			if r := readRecipient(h); r.Recipient != "" || r.Action != "" {
				p.msg.Reports = append(p.msg.Reports, r)
			}
		}
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers":
		h, _ := splitHeader(data, &defects{})
		if ids := messageIDs(h.Get("Message-ID")); len(ids) > 0 && p.msg.ReportedID == "" {
			p.msg.ReportedID = ids[0]
		}
	}
}

func readRecipient(h Headers) DeliveryReport {
	final := h.Get("Original-Recipient")
	if final == "" {
		final = h.Get("Final-Recipient")
	}
	if _, addr, ok := strings.Cut(final, ";"); ok {
		final = addr
	}
	status, _, _ := strings.Cut(h.Get("Status"), " ")
	return DeliveryReport{
		Recipient:  strings.Trim(final, "<> "),
		Action:     strings.ToLower(strings.TrimSpace(h.Get("Action"))),
		Status:     status,
		Diagnostic: clip(h.Get("Diagnostic-Code"), 1000),
	}
}
