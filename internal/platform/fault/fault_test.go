package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

func TestKindSurvivesWrapping(t *testing.T) {
	cause := errors.New("disk said no")
	err := error(fault.New(fault.Unavailable, "Please try again in a minute.").WithCause(cause))
	fault.Wrap(&err, "ticket.Open %s", "T-1")
	err = fmt.Errorf("outer: %w", err)
	if fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("kind = %v", fault.KindOf(err))
	}
	if got := fault.Message(err); got != "Please try again in a minute." {
		t.Fatalf("message = %q", got)
	}
	if !errors.Is(err, cause) {
		t.Fatal("the cause is lost")
	}
}

func TestAnUnknownErrorShowsNothingOfItself(t *testing.T) {
	if got := fault.Message(errors.New("pq: secret")); got != "Something went wrong on our side. Nothing was lost; please try again." {
		t.Fatalf("message = %q", got)
	}
	if fault.Is(nil, fault.Internal) {
		t.Fatal("nil is no fault")
	}
}

func TestFieldsAreNotShared(t *testing.T) {
	base := fault.New(fault.Invalid, "Check the form.")
	a, b := base.WithField("subject", "Write a subject."), base.WithField("body", "Say what happened.")
	if len(base.Fields) != 0 || len(a.Fields) != 1 || len(b.Fields) != 1 {
		t.Fatalf("fields leaked: %v %v %v", base.Fields, a.Fields, b.Fields)
	}
}
