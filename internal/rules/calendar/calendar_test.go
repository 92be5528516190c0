package calendar

import (
	"os"
	"strconv"
	"testing"
)

func seedFromEnv(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("TIERDESK_SEED")
	if text == "" {
		return 0
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}
