package page

import "strings"

func nextTone(k NextKind) Tone {
	switch k {
	case NextYou, NextDetails, NextChannel:
		return Warn
	case NextDeclined:
		return Neutral
	case NextNone:
		return Good
	}
	return Info
}

func (p Request) nextWho() string {
	if p.Next.Who == "" {
		return p.T("The desk")
	}
	return p.Next.Who
}

func (p Request) nextTitle() string {
	switch p.Next.Kind {
	case NextYou:
		return p.T("%s is waiting for your answer", p.nextWho())
	case NextDetails:
		return p.T("Some details are needed from you")
	case NextChannel:
		if p.Next.Channel == "" {
			return p.T("This way is not open to your request")
		}
		return p.T("Please use: %s", p.Next.Channel)
	case NextNone:
		if p.State == Closed {
			return p.T("This is closed")
		}
		return p.T("This is solved")
	case NextDeclined:
		return p.T("The policy does not include this")
	}
	return p.T("%s answers next", p.nextWho())
}

// names joins names as a sentence does: "Ana R., Acme Support and Beta Ltd".
func (f Frame) names(list []string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	return f.T("%s and %s", strings.Join(list[:len(list)-1], ", "), list[len(list)-1])
}
