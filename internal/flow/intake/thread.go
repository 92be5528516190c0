package intake

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

// splitToken takes a reply token out of an address: the desk's address in
// canonical form, and the token as it was written.
func splitToken(addr string) (desk, token string) {
	addr = strings.TrimSpace(addr)
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return strings.ToLower(addr), ""
	}
	local, token, _ := strings.Cut(addr[:at], "+")
	desk = local + addr[at:]
	if c, err := mail.Canonical(desk); err == nil {
		return c, token
	}
	return strings.ToLower(desk), token
}

var subjectTag = regexp.MustCompile(`\[T-(\d{1,12})\]`)

// targets are the conversations that the mail may belong to, the strongest and
// newest sign first. Whether its sender has a part in one is checked when it is written.
func (m *Mail) targets(ctx context.Context, a *arrival) (list []target, err error) {
	ids, tag := mailIDs(a.msg), subjectTag.FindStringSubmatch(a.msg.Subject)
	if len(ids) == 0 && tag == nil && !strings.Contains(strings.Join(a.env.To, " "), "+") {
		return nil, nil
	}
	err = m.db.Read(ctx, func(tx *db.Tx) error {
		list = list[:0]
		for _, to := range a.env.To {
			if _, token := splitToken(to); token != "" {
				if err := m.signed(tx, token, &list); err != nil {
					return err
				}
			}
		}
		for _, id := range ids {
			local, _, _ := strings.Cut(id, "@")
			if err := m.signed(tx, local, &list); err != nil {
				return err
			}
			seen, err := refs(tx, id)
			if err != nil {
				return err
			}
			list = append(list, seen...)
		}
		if tag != nil {
			return add(tx, tag[1], "", &list)
		}
		return nil
	})
	return list, err
}

// signed adds the conversation that a token of ours names. A token is good only
// as we wrote it: any other spelling was not made by answering our mail.
func (m *Mail) signed(tx *db.Tx, token string, list *[]target) error {
	if token != strings.ToLower(token) {
		return nil
	}
	name, room, ok := m.tokens.Read(token)
	if !ok {
		return nil
	}
	return add(tx, strings.TrimPrefix(name, "t"), room, list)
}

func add(tx *db.Tx, number, room string, list *[]target) error {
	t := target{}
	var err error
	if t.ticket, err = idOf(tx, number); err != nil || t.ticket == "" {
		return err
	}
	if room != "" {
		if t.room, err = roomNamed(tx, t.ticket, room); err != nil || t.room == "" {
			return err
		}
	}
	*list = append(*list, t)
	return nil
}

const maxRefs = 60

// mailIDs are the Message-IDs that the mail answers or reports on, the nearest first.
func mailIDs(m *mail.Message) []string {
	var ids []string
	if m.ReportedID != "" {
		ids = append(ids, m.ReportedID)
	}
	ids = append(ids, m.InReplyTo...)
	for _, id := range slices.Backward(m.References) {
		ids = append(ids, id)
	}
	if len(ids) > maxRefs {
		ids = ids[:maxRefs]
	}
	return ids
}
