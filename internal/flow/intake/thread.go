package intake

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/mail"
	"github.com/tierdesk/tierdesk/internal/platform/seal"
)

// Tokens make and check the signs by which a mail finds its conversation: a
// number, a room and a keyed tag, in the reply address and in the Message-ID.
type Tokens struct{ sealer *seal.Sealer }

// NewTokens uses the desk's keys.
func NewTokens(s *seal.Sealer) *Tokens { return &Tokens{s} }

// Address is where answers to a room of a ticket go: support+t1042.requester.TAG@vendor.example.
func (t *Tokens) Address(desk string, number int64, room string) string {
	local, domain, ok := strings.Cut(desk, "@")
	if !ok {
		return desk
	}
	name := "t" + strconv.FormatInt(number, 10)
	return local + "+" + name + "." + strings.ToLower(room) + "." + t.sealer.MAC("reply", name, strings.ToLower(room)) + "@" + domain
}

// MessageID is the stable Message-ID, without brackets, of the mail that tells recipient about a message.
func (t *Tokens) MessageID(number int64, room, message, recipient, domain string) string {
	name := "t" + strconv.FormatInt(number, 10)
	room = strings.ToLower(room)
	return name + "." + room + "." + t.sealer.MAC("reply", name, room) + "." + t.sealer.MAC("mail", message, recipient) + "@" + domain
}

// read checks a token "t1042.requester.TAG" and returns the number's name and the room.
func (t *Tokens) read(token string) (name, room string, ok bool) {
	parts := strings.Split(strings.ToLower(token), ".")
	if len(parts) < 3 || !strings.HasPrefix(parts[0], "t") {
		return "", "", false
	}
	return parts[0], parts[1], t.sealer.Equal(parts[2], "reply", parts[0], parts[1])
}

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
			if name, room, ok := m.tokens.read(token); ok {
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
