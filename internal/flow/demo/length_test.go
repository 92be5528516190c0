package demo

import (
	"testing"
	"time"
)

func TestLengthsAreDaysHoursAndMinutes(t *testing.T) {
	for s, want := range map[string]time.Duration{"3h": 3 * time.Hour, "20m": 20 * time.Minute, "3d": 72 * time.Hour, "3d4h10m": 76*time.Hour + 10*time.Minute, "": 0} {
		if got, err := length(s); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"d", "3", "xd", "3dx"} {
		if got, err := length(s); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
}
