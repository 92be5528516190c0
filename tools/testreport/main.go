// Command testreport reads `go test -json` from standard input, prints what
// failed, and writes "passed failed" as two numbers to the file named by -o. A
// skipped test counts as failed: whatever is missing must be made present. So
// does a package that failed without a failed test (it did not build, or it died).
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of `go doc test2json`.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	FailedBuild string
}

type key struct{ pkg, test string }

// report gathers the outcome of one run.
type report struct {
	out            io.Writer
	passed, failed int
	output         map[key]*strings.Builder
	failedIn       map[string]int // failed tests of a package
	running        map[key]bool
}

func main() {
	counts := flag.String("o", "", "file for the two numbers")
	flag.Parse()
	r := &report{out: os.Stdout, output: map[key]*strings.Builder{}, failedIn: map[string]int{}, running: map[key]bool{}}
	err := r.read(os.Stdin)
	if err == nil {
		err = os.WriteFile(*counts, fmt.Appendf(nil, "%d %d\n", r.passed, r.failed), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil {
			r.add(e)
		} else if len(line) > 0 {
			fmt.Fprintf(r.out, "%s", line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) add(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "run":
		r.running[k] = true
	case "output":
		r.buffer(k).WriteString(e.Output)
	case "build-output":
		r.buffer(key{e.ImportPath, ""}).WriteString(e.Output)
	case "pass":
		r.end(k, 1, 0)
	case "skip":
		if e.Test != "" {
			r.show(k, "SKIPPED, which counts as failed")
			r.end(k, 0, 1)
		}
	case "fail":
		r.fail(k, e.FailedBuild)
	}
}

func (r *report) fail(k key, build string) {
	if k.test != "" {
		r.show(k, "FAILED")
		r.end(k, 0, 1)
		return
	}
	if build != "" {
		r.show(key{build, ""}, "DOES NOT BUILD")
	}
	for open := range r.running {
		if open.pkg == k.pkg {
			r.show(open, "DID NOT END")
			r.end(open, 0, 1)
		}
	}
	if r.failedIn[k.pkg] == 0 {
		r.show(k, "FAILED")
		r.failed++
	}
}

// end counts a test; a package, which has no test name, is not counted.
func (r *report) end(k key, passed, failed int) {
	delete(r.output, k)
	delete(r.running, k)
	if k.test == "" {
		return
	}
	r.passed += passed
	r.failed += failed
	r.failedIn[k.pkg] += failed
}

func (r *report) show(k key, what string) {
	fmt.Fprintf(r.out, "--- %s: %s %s\n", what, k.pkg, k.test)
	fmt.Fprint(r.out, r.buffer(k).String())
	delete(r.output, k)
}

func (r *report) buffer(k key) *strings.Builder {
	if r.output[k] == nil {
		r.output[k] = &strings.Builder{}
	}
	return r.output[k]
}
