// Package account holds what customers have: contracts for a product, and the
// instances of it that they run.
package account

import (
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/org"
	"github.com/tierdesk/tierdesk/internal/register/product"
)

// Account is one contract of an organisation for one product. ProductType and
// Region are words of the policy, empty where it has none. PartnerID is the partner who looks after the
// account, or empty. The dates are local, "2006-01-02", or empty: the contract
// runs from ContractStarts to the end of ContractEnds, maintenance to the end of
// MaintenanceUntil; an empty ContractEnds is open, an empty MaintenanceUntil
// means no maintenance. CreatedAt is UTC milliseconds.
type Account struct {
	ID                string
	OrgID             string
	Name              string
	ProductID         string
	ProductType       string
	Region            string
	PartnerID         string
	ContractStarts    string
	ContractEnds      string
	MaintenanceUntil  string
	NewReleases       bool // entitled to new releases
	DefaultInstanceID string
	// Facts is what else the contract says, in the words of the policy: JSON in the form of a situation, checked by whoever
	// saves it; empty for nothing.
	Facts     string
	CreatedAt int64
}

// Instance is one installation of an account's product. Dependency is the version
// that it runs of each product that this one depends on. CreatedAt is UTC milliseconds.
type Instance struct {
	ID         string
	AccountID  string
	Name       string
	URL        string
	Version    string
	Dependency product.Dependency
	Facts      string // of the product as it runs here, as those of an account
	CreatedAt  int64
}

// InForce reports whether the contract runs on a local date.
func (a Account) InForce(date string) bool {
	return a.ContractStarts <= date && (a.ContractEnds == "" || date <= a.ContractEnds)
}

// MaintenanceActive reports whether the contract runs and is maintained on a local date.
func (a Account) MaintenanceActive(date string) bool {
	return a.InForce(date) && a.MaintenanceUntil != "" && date <= a.MaintenanceUntil
}

// Create registers an account; an empty ID is made.
// Faults: Invalid with fields org, name, product, product_type, region, partner,
// contract_starts, contract_ends, maintenance_until.
func Create(tx *db.Tx, a Account) (Account, error) {
	a.Name, a.DefaultInstanceID = strings.TrimSpace(a.Name), ""
	bad := a.check()
	bad, err := a.checkOthers(tx, bad)
	if err != nil {
		return Account{}, err
	}
	if len(bad.Fields) > 0 {
		return Account{}, bad
	}
	if a.ID == "" {
		a.ID = db.NewID()
	}
	a.CreatedAt = tx.Now()
	return a, insert(tx, a)
}

// Update changes what Create saves of the account with a's ID, but not whose it
// is or its default instance. It returns what was saved. Faults: as Create; NotFound.
func Update(tx *db.Tx, a Account) (Account, error) {
	before, err := ByID(tx, a.ID)
	if err != nil {
		return Account{}, err
	}
	a.Name = strings.TrimSpace(a.Name)
	a.OrgID, a.DefaultInstanceID, a.CreatedAt = before.OrgID, before.DefaultInstanceID, before.CreatedAt
	bad, err := a.checkOthers(tx, a.check())
	if err != nil {
		return Account{}, err
	}
	if len(bad.Fields) > 0 {
		return Account{}, bad
	}
	return a, update(tx, a)
}

func (a Account) check() *fault.Error {
	bad := fault.New(fault.Invalid, "The account was not saved; correct the fields marked below.")
	if !line(a.Name, 200) {
		bad = bad.WithField("name", "Write a name of up to 200 characters on one line.")
	}
	if a.ProductType != "" && !line(a.ProductType, 100) {
		bad = bad.WithField("product_type", "Choose a product type of the policy.")
	}
	if a.Region != "" && !line(a.Region, 100) {
		bad = bad.WithField("region", "Choose a region of the policy, or leave it empty.")
	}
	for _, f := range []struct{ path, date string }{
		{"contract_starts", a.ContractStarts}, {"contract_ends", a.ContractEnds}, {"maintenance_until", a.MaintenanceUntil},
	} {
		if f.date != "" && !date(f.date) {
			bad = bad.WithField(f.path, "Write a date such as 2026-01-31, or leave it empty.")
		}
	}
	if a.ContractEnds != "" && a.ContractEnds < a.ContractStarts {
		bad = bad.WithField("contract_ends", "The contract can't end before it starts.")
	}
	return bad
}

