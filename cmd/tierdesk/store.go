package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tierdesk/tierdesk/internal/app"
	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/org"
)

// store names the store that a command works on, beside a running server or without one.
type store struct {
	Data     string `help:"Data folder of the desk." type:"path"`
	Database string `help:"PostgreSQL URL, instead of --data."`
}

func (s *store) open(ctx context.Context) (*db.DB, error) {
	return app.OpenStore(ctx, s.Data, s.Database)
}

type userCommand struct {
	Add    userAdd    `cmd:"" help:"Add a person."`
	Token  userToken  `cmd:"" help:"Make an API token and print it."`
	Passwd userPasswd `cmd:"" help:"Set a password, read from the first line of standard input."`
	Grant  userGrant  `cmd:"" help:"Give a person further roles."`
	Revoke userRevoke `cmd:"" help:"Take roles from a person."`
}

type userAdd struct {
	store
	Email string   `arg:"" help:"Their address."`
	Name  string   `help:"Their name; the address if not given."`
	Org   string   `help:"Domain or name of their organisation; the vendor if not given."`
	Role  []string `help:"admin, end-user, manager, policy-owner, or the id of a level they serve."`
	// Vendor makes the first organisation of a new desk.
	Vendor string `help:"Name of the vendor, to make the first organisation of a new desk."`
}

func (c *userAdd) Run(ctx context.Context, out io.Writer) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Write(ctx, func(tx *db.Tx) error {
		o, err := c.organisation(tx)
		if err != nil {
			return err
		}
		name := c.Name
		if name == "" {
			name = c.Email
		}
		p, err := identity.Create(tx, identity.Person{OrgID: o.ID, Name: name, Email: c.Email, Zone: o.Zone}, identity.Memberships(c.Role))
		if err != nil {
			return err
		}
		tx.AfterCommit(func() {
			fmt.Fprintf(out, "%s of %s was added. Set a password: tierdesk user passwd %s\n", p.Name, o.Name, p.Email)
		})
		return nil
	})
}

func (c *userAdd) organisation(tx *db.Tx) (org.Org, error) {
	if c.Vendor != "" {
		_, domain, _ := strings.Cut(c.Email, "@")
		return firstVendor(tx, c.Vendor, domain)
	}
	if c.Org == "" {
		o, err := org.VendorOrg(tx)
		if fault.Is(err, fault.NotFound) {
			return o, fault.New(fault.Invalid, "This desk has no organisation yet. Make the first one: add --vendor NAME.").WithCause(err)
		}
		return o, err
	}
	for _, kind := range []org.Kind{org.Vendor, org.Partner, org.Customer} {
		list, err := org.ByKind(tx, kind)
		if err != nil {
			return org.Org{}, err
		}
		for _, o := range list {
			if strings.EqualFold(o.Domain, c.Org) || strings.EqualFold(o.Name, c.Org) || o.ID == c.Org {
				return o, nil
			}
		}
	}
	return org.Org{}, fmt.Errorf("no organisation has the domain or name %q", c.Org)
}

// firstVendor makes the vendor of a new desk, with a desk for each of the three levels of the default policy.
func firstVendor(tx *db.Tx, name, domain string) (org.Org, error) {
	o, err := org.Create(tx, org.Org{Kind: org.Vendor, Name: name, Domain: domain, Zone: "UTC"})
	if err != nil {
		return o, err
	}
	return o, app.VendorDesks(tx, o)
}

type userToken struct {
	store
	Email string `arg:"" help:"Whose token."`
	Name  string `default:"command line" help:"What it is for."`
}

func (c *userToken) Run(ctx context.Context, out io.Writer) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	var bare string
	err = d.Write(ctx, func(tx *db.Tx) error {
		p, err := identity.ByEmail(tx, strings.ToLower(c.Email))
		if err != nil {
			return err
		}
		bare, _, err = identity.CreateToken(tx, p.ID, c.Name)
		return err
	})
	if err == nil {
		_, err = fmt.Fprintln(out, bare)
	}
	return err
}

type userPasswd struct {
	store
	Email string `arg:"" help:"Whose password."`
}

func (c *userPasswd) Run(ctx context.Context, out io.Writer) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	var id string
	err = d.Read(ctx, func(tx *db.Tx) error {
		p, err := identity.ByEmail(tx, strings.ToLower(c.Email))
		id = p.ID
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "New password for %s: ", c.Email)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return fmt.Errorf("no password was given on standard input")
	}
	if err := identity.New(d).SetPassword(ctx, id, strings.TrimRight(line, "\r\n")); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "\nThe password was changed; other sessions have ended.")
	return err
}

type userRoles struct {
	store
	Email string   `arg:"" help:"Whose roles."`
	Role  []string `arg:"" help:"admin, end-user, manager, policy-owner, or the id of a level."`
}

type userGrant struct{ userRoles }

func (c *userGrant) Run(ctx context.Context, out io.Writer) error {
	return c.change(ctx, out, "has now", identity.Grant)
}

type userRevoke struct{ userRoles }

func (c *userRevoke) Run(ctx context.Context, out io.Writer) error {
	return c.change(ctx, out, "has no more", identity.Revoke)
}

func (c *userRoles) change(ctx context.Context, out io.Writer, did string, change func(*db.Tx, string, []identity.Membership) error) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Write(ctx, func(tx *db.Tx) error {
		p, err := identity.ByEmail(tx, strings.ToLower(c.Email))
		if err != nil {
			return err
		}
		return change(tx, p.ID, identity.Memberships(c.Role))
	})
	if err == nil {
		_, err = fmt.Fprintf(out, "%s %s: %s. It counts from the next page on.\n", c.Email, did, strings.Join(c.Role, ", "))
	}
	return err
}
