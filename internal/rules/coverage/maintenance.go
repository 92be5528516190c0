package coverage

import "github.com/tierdesk/tierdesk/internal/rules/policy"

// maintenance says of every service with planned work whether its window is open and when the next one begins.
func (j *judge) maintenance(d *Decision) {
	list := j.p.Maintenance()
	for i := range list {
		d.Maintenance = append(d.Maintenance, j.window(&list[i]))
	}
}

func (j *judge) window(m *policy.Maintenance) MaintenanceWindow {
	out := MaintenanceWindow{ID: m.ID, Clause: m.Clause}
	hours, known := j.windows(m.Calendar)
	if !known || j.s.At == 0 {
		return out
	}
	now := hours.Open(j.s.At)
	out.Now = &now
	from := j.s.At
	if now {
		closes, ok := hours.Closes(from)
		if !ok {
			return out
		}
		out.Until, from = &closes, closes
	}
	next, ok := hours.Next(from)
	if !ok {
		return out
	}
	out.Next = &next
	if m.NoticeMs > 0 {
		announce := next - m.NoticeMs
		out.AnnounceBy = &announce
	}
	return out
}
