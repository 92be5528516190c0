package ticket

import (
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/product"
	"github.com/tierdesk/tierdesk/internal/rules/calendar"
	"github.com/tierdesk/tierdesk/internal/rules/coverage"
	"github.com/tierdesk/tierdesk/internal/rules/lifecycle"
)

// maxReleases bounds the releases of a product that are kept with each judgement.
const maxReleases = 64

// versionFacts reads what the register knows of the instance's version: where the policy's dates hang on other releases,
// those too, and those of the products that this one depends on.
func (f *facts) versionFacts(tx *db.Tx) error {
	productID, s := f.account.ProductID, &f.situation
	s.Version = coverage.VersionFacts{ID: f.instance.Version, Dependency: f.instance.Dependency.Versions()}
	v, err := product.VersionOf(tx, productID, f.instance.Version)
	switch {
	case err == nil:
		s.Version.Track, s.Version.Released, s.Version.Until = v.Track, v.ReleasedOn, v.EndOfLife
		if s.Version.Dependency == nil {
			s.Version.Dependency = v.Dependency.Versions()
		}
	case !fault.Is(err, fault.NotFound):
		return err
	}
	if !f.rules.Policy.LooksAtReleases(productID) {
		return nil
	}
	if s.Version.Releases, err = releases(tx, productID, s.Version.ID); err != nil {
		return err
	}
	for id, version := range s.Version.Dependency {
		list, err := releases(tx, id, version)
		if err != nil {
			return err
		}
		if list == nil {
			continue
		}
		if s.Version.DependencyReleases == nil {
			s.Version.DependencyReleases = map[string]coverage.Releases{}
		}
		s.Version.DependencyReleases[id] = list
	}
	return nil
}

// releases are those of a product that can say anything about a version; nil where the register has none of the product.
func releases(tx *db.Tx, productID, version string) (coverage.Releases, error) {
	known, err := product.Versions(tx, productID)
	if err != nil || len(known) == 0 {
		return nil, err
	}
	list := make([]lifecycle.Release, 0, len(known))
	for _, v := range known {
		list = append(list, lifecycle.Release{Version: lifecycle.ParseVersion(v.Version), On: day(v.ReleasedOn), Track: v.Track, Until: day(v.EndOfLife),
			Needs: lifecycle.NeededOf(v.Dependency.Versions())})
	}
	return append(coverage.Releases{}, lifecycle.Relevant(list, lifecycle.ParseVersion(version), maxReleases)...), nil
}

// day is a date of the register, open where there is none.
func day(text string) lifecycle.Date {
	if d, err := calendar.ParseDate(text); err == nil {
		return d
	}
	return lifecycle.Open
}
