package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	for name, c := range map[string]struct {
		in             string
		passed, failed int
		shows, hides   string
	}{
		"pass": {
			`{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}`, 1, 0, "", "chatter",
		},
		"one of two fails": {
			`{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"B"}
{"Action":"pass","Package":"p","Test":"B"}
{"Action":"fail","Package":"p"}`, 1, 1, "got 1, want 2", "",
		},
		"a skip fails": {
			`{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"no PostgreSQL here\n"}
{"Action":"skip","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}`, 0, 1, "no PostgreSQL here", "",
		},
		"a package without tests": {`{"Action":"skip","Package":"p"}`, 0, 0, "", "SKIPPED"},
		"it does not build": {
			`{"ImportPath":"p [p.test]","Action":"build-output","Output":"./x.go:1: undefined: y\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL p [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`, 0, 1, "undefined: y", "",
		},
		"it dies": {
			`{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}`, 0, 1, "panic: boom", "",
		},
		"it fails after its tests": {
			`{"Action":"run","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Output":"exit status 3\n"}
{"Action":"fail","Package":"p"}`, 1, 1, "exit status 3", "",
		},
		"words of the go command itself": {"go: cannot find main module\n", 0, 0, "cannot find main module", ""},
	} {
		var out strings.Builder
		r := &report{out: &out, output: map[key]*strings.Builder{}, failedIn: map[string]int{}, running: map[key]bool{}}
		if err := r.read(strings.NewReader(c.in)); err != nil {
			t.Fatal(err)
		}
		if r.passed != c.passed || r.failed != c.failed {
			t.Errorf("%s: %d passed, %d failed; want %d, %d", name, r.passed, r.failed, c.passed, c.failed)
		}
		if !strings.Contains(out.String(), c.shows) || c.hides != "" && strings.Contains(out.String(), c.hides) {
			t.Errorf("%s: printed %q", name, out.String())
		}
	}
}
