package asset_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/tierdesk/tierdesk/internal/web/asset"
)

func TestAddressesCarryTheHashAndAreKeptLong(t *testing.T) {
	set, err := asset.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tierdesk.css", "tierdesk.js", "tierdesk.svg"} {
		url := set.URL(name)
		if !regexp.MustCompile(`^/assets/tierdesk\.[0-9a-f]{12}\.(css|js|svg)$`).MatchString(url) {
			t.Errorf("URL(%q) = %q", name, url)
		}
		answer := get(set, url, "gzip, br")
		if answer.Code != http.StatusOK || !strings.Contains(answer.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, %q", url, answer.Code, answer.Header().Get("Cache-Control"))
		}
		if answer.Header().Get("Content-Encoding") != "gzip" || get(set, url, "").Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed for those who cannot read it, or not for those who can", url)
		}
	}
	if got := get(set, "/assets/tierdesk.000000000000.css", "").Code; got != http.StatusNotFound {
		t.Errorf("a stale hash answers %d, want 404", got)
	}
}

// The pages are served with default-src 'self': nothing in the assets may need more.
func TestAssetsNeedNoForeignOrInlineSource(t *testing.T) {
	set, err := asset.New()
	if err != nil {
		t.Fatal(err)
	}
	most := map[string]int{"tierdesk.js": 350, "rulebook.js": 160}
	for _, name := range []string{"tierdesk.css", "tierdesk.js", "rulebook.js"} {
		body := get(set, set.URL(name), "").Body.String()
		for _, forbidden := range []string{"http:", "https:", "data:", "@import", "eval(", ".innerHTML"} {
			if strings.Contains(body, forbidden) {
				t.Errorf("%s contains %q", name, forbidden)
			}
		}
		if lines := strings.Count(body, "\n"); most[name] > 0 && (lines > most[name] || lines == 0) {
			t.Errorf("%s has %d lines, more than %d", name, lines, most[name])
		}
	}
}

func get(set http.Handler, url, encoding string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, url, nil)
	request.Header.Set("Accept-Encoding", encoding)
	recorder := httptest.NewRecorder()
	set.ServeHTTP(recorder, request)
	return recorder
}
