// Package product holds the vendor's products, their versions, and until when
// each version is supported.
package product

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// Product is one product. ID is the word that the policy uses for it.
type Product struct {
	ID   string
	Name string
}

// Version is one version of a product. ReleasedOn is a local date; EndOfLife is
// the last supported day, whole in the policy's zone, and empty while none is announced.
// Track is the release track, empty for the main one. Dependency is what it works with.
type Version struct {
	ProductID  string
	Version    string
	ReleasedOn string
	EndOfLife  string
	Track      string
	Dependency Dependency
}

// Dependency is the version of each product that something works with or runs on,
// as text: "core 9.2, base 3.1", the products in the order of the alphabet.
type Dependency string

// DependencyOf writes the versions of some products.
func DependencyOf(versions map[string]string) Dependency {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(versions)) {
		parts = append(parts, id+" "+versions[id])
	}
	return Dependency(strings.Join(parts, ", "))
}

// Versions are the versions by product; nil where there are none.
func (d Dependency) Versions() map[string]string {
	var m map[string]string
	for part := range strings.SplitSeq(string(d), ", ") {
		if id, version, ok := strings.Cut(part, " "); ok {
			if m == nil {
				m = map[string]string{}
			}
			m[id] = version
		}
	}
	return m
}

// Valid reports whether the text is one that DependencyOf writes, of versions without spaces.
func (d Dependency) Valid() bool {
	versions := d.Versions()
	for _, v := range versions {
		if v == "" || strings.ContainsFunc(v, unicode.IsSpace) {
			return false
		}
	}
	return len(d) <= 500 && DependencyOf(versions) == d
}

// Create registers a product, or renames it.
// Faults: Invalid with fields id, name.
func Create(tx *db.Tx, p Product) error {
	p.ID, p.Name = strings.TrimSpace(p.ID), strings.TrimSpace(p.Name)
	bad := fault.New(fault.Invalid, "The product was not saved; correct the fields marked below.")
	if !line(p.ID, 100) {
		bad = bad.WithField("id", "Write the word that the policy uses for the product.")
	}
	if !line(p.Name, 200) {
		bad = bad.WithField("name", "Write a name of up to 200 characters on one line.")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return save(tx, p)
}

// CreateVersion registers a version.
// Faults: Invalid with fields version, released_on, end_of_life, track, dependency; NotFound for an
// unknown product; Conflict for a version that is registered already.
func CreateVersion(tx *db.Tx, v Version) error {
	v.Version = strings.TrimSpace(v.Version)
	if err := v.check(); err != nil {
		return err
	}
	if _, err := ByID(tx, v.ProductID); err != nil {
		return err
	}
	added, err := insertVersion(tx, v)
	if err == nil && !added {
		return fault.New(fault.Conflict, "This version is registered already; change that one.").WithField("version", "This version is registered already.")
	}
	return err
}

// UpdateVersion changes the release and the end of life of a version.
// Faults: Invalid with fields released_on, end_of_life, track, dependency; NotFound.
func UpdateVersion(tx *db.Tx, v Version) error {
	if _, err := VersionOf(tx, v.ProductID, v.Version); err != nil {
		return err
	}
	if err := v.check(); err != nil {
		return err
	}
	return updateVersion(tx, v)
}

func (v Version) check() error {
	bad := fault.New(fault.Invalid, "The version was not saved; correct the fields marked below.")
	if !line(v.Version, 100) {
		bad = bad.WithField("version", "Write a version such as 3.2.1.")
	}
	if !date(v.ReleasedOn) {
		bad = bad.WithField("released_on", "Write a date such as 2026-01-31.")
	}
	if v.EndOfLife != "" && (!date(v.EndOfLife) || v.EndOfLife < v.ReleasedOn) {
		bad = bad.WithField("end_of_life", "Write a date on or after the release, or leave it empty.")
	}
	if v.Track != "" && !line(v.Track, 100) {
		bad = bad.WithField("track", "Write the word that the policy uses for the release track, or leave it empty.")
	}
	if !v.Dependency.Valid() {
		bad = bad.WithField("dependency", "Write a version for each product that this one works with.")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// AnnounceEndOfLife sets the last supported day of a version; empty withdraws it.
// Faults: Invalid with field end_of_life, NotFound.
func AnnounceEndOfLife(tx *db.Tx, productID, version, lastDay string) error {
	v, err := VersionOf(tx, productID, version)
	if err != nil {
		return err
	}
	if lastDay != "" && (!date(lastDay) || lastDay < v.ReleasedOn) {
		return fault.New(fault.Invalid, "The end of life was not saved; correct the date.").
			WithField("end_of_life", "Write a date on or after the release, or leave it empty.")
	}
	return setEndOfLife(tx, productID, version, lastDay)
}

func line(s string, limit int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
}

func date(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func missing(err error, what string) error {
	if errors.Is(err, db.ErrNoRows) {
		return fault.Newf(fault.NotFound, "There is no such %s; choose one from the list.", what)
	}
	return err
}
