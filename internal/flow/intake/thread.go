package intake

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
)

// splitToken takes a reply token out of an address.
func splitToken(addr string) (plain, token string) {
	addr = strings.ToLower(strings.TrimSpace(addr))
	local, domain, ok := strings.Cut(addr, "@")
	if !ok {
		return addr, ""
	}
	name, token, _ := strings.Cut(local, "+")
	return name + "@" + domain, token
}

var subjectTag = regexp.MustCompile(`\[T-(\d{1,12})\]`)

// targets are the conversations that the mail may belong to, strongest sign
// first. Whether its sender has a part in one is checked when it is written.
func (m *Mail) targets(ctx context.Context, a *arrival) (list []target, err error) {
	ids := mailIDs(a.msg)
	err = m.db.Read(ctx, func(tx *db.Tx) error {
		list = list[:0]
		add := func(name, room string, signed bool) error {
			id, err := idOf(tx, name)
			if errors.Is(err, db.ErrNoRows) {
				return nil
			}
			if err == nil {
				list = append(list, target{id, roomID(room), signed})
			}
			return err
		}
		for _, token := range tokensOf(a, ids) {
			if name, room, ok := m.tokens.Read(token); ok {
				if err := add(name, room, true); err != nil {
					return err
				}
			}
		}
		seen, err := refs(tx, ids)
		if err != nil {
			return err
		}
		list = append(list, seen...)
		if tag := subjectTag.FindStringSubmatch(a.msg.Subject); tag != nil {
			return add(tag[1], "", false)
		}
		return nil
	})
	return list, err
}

// roomID undoes the lower case that addresses have.
func roomID(room string) string {
	if strings.HasPrefix(room, "l") {
		return strings.ToUpper(room)
	}
	return room
}

func tokensOf(a *arrival, ids []string) (out []string) {
	for _, to := range a.env.To {
		if _, token := splitToken(to); token != "" {
			out = append(out, token)
		}
	}
	for _, id := range ids {
		local, _, _ := strings.Cut(id, "@")
		out = append(out, local)
	}
	return out
}

const maxRefs = 60

func mailIDs(m *mail.Message) []string {
	ids := append(append([]string(nil), m.InReplyTo...), m.References...)
	if m.ReportedID != "" {
		ids = append(ids, m.ReportedID)
	}
	if len(ids) > maxRefs {
		ids = ids[len(ids)-maxRefs:]
	}
	return ids
}
