package ticket

import (
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/account"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
)

// facts are what the register knows about a request at one instant.
type facts struct {
	rules     *rulebook.Compiled
	requester identity.Actor
	vendorID  string
	account   *account.Account
	instance  *account.Instance
	situation coverage.Situation
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
	return f, f.contractFacts(tx, s.localDate(tx.Now(), f.rules.Policy.Zone()))
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

// contractFacts needs today's date in the policy's zone.
func (f *facts) contractFacts(tx *db.Tx, today string) error {
	a := f.account
	if a == nil {
		return nil
	}
	s := &f.situation
	s.Account.Region = a.Region
	s.Product = coverage.Product{ID: a.ProductID, Type: a.ProductType}
	s.Contract.Starts, s.Contract.Ends = a.ContractStarts, a.ContractEnds
	s.Contract.MaintenanceActive = coverage.Known(a.MaintenanceUntil != "" && a.MaintenanceUntil >= today)
	s.Contract.NewReleases = coverage.Known(a.NewReleases)
	s.Contract.InForce = coverage.Known((a.ContractStarts == "" || a.ContractStarts <= today) && (a.ContractEnds == "" || a.ContractEnds >= today))
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

// localDate is the date of an instant in a zone; an unknown zone counts as UTC.
// The last zone is kept: the library reads a file for each question.
func (s *Service) localDate(ms int64, zone string) string {
	loc := s.zone.Load()
	if loc == nil || loc.String() != zone {
		var err error
		if loc, err = time.LoadLocation(zone); err != nil {
			loc = time.UTC
		}
		s.zone.Store(loc)
	}
	return time.UnixMilli(ms).In(loc).Format(time.DateOnly)
}
