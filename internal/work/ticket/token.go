package ticket

import (
	"strconv"
	"strings"

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

// Read checks a token "t1042.requester.TAG" and returns the number's name and the room.
func (t *Tokens) Read(token string) (name, room string, ok bool) {
	parts := strings.Split(strings.ToLower(token), ".")
	if len(parts) < 3 || !strings.HasPrefix(parts[0], "t") {
		return "", "", false
	}
	return parts[0], parts[1], t.sealer.Equal(parts[2], "reply", parts[0], parts[1])
}
