package api

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// FactsIn are facts of the policy by name.
type FactsIn struct {
	Facts map[string]any `json:"facts,omitempty" nullable:"true" doc:"Facts that the policy asks for, by the name under facts in the policy: yes or no, a word, a number, a date, or a list of words for a set."`
}

type learnIn struct {
	RefIn
	Body *learnedIn
}

type learnedIn struct {
	FactsIn
	Severity string `json:"severity,omitempty" nullable:"true" doc:"The severity from now on, where the policy lets your side change it."`
	Reason   string `json:"reason,omitempty" nullable:"true" doc:"Why: needed to change the severity, or what was recorded before."`
	VersionIn
}

// given are the facts as the rules read them.
func (f *FactsIn) given() (map[string][]string, error) {
	var out map[string][]string
	for name, value := range f.Facts {
		list, many := value.([]any)
		if !many {
			list = []any{value}
		}
		words := []string{}
		for _, one := range list {
			text, ok := factText(one)
			if !ok {
				return nil, fault.New(fault.Invalid, "Some answers can't be used. Please check the marked fields.").
					WithField("facts."+name, "Write a word, a number, true, false or a list of words.")
			}
			if text != "" {
				words = append(words, text)
			}
		}
		if out == nil {
			out = map[string][]string{}
		}
		out[name] = words
	}
	return out, nil
}

func factText(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return word(v), true
	case bool:
		if v {
			return "yes", true
		}
		return "no", true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

func (a *api) learn(ctx context.Context, c *call, in *learnIn) (*ticketAnswer, error) {
	body := sent(in.Body)
	facts, err := body.given()
	if err != nil {
		return nil, err
	}
	return a.done(ctx, c.actor)(a.Tickets.Learn(ctx, c.actor, in.ID, body.Version, ticket.Learned{Facts: facts, Severity: word(body.Severity), Reason: body.Reason}))
}
