package web

import (
	"strings"

	"github.com/tierdesk/tierdesk/internal/web/page"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

// typedHandover is the hand-over form as it was filled in, to be shown again.
func typedHandover(f *form) page.Handover {
	h := page.Handover{EnvironmentURL: f.get("environment_url"), AccessDetails: f.get("access_details"), NoneNeeded: f.Get("none_needed") == "yes",
		WaiveEvidence: f.get("waive_evidence"), Tried: f.get("tried")}
	for _, r := range f.rows("step_action", "step_expected", "step_actual") {
		if strings.TrimSpace(strings.Join(r, "")) != "" {
			h.Steps = append(h.Steps, page.Step{Action: r[0], Expected: r[1], Actual: r[2]})
		}
	}
	for _, r := range f.rows("matrix_browser", "matrix_os", "matrix_device", "matrix_result") {
		if strings.TrimSpace(strings.Join(r, "")) != "" {
			h.Matrix = append(h.Matrix, page.MatrixRow{Browser: r[0], OS: r[1], Device: r[2], Result: r[3]})
		}
	}
	switch f.Get("add") {
	case "step":
		h.ExtraSteps = 1
	case "matrix":
		h.ExtraMatrix = 1
	}
	return h
}

// given is what the hand-over form brings.
func given(f *form) ticket.Information {
	h := typedHandover(f)
	info := ticket.Information{EnvironmentURL: h.EnvironmentURL, AccessDetails: strings.TrimSpace(h.AccessDetails), NoneNeeded: h.NoneNeeded, Tried: h.Tried}
	for _, s := range h.Steps {
		info.Steps = append(info.Steps, ticket.Step(s))
	}
	for _, r := range h.Matrix {
		info.TestMatrix = append(info.TestMatrix, ticket.Tested(r))
	}
	if h.WaiveEvidence != "" {
		info.Waived = map[string]string{ticket.InfoEvidence: h.WaiveEvidence}
	}
	return info
}

// stored is the hand-over form filled with what was given before.
func (s sight) stored() page.Handover {
	info := &s.v.Info
	h := page.Handover{Gate: s.gate(s.v.Required, s.v.Missing, s.v.GateClause, info.Waived), EnvironmentURL: info.EnvironmentURL,
		AccessStored: info.HasAccess, NoneNeeded: info.NoneNeeded, WaiveEvidence: info.Waived[ticket.InfoEvidence], Tried: info.Tried, Evidence: s.evidence()}
	for _, step := range info.Steps {
		h.Steps = append(h.Steps, page.Step(step))
	}
	for _, r := range info.TestMatrix {
		h.Matrix = append(h.Matrix, page.MatrixRow(r))
	}
	return h
}

// evidence are the handed-over files that the reader may open.
func (s sight) evidence() []page.Attachment {
	var out []page.Attachment
	for _, e := range s.v.Info.Evidence {
		for _, a := range s.v.Attachments {
			if a.ID == e.Attachment {
				out = append(out, s.attachment(a))
			}
		}
	}
	return out
}

// retyped is the stored form with what was just typed in its place.
func (s sight) retyped(f *form) page.Handover {
	kept, h := s.stored(), typedHandover(f)
	h.Gate, h.AccessStored, h.Evidence = kept.Gate, kept.AccessStored, kept.Evidence
	return h
}
