package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/db/dbtest"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

func wallClock() int64 { return time.Now().UnixMilli() }

const opening = `{"subject": "Camera stays black", "body": "Since this morning. The light is on, the picture is black.", "category": "camera-microphone", "reference": "ACME-7"}`

// BenchmarkOpen is the use case alone, by as many clients as BenchmarkPost has.
func BenchmarkOpen(b *testing.B) {
	h := build(b, dbtest.SQLite(b, wallClock))
	var actor identity.Actor
	err := h.d.Read(b.Context(), func(tx *db.Tx) (err error) {
		actor, err = identity.ActorByToken(tx, h.tokens[namedUser])
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := h.config.Tickets.Open(b.Context(), actor, ticket.Draft{Channel: "api", Subject: "Camera stays black",
				Body: "Since this morning. The light is on, the picture is black.", Category: "camera-microphone", Reference: "ACME-7", Verified: true})
			if err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkPost is the same through the API, without a network.
func BenchmarkPost(b *testing.B) {
	h := build(b, dbtest.SQLite(b, wallClock))
	token := "Bearer " + h.tokens[namedUser]
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/tickets", strings.NewReader(opening))
			r.Header.Set("Authorization", token)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			if w.Code != http.StatusCreated {
				b.Errorf("status %d: %s", w.Code, w.Body)
			}
		}
	})
}

// BenchmarkList is a page of 50 tickets with their decisions.
func BenchmarkList(b *testing.B) {
	h := build(b, dbtest.SQLite(b, wallClock))
	for range 200 {
		h.open(namedUser, nil)
	}
	for b.Loop() {
		h.do(namedUser, "GET", "/tickets?limit=50", nil).is(200)
	}
}
