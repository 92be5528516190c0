// Command tierdesk is the support desk that runs on a vendor's written support policy.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tierdesk/tierdesk/internal/app"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// commands is the whole command line; each flag is also TIERDESK_NAME in the
// environment and a key of the file that --config names.
type commands struct {
	Config kong.ConfigFlag `help:"Read settings from this JSON file, whose keys are names of flags; flags and environment win." type:"existingfile"`

	Serve    serveCommand    `cmd:"" help:"Run the desk."`
	User     userCommand     `cmd:"" help:"Add people, change passwords, make API tokens. Works beside a running server."`
	Register registerCommand `cmd:"" help:"Keep customers, partners, products, people and desks as a file says."`
	Policy   policyCommand   `cmd:"" help:"Check, explain, test and publish support policies."`
	Demo     demoCommand     `cmd:"" help:"Fill a large store for benchmarks."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

type versionCommand struct{}

func (versionCommand) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, "tierdesk", app.Version())
	return err
}

// codeError ends the program with an exit code and says no more.
type codeError int

func (c codeError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line: 0 fine, 1 found wrong, 2 could not run.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var c commands
	code := -1
	parser, err := kong.New(&c, kong.Name("tierdesk"), kong.Description("The support desk that runs on a vendor's written support policy."),
		kong.DefaultEnvars("TIERDESK"), kong.Configuration(readSettings), kong.Writers(out, errOut), kong.Exit(func(n int) { code = n }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(out, (*io.Writer)(nil)), kong.Bind(errorOutput{errOut}))
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 2
	}
	k, err := parser.Parse(args)
	if code >= 0 {
		return code
	}
	if err != nil {
		fmt.Fprintf(errOut, "tierdesk: %v\nRun \"tierdesk --help\" for the commands.\n", err)
		return 2
	}
	return report(k.Run(), errOut)
}

// errorOutput is the standard error output, for a command whose output is a document.
type errorOutput struct{ io.Writer }

func report(err error, errOut io.Writer) int {
	var code codeError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case fault.KindOf(err) == fault.Internal:
		fmt.Fprintln(errOut, "tierdesk:", err)
		return 2
	}
	fmt.Fprintln(errOut, "tierdesk:", fault.Message(err))
	for _, f := range fault.Fields(err) {
		fmt.Fprintf(errOut, "  %s: %s\n", f.Path, f.Message)
	}
	return 2
}
