// Package api serves /api/v1: the use cases of tickets for machines, described
// by the OpenAPI document that is made from the same declarations.
package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
	"github.com/tierdesk/tierdesk/internal/register/identity"
	"github.com/tierdesk/tierdesk/internal/register/rulebook"
	"github.com/tierdesk/tierdesk/internal/work/attach"
	"github.com/tierdesk/tierdesk/internal/work/ticket"
)

const (
	base = "/api/v1"
	// maxBody bounds a JSON body, maxUpload a body with files, in bytes.
	maxBody   = 2 << 20
	maxUpload = 25 << 20
	// readTimeout is how long a client may take to send a JSON body.
	readTimeout = time.Minute
)

// Config wires the API to the use cases.
type Config struct {
	DB       *db.DB
	Tickets  *ticket.Service
	Identity *identity.Service
	Book     *rulebook.Book
	Files    *attach.Store
	Log      *slog.Logger
	Version  string
	// RateBurst is how many requests each token may make at once, RateEvery the
	// time after which it may make one more, at least a millisecond. Zero means no limit.
	RateBurst int
	RateEvery time.Duration
}

// api is the running interface.
type api struct {
	Config
	huma     huma.API
	mux      *http.ServeMux
	limiter  *identity.Limiter
	names    *orgNames
	document []byte
	// actors are those whose tokens were read a moment ago, by the hash of the token.
	actors *db.Memory[[sha256.Size]byte, identity.Actor]
}

// New makes the handler of everything under /api/v1.
func New(c Config) http.Handler { return build(c) }

func build(c Config) *api {
	a := &api{Config: c, mux: http.NewServeMux(), names: &orgNames{db: c.DB, known: map[string]orgName{}},
		actors: db.Remember[[sha256.Size]byte, identity.Actor](c.DB, "api_token", "person", "membership", "organisation")}
	if c.RateBurst > 0 && c.RateEvery > 0 {
		a.limiter = identity.NewLimiter(c.DB.Now, c.RateBurst, c.RateEvery)
	}
	a.huma = humago.New(a.mux, a.config())
	a.addTickets()
	a.addMessages()
	a.addAttachments()
	a.addActions()
	a.addTimeline()
	a.addCoverage()
	a.addPolicy()
	a.addPeople()
	a.mux.HandleFunc("/", a.unknown)
	a.document = a.describe()
	return a
}

func (a *api) config() huma.Config {
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Tierdesk", Version: a.Version, Description: "Support in levels by a written policy. Instants are UTC. " +
			"Errors are problem documents (RFC 9457) that name the fields at fault."},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
			SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer",
				Description: "A token acts as the person who owns it."}},
		},
	}
	// no docs page: huma's own loads scripts from other hosts
	return huma.Config{OpenAPI: doc, Formats: map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}, DefaultFormat: "application/json",
		RejectUnknownQueryParameters: true, Transformers: []huma.Transformer{a.plain}}
}

// describe writes the document once: huma's own endpoint would write it at the
// first request, without a lock.
func (a *api) describe() []byte {
	doc := a.huma.OpenAPI()
	// huma registers its own error type, which no answer has
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
	data, err := json.Marshal(doc)
	if err != nil {
		panic(err) // a declaration that cannot be written is a mistake in this package
	}
	return data
}

// call is one request with who makes it.
type call struct {
	actor identity.Actor
	w     http.ResponseWriter
	r     *http.Request
}

type callKey struct{}

// ServeHTTP proves the caller before anything else: without a token nothing can
// be learned but the document.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer a.recover(w, r)
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if r.URL.Path == base+"/openapi.json" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(a.document)
		return
	}
	actor, err := a.authenticate(r)
	if err != nil {
		a.problemOf(r.Context(), r.Method, r.URL.Path, err).write(w)
		return
	}
	if !utf8.ValidString(r.URL.Path) || strings.ContainsRune(r.URL.Path, 0) {
		// no id looks like that, and PostgreSQL stores no such text
		nowhere().write(w)
		return
	}
	c := &call{actor: actor, w: w, r: r}
	a.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callKey{}, c)))
}

func (a *api) authenticate(r *http.Request) (actor identity.Actor, err error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return actor, fault.New(fault.Unauthenticated, "This needs an API token: send it as \"Authorization: Bearer TOKEN\".")
	}
	if a.limiter != nil {
		if err := a.limiter.Take(token); err != nil {
			return actor, err
		}
	}
	return a.actors.Get(sha256.Sum256([]byte(token)), func() (actor identity.Actor, err error) {
		err = a.DB.Read(r.Context(), func(tx *db.Tx) error {
			actor, err = identity.ActorByToken(tx, token)
			return err
		})
		return actor, err
	})
}

func (a *api) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // the server panics with this very value
		panic(v)
	}
	if r.Context().Err() != nil {
		// the client went away while the answer was written
		return
	}
	a.Log.Error("API request failed", "method", r.Method, "path", r.URL.Path, "panic", v)
	newProblem(http.StatusInternalServerError, fault.Message(nil)).write(w)
}

// unknown answers what no operation serves: 405 when another method would, else 404.
func (a *api) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		nowhere().write(w)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	newProblem(http.StatusMethodNotAllowed, "This address does not take that method. Use "+strings.Join(allowed, " or ")+".").write(w)
}

func nowhere() *problem {
	return newProblem(http.StatusNotFound, "There is no such address. /api/v1/openapi.json lists them all.")
}

// operation is what differs between operations; the rest is the same for all.
type operation struct {
	id, method, path, summary, about, tag string
	// status of success; 0 means 200
	status int
	// errors beside those that every operation can answer with
	errors []int
	// ok describes the answer of an operation that huma does not write itself
	ok *huma.Response
	// raw leaves the body to the operation
	raw bool
}

// add registers an operation: its description, the caller, and one place that turns faults into problems.
func add[I, O any](a *api, o operation, fn func(context.Context, *call, *I) (*O, error)) {
	op := huma.Operation{OperationID: o.id, Method: o.method, Path: base + o.path, Summary: o.summary, Description: o.about, Tags: []string{o.tag},
		DefaultStatus: o.status, MaxBodyBytes: maxBody + 1, BodyReadTimeout: readTimeout, SkipValidateBody: o.raw,
		Security: []map[string][]string{{"token": {}}}, Responses: a.problems(o)}
	if o.ok != nil {
		op.Responses[strconv.Itoa(max(o.status, http.StatusOK))] = o.ok
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c, ok := ctx.Value(callKey{}).(*call)
		if !ok {
			return nil, a.problemOf(ctx, o.method, op.Path, fault.New(fault.Unauthenticated, "This needs an API token."))
		}
		out, err := fn(ctx, c, in)
		if err != nil {
			return nil, a.problemOf(ctx, o.method, c.r.URL.Path, err)
		}
		return out, nil
	})
}

// problems describes the errors of an operation.
func (a *api) problems(o operation) map[string]*huma.Response {
	codes := append([]int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}, o.errors...)
	if o.method == http.MethodPost {
		codes = append(codes, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	slices.Sort(codes)
	schema := schemaOf[problem](a.huma.OpenAPI().Components.Schemas)
	out := map[string]*huma.Response{}
	for _, code := range slices.Compact(codes) {
		out[strconv.Itoa(code)] = &huma.Response{Description: describeStatus(code), Headers: headersOf(code),
			Content: map[string]*huma.MediaType{problemType: {Schema: schema}}}
	}
	return out
}
