package coverage

import (
	"slices"

	"github.com/tierdesk/tierdesk/internal/rules/fact"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// ---- 2 version ----

// version finds the phase of the version's life. The lines that this version of the rules knows need no release dates, so
// the phase follows from the announced last day alone: nothing announced leaves the version in its first phase.
func (j *judge) version(d *Decision) {
	d.Version.Until = j.s.Version.Until
	if phase := j.s.Version.Phase; phase != "" {
		d.Version.Phase = phase
		if i, ok := j.p.Word(fact.VersionPhase, phase); ok {
			j.known(fact.VersionPhase, i)
		}
		return
	}
	lives := j.p.Lifecycles()
	at := slices.IndexFunc(lives, func(l policy.Lifecycle) bool { return l.Product == j.s.Product.ID })
	switch {
	case at < 0 && j.s.Product.ID == "" && len(lives) == 1:
		at = 0
	case at < 0 && (len(lives) == 0 || j.s.Product.ID != ""):
		j.known(fact.VersionPhase, -1) // a product without a lifecycle has no phases
		return
	case at < 0:
		return
	}
	j.phase(d, &lives[at])
}

func (j *judge) phase(d *Decision, life *policy.Lifecycle) {
	today := j.today()
	for i := range life.Phases {
		phase := &life.Phases[i]
		end, ends := phase.End, phase.End != 0
		if until := j.facts.V[fact.VersionUntil]; phase.Announced && until.Known && (!ends || until.N < end) {
			end, ends = until.N, true
		}
		if !ends || today == 0 || today <= end {
			d.Version.Phase = phase.ID
			j.known(fact.VersionPhase, phase.Word)
			return
		}
	}
	d.Version.Phase = policy.PhaseEnded
	ended, _ := j.p.Word(fact.VersionPhase, policy.PhaseEnded)
	j.known(fact.VersionPhase, ended)
}

// today is the date of the arrival in the zone of the policy; 0 while the arrival is not known.
func (j *judge) today() int64 {
	if j.s.At == 0 {
		return 0
	}
	return int64(j.p.DateAt(j.s.At))
}
