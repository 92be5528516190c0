package ticket

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// Information is what has been given for a hand-over (clause escalation).
// AccessDetails is plain only on its way in; the store keeps it sealed.
type Information struct {
	Steps          []Step            `json:"steps,omitempty"`
	EnvironmentURL string            `json:"environment_url,omitempty"`
	AccessDetails  string            `json:"-"`
	HasAccess      bool              `json:"has_access,omitempty"`
	NoneNeeded     bool              `json:"none_needed,omitempty"`
	Evidence       []Evidence        `json:"evidence,omitempty"`
	TestMatrix     []Tested          `json:"test_matrix,omitempty"`
	Tried          string            `json:"tried,omitempty"`
	Waived         map[string]string `json:"waived,omitempty"`
}

// Step is one step to reproduce.
type Step struct {
	Action   string `json:"action"`
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
}

// Evidence is a screenshot or a recording: a file of this ticket, or a link.
type Evidence struct {
	Name       string `json:"name,omitempty"`
	Attachment string `json:"attachment,omitempty"`
	URL        string `json:"url,omitempty"`
}

// Tested is one combination that was tried, with its result.
type Tested struct {
	Browser string `json:"browser"`
	OS      string `json:"os"`
	Device  string `json:"device"`
	Result  string `json:"result"`
}

// Ids of information that this version's forms and API can carry. A policy
// document names them under `information`.
const (
	InfoSteps       = "steps"
	InfoEnvironment = "environment_url"
	InfoAccess      = "access_details"
	InfoNoneNeeded  = "none_needed"
	InfoEvidence    = "evidence"
	InfoTestMatrix  = "test_matrix"
	InfoTried       = "tried"
)

// provided lists the ids of what is there; a half-filled item does not count.
func (i *Information) provided() []string {
	var ids []string
	add := func(id string, there bool) {
		if there {
			ids = append(ids, id)
		}
	}
	add(InfoSteps, len(i.Steps) > 0)
	add(InfoEnvironment, validURL(i.EnvironmentURL))
	add(InfoAccess, i.HasAccess)
	add(InfoNoneNeeded, i.NoneNeeded)
	add(InfoEvidence, len(i.Evidence) > 0)
	add(InfoTestMatrix, len(i.TestMatrix) > 0)
	add(InfoTried, i.Tried != "")
	return ids
}

// waived lists what was waived with a reason; the gate counts it only where the policy lets it.
func (i *Information) waived() []string {
	var ids []string
	for id, reason := range i.Waived {
		if strings.TrimSpace(reason) != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// check refuses to waive what the policy does not know: a stored situation that
// names it could not be read again.
func (i *Information) check(p *policy.Policy) error {
	e := fault.New(fault.Invalid, "The policy does not ask for some of what is waived. Leave those items out.")
	bad := e
	for _, id := range slices.Sorted(maps.Keys(i.Waived)) {
		if !asks(p, id) {
			bad = bad.WithField("waive."+id, "The policy has no such item.")
		}
	}
	if bad != e {
		return bad
	}
	return nil
}

func asks(p *policy.Policy, id string) bool {
	return slices.ContainsFunc(p.Information(), func(i policy.Information) bool { return i.ID == id })
}

// known are the ids that the policy has a name for; another policy may ask for less.
func known(p *policy.Policy, ids []string) []string {
	return slices.DeleteFunc(ids, func(id string) bool { return !asks(p, id) })
}

// merge adds what in brings; what it leaves empty stays as it was.
func (i *Information) merge(in Information) {
	in.clean()
	if len(in.Steps) > 0 {
		i.Steps = in.Steps
	}
	if in.EnvironmentURL != "" {
		i.EnvironmentURL = in.EnvironmentURL
	}
	if in.AccessDetails != "" {
		i.AccessDetails, i.HasAccess, i.NoneNeeded = in.AccessDetails, true, false
	} else if in.NoneNeeded {
		i.NoneNeeded = true
	}
	i.Evidence = append(i.Evidence, in.Evidence...)
	if len(in.TestMatrix) > 0 {
		i.TestMatrix = in.TestMatrix
	}
	if in.Tried != "" {
		i.Tried = in.Tried
	}
	for id, reason := range in.Waived {
		if i.Waived == nil {
			i.Waived = map[string]string{}
		}
		i.Waived[id] = reason
	}
}

// clean trims and drops empty rows: a row counts when it says what was done, or
// what was tested with its result.
func (i *Information) clean() {
	i.EnvironmentURL = strings.TrimSpace(i.EnvironmentURL)
	i.Tried = strings.TrimSpace(i.Tried)
	var steps []Step
	for _, s := range i.Steps {
		s = Step{strings.TrimSpace(s.Action), strings.TrimSpace(s.Expected), strings.TrimSpace(s.Actual)}
		if s.Action != "" {
			steps = append(steps, s)
		}
	}
	i.Steps = steps
	var rows []Tested
	for _, r := range i.TestMatrix {
		r = Tested{strings.TrimSpace(r.Browser), strings.TrimSpace(r.OS), strings.TrimSpace(r.Device), strings.TrimSpace(r.Result)}
		if r.Browser != "" && r.OS != "" && r.Device != "" && r.Result != "" {
			rows = append(rows, r)
		}
	}
	i.TestMatrix = rows
	var waived map[string]string
	for id, reason := range i.Waived {
		if reason = strings.TrimSpace(reason); reason != "" {
			if waived == nil {
				waived = map[string]string{}
			}
			waived[id] = reason
		}
	}
	i.Waived = waived
}

// set is a list of ids in the form that the gate asks for.
func set(ids []string) coverage.Set {
	out := make(coverage.Set, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out
}

func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
