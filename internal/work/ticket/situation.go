package ticket

import (
	"strconv"
	"strings"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/policy"
)

// facts are what the register knows about a request at one instant.
type facts struct {
	rules     *rulebook.Compiled
	requester identity.Actor
	vendorID  string
	account   *account.Account
	instance  *account.Instance
	// situation is what is known whatever the policy; see under.
	situation coverage.Situation
	// kept says why an earlier version judges than the one in force, the newest version first.
	kept []coverage.Reason
}

// loadFacts reads everything a decision needs in one snapshot.
// Faults: Invalid when the instance is not the requester's.
func (s *Service) loadFacts(tx *db.Tx, actor identity.Actor, requesterID, instanceID string, verified bool) (*facts, error) {
	f := &facts{}
	var err error
	if f.rules, err = s.book.InForceTx(tx, tx.Now()); err != nil {
		return nil, err
	}
	if f.vendorID, err = s.vendorID(tx); err != nil {
		return nil, err
	}
	switch requesterID {
	case "":
	case actor.PersonID:
		// who asks for themselves was loaded a moment ago
		f.requester = actor
	default:
		if f.requester, err = identity.LoadActor(tx, requesterID, actor.Via); err != nil {
			return nil, err
		}
	}
	f.requester.Verified = verified
	if !verified || requesterID == "" {
		// whoever only claims to be somebody is nobody until proven
		f.situation.Requester = coverage.Requester{Kind: "unknown", OrgKnown: coverage.No}
		return f, nil
	}
	f.situation.Requester = coverage.Requester{Kind: f.requester.Kind(), Levels: f.requester.Levels, OrgKnown: coverage.Known(f.requester.OrgID != "")}
	if err := f.loadAccount(tx, instanceID); err != nil {
		return nil, err
	}
	if err := f.contractFacts(tx); err != nil {
		return nil, err
	}
	return f, f.stay(tx.Now(), func(v rulebook.Version) (*rulebook.Compiled, error) { return s.book.BeforeTx(tx, v) })
}

// vendorID is the vendor's id, which never changes once it is there. tx is a
// snapshot: what a transaction sees could still be rolled back.
func (s *Service) vendorID(tx *db.Tx) (string, error) {
	if id := s.vendor.Load(); id != nil {
		return *id, nil
	}
	v, err := org.VendorOrg(tx)
	if err != nil {
		return "", err
	}
	s.vendor.Store(&v.ID)
	return v.ID, nil
}

func (f *facts) loadAccount(tx *db.Tx, instanceID string) error {
	if instanceID != "" {
		i, err := account.InstanceByID(tx, instanceID)
		if err != nil {
			return errInstance(err)
		}
		a, err := account.ByID(tx, i.AccountID)
		if err != nil {
			return err
		}
		if a.OrgID != f.requester.OrgID {
			return errInstance(nil)
		}
		f.account, f.instance = &a, &i
		return nil
	}
	if f.requester.OrgKind != org.Customer {
		return nil
	}
	a, i, err := account.Default(tx, f.requester.OrgID)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		// no account, or several and none named: the decision says what is not known
		return nil
	}
	if err != nil {
		return err
	}
	f.account, f.instance = &a, i
	return nil
}

func errInstance(cause error) error {
	return fault.New(fault.Invalid, "Choose one of your own instances.").WithField("instance", "There is no such instance for this requester.").WithCause(cause)
}

// contractFacts are what the register keeps itself of the account and of the version that runs.
func (f *facts) contractFacts(tx *db.Tx) error {
	a := f.account
	if a == nil {
		return nil
	}
	s := &f.situation
	s.Account.Region = a.Region
	s.Product = coverage.Product{ID: a.ProductID, Type: a.ProductType}
	s.Contract.Starts, s.Contract.Ends = a.ContractStarts, a.ContractEnds
	if a.PartnerID != "" {
		desks, err := org.Desks(tx, a.PartnerID)
		if err != nil {
			return err
		}
		s.Account.Partner, s.Account.PartnerLevels = a.PartnerID, make([]string, 0, len(desks))
		for _, d := range desks {
			s.Account.PartnerLevels = append(s.Account.PartnerLevels, d.Level)
		}
	}
	if f.instance == nil || f.instance.Version == "" {
		return nil
	}
	return f.versionFacts(tx)
}

// providerOrg is the organisation that a decision's provider stands for.
func providerOrg(p coverage.Provider, vendorID, customerOrg string) string {
	switch {
	case p.Org != "" && p.Org != "vendor":
		return p.Org
	case p.Kind == string(org.Vendor):
		return vendorID
	case p.Kind == string(org.Customer):
		return customerOrg
	}
	return ""
}

// under is what is known in the words of a policy at an instant (UTC milliseconds): what the register keeps itself, over it the
// facts of the account, then those of the instance. What these do not say follows from the dates of the account. A word that
// the policy does not know any more is not known.
func (f *facts) under(p *policy.Policy, now int64) coverage.Situation {
	s, a := f.situation, f.account
	if a == nil {
		return s
	}
	s.TakeText(p, coverage.GiverAccount, a.Facts)
	if f.instance != nil {
		s.TakeText(p, coverage.GiverInstance, f.instance.Facts)
	}
	today, c := p.DateAt(now).String(), &s.Contract
	if c.InForce == coverage.NotKnown {
		c.InForce = coverage.Known((c.Starts == "" || c.Starts <= today) && (c.Ends == "" || c.Ends >= today))
	}
	if c.MaintenanceActive == coverage.NotKnown {
		c.MaintenanceActive = coverage.Known(a.MaintenanceUntil != "" && a.MaintenanceUntil >= today)
	}
	if c.NewReleases == coverage.NotKnown {
		c.NewReleases = coverage.Known(a.NewReleases)
	}
	return s
}

// stay goes back to the version by which the contract is still judged, version by version.
func (f *facts) stay(now int64, before func(rulebook.Version) (*rulebook.Compiled, error)) error {
	for len(f.rules.Policy.Keeps()) > 0 {
		s := f.under(f.rules.Policy, now)
		s.At, s.Arrived = now, now
		keep, stays := coverage.Stays(f.rules.Policy, &s)
		if !stays {
			return nil
		}
		earlier, err := before(f.rules.Version)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		f.kept = append(f.kept, coverage.Reason{Clause: keep.Clause, Rule: keep.ID, Line: keep.Line,
			Text: keep.Because("This contract stays on version " + strconv.Itoa(earlier.Number) + " of the policy"), Effect: "version " + strconv.Itoa(earlier.Number), Source: keptSource + strconv.Itoa(f.rules.Number)})
		f.rules = earlier
	}
	return nil
}

// keptSource begins the source of a reason that a later version of the policy gives; its number follows.
const keptSource = "policy "

// KeptBy is the number of the later version whose clause a reason cites; false for a reason of the version that judges.
func KeptBy(r *coverage.Reason) (number int, ok bool) {
	text, ok := strings.CutPrefix(r.Source, keptSource)
	if !ok {
		return 0, false
	}
	number, err := strconv.Atoi(text)
	return number, err == nil
}