// checkOthers adds what is wrong with the rows that the account points to.
func (a Account) checkOthers(tx *db.Tx, bad *fault.Error) (*fault.Error, error) {
	if _, err := org.ByID(tx, a.OrgID); fault.Is(err, fault.NotFound) {
		bad = bad.WithField("org", "Choose an organisation.")
	} else if err != nil {
		return nil, err
	}
	if _, err := product.ByID(tx, a.ProductID); fault.Is(err, fault.NotFound) {
		bad = bad.WithField("product", "Choose a product.")
	} else if err != nil {
		return nil, err
	}
	if a.PartnerID == "" {
		return bad, nil
	}
	partner, err := org.ByID(tx, a.PartnerID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if partner.Kind != org.Partner {
		bad = bad.WithField("partner", "Choose a partner, or leave it empty.")
	}
	return bad, nil
}

// AddInstance registers an instance; an empty ID is made. The version need not be
// registered with the product: what runs is a fact. The first instance of an
// account is its default.
// Faults: Invalid with fields name, url, version; NotFound for an unknown account.
func AddInstance(tx *db.Tx, i Instance) (Instance, error) {
	i = i.tidy()
	if err := i.check(); err != nil {
		return Instance{}, err
	}
	a, err := ByID(tx, i.AccountID)
	if err != nil {
		return Instance{}, err
	}
	if i.ID == "" {
		i.ID = db.NewID()
	}
	i.CreatedAt = tx.Now()
	if err := insertInstance(tx, i); err != nil {
		return Instance{}, err
	}
	if a.DefaultInstanceID == "" {
		return i, setDefault(tx, a.ID, i.ID)
	}
	return i, nil
}

// UpdateInstance changes name, address and version of the instance with i's ID.
// It returns what was saved. Faults: Invalid with fields name, url, version; NotFound.
func UpdateInstance(tx *db.Tx, i Instance) (Instance, error) {
	saved, err := InstanceByID(tx, i.ID)
	if err != nil {
		return Instance{}, err
	}
	saved.Name, saved.URL, saved.Version, saved.Dependency = i.Name, i.URL, i.Version, i.Dependency
	saved = saved.tidy()
	if err := saved.check(); err != nil {
		return Instance{}, err
	}
	return saved, updateInstance(tx, saved)
}

func (i Instance) tidy() Instance {
	i.Name, i.URL, i.Version = strings.TrimSpace(i.Name), strings.TrimSpace(i.URL), strings.TrimSpace(i.Version)
	return i
}

func (i Instance) check() error {
	bad := fault.New(fault.Invalid, "The instance was not saved; correct the fields marked below.")
	if !line(i.Name, 200) {
		bad = bad.WithField("name", "Write a name of up to 200 characters on one line.")
	}
	if i.URL != "" && !webAddress(i.URL) {
		bad = bad.WithField("url", "Write an address such as https://meet.example.com, or leave it empty.")
	}
	if i.Version != "" && !line(i.Version, 100) {
		bad = bad.WithField("version", "Write a version such as 3.2.1, or leave it empty.")
	}
	if !i.Dependency.Valid() {
		bad = bad.WithField("dependency", "Write the version of each product that this one runs on, or leave it empty.")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// SetDefault makes an instance the one that requests without an instance concern.
// Faults: NotFound when the account has no such instance.
func SetDefault(tx *db.Tx, accountID, instanceID string) error {
	i, err := InstanceByID(tx, instanceID)
	if err != nil {
		return err
	}
	if i.AccountID != accountID {
		return notFound("instance")
	}
	return setDefault(tx, accountID, instanceID)
}

// Default is the account, and the instance if there is one, that a request of an
// organisation concerns when it names none: the only account.
// Faults: NotFound without an account; Invalid with field instance when there are several.
func Default(tx *db.Tx, orgID string) (Account, *Instance, error) {
	list, err := withDefaults(tx, orgID)
	switch {
	case err != nil:
		return Account{}, nil, err
	case len(list) == 0:
		return Account{}, nil, fault.New(fault.NotFound, "Your organisation has no account yet; ask the vendor to add one.")
	case len(list) > 1:
		return Account{}, nil, fault.New(fault.Invalid, "Your organisation has several accounts; say which instance the request is about.").
			WithField("instance", "Choose the instance that the request is about.")
	}
	return list[0].account, list[0].instance, nil
}

func line(s string, limit int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
}

func date(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && line(s, 2000)
}

func notFound(what string) error {
	return fault.Newf(fault.NotFound, "There is no such %s; choose one from the list.", what)
}
