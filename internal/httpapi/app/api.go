package app

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/llm"
)

// Options are what the API is built of.
type Options struct {
	Accounts *account.Service
	Converse *converse.Service
	Bus      bus.Bus
	Models   llm.Models
	Single   bool // personal mode: nobody signs in

	FilterLevel string     // of the text filter while nobody has decided
	Providers   []Provider // identity providers, in the order of their buttons
	LDAP        bool       // passwords may be those of a directory
	Site        Site       // what the health page shows; nil: less of it
	Pool        Pool       // holds local models in memory; nil: there are none
	Upstreams   Upstreams  // other servers; nil: there are none
	Version     string

	KeepAlive    time.Duration // silence after which a stream gets a sign of life, default 10 s
	WriteTimeout time.Duration // for one write to a client that does not read, default 30 s

	Log *slog.Logger // nil: nowhere
	Now func() time.Time
}

// API is malmoi's own API.
type API struct {
	opt     Options
	huma    huma.API
	routes  []door.Route
	next    door.Route // what the route that is being added asks
	started time.Time

	open      streams
	imports   chan struct{} // one per file being taken over
	listeners listeners
	unhear    func()
}

// New builds the API.
func New(o Options) *API {
	if o.KeepAlive <= 0 {
		o.KeepAlive = 10 * time.Second
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &API{opt: o, started: o.Now(), imports: make(chan struct{}, maxImports)}
	a.huma = humago.New(table{a}, a.config())
	a.session()
	a.invited()
	a.me()
	a.keys()
	a.users()
	a.groups()
	a.invitations()
	a.audit()
	a.site()
	a.pool()
	a.upstreams()
	a.chats()
	a.messages()
	a.folders()
	a.library()
	a.shares()
	a.exchange()
	a.describe()
	a.docs()
	a.unhear = o.Bus.Subscribe(a.listeners.hear)
	return a
}

// Close stops listening to the bus.
func (a *API) Close() { a.unhear() }

// Routes is the table of routes, with what each asks.
func (a *API) Routes() []door.Route { return a.routes }

// config describes the API and switches off what huma serves by itself: its
// page of documentation loads scripts from another site, and schemas are part
// of the description.
func (a *API) config() huma.Config {
	c := huma.DefaultConfig("malmoi", a.opt.Version)
	c.Info.Description = "malmoi's own API. Times are milliseconds since 1970, ids are opaque, lists go on with ?before=next. " +
		"Answers are made by generative AI (생성형 인공지능): where they are shown to people, say so."
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // they add $schema links to every answer
	c.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	c.Transformers = []huma.Transformer{envelope}
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: door.Cookie(true)},
		"key":     {Type: "http", Scheme: "bearer"},
	}
	return c
}

// table is the mux that huma registers its handlers with. It only writes them
// down: the server puts its own checks in front of each.
type table struct{ a *API }

// HandleFunc implements humago.Mux.
func (t table) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	r := t.a.next
	r.Pattern = pattern
	r.Handle = func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		h(timely{w, t.a.opt.WriteTimeout}, r)
		return nil
	}
	t.a.routes = append(t.a.routes, r)
}

// timely gives an answer its time to be written from when it begins: the body
// of the request may have taken longer than that to arrive.
type timely struct {
	http.ResponseWriter
	timeout time.Duration
}

// WriteHeader implements http.ResponseWriter.
func (w timely) WriteHeader(status int) {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.timeout))
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w timely) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ServeHTTP implements humago.Mux. Nothing is served past the server's checks.
func (table) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// none is the input of an operation that takes nothing.
type none struct{}

// ByID is the input of an operation on one thing.
type ByID struct {
	ID string `path:"id" maxLength:"128"`
}

// reply is an answer with a body.
type reply[O any] struct{ Body O }

// bodyTimeout is for a whole body to arrive, by a slow line too.
const bodyTimeout = time.Minute

// maxBody bounds the bodies of operations that carry no conversation.
const maxBody = 64 << 10

// call adds an operation that answers with a body.
func call[I, O any](a *API, access door.Access, pattern, summary string, h func(context.Context, *I) (O, error)) {
	sized(a, access, pattern, summary, maxBody, h)
}

// sized is call with a limit of its own for the body.
func sized[I, O any](a *API, access door.Access, pattern, summary string, limit int64, h func(context.Context, *I) (O, error)) {
	operate(a, access, operation(pattern, summary, http.StatusOK, limit), func(ctx context.Context, in *I) (*reply[O], error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, err
		}
		return &reply[O]{out}, nil
	})
}

// do adds an operation that answers with nothing but 204.
func do[I any](a *API, access door.Access, pattern, summary string, h func(context.Context, *I) error) {
	doSized(a, access, pattern, summary, maxBody, h)
}

// doSized is do with a limit of its own for the body.
func doSized[I any](a *API, access door.Access, pattern, summary string, limit int64, h func(context.Context, *I) error) {
	operate(a, access, operation(pattern, summary, http.StatusNoContent, limit), func(ctx context.Context, in *I) (*struct{}, error) {
		return nil, h(ctx, in)
	})
}

func operation(pattern, summary string, status int, limit int64) huma.Operation {
	method, path, _ := strings.Cut(pattern, " ")
	tag, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/"), "/")
	return huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: path,
		Summary: summary, Tags: []string{tag}, DefaultStatus: status, MaxBodyBytes: limit + 1, BodyReadTimeout: bodyTimeout,
	}
}

// operationID is "patch-admin-users-id" for PATCH /api/admin/users/{id}.
func operationID(method, path string) string {
	path = strings.NewReplacer("{", "", "}", "", "/", "-", ".", "-").Replace(strings.TrimPrefix(path, "/api/"))
	return strings.ToLower(method) + "-" + path
}

// operate registers an operation with what it asks.
func operate[I, O any](a *API, access door.Access, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	a.next = door.Route{Access: access}
	op.Security = security(access)
	op.Responses = map[string]*huma.Response{"default": errorResponse(a.huma.OpenAPI().Components.Schemas)}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, refuse(ctx, err)
		}
		return out, nil
	})
}

func security(a door.Access) []map[string][]string {
	switch a {
	case door.Open, door.Known:
		return nil
	case door.Personal:
		return []map[string][]string{{"session": {}}}
	}
	return []map[string][]string{{"session": {}}, {"key": {}}}
}

// raw adds a handler that writes its own answer: streams and downloads.
func (a *API) raw(access door.Access, lasting bool, op huma.Operation, h func(http.ResponseWriter, *http.Request) error) {
	op.Security = security(access)
	a.huma.OpenAPI().AddOperation(&op)
	a.routes = append(a.routes, door.Route{
		Pattern: op.Method + " " + op.Path, Access: access, Lasting: lasting,
		Handle: func(w http.ResponseWriter, r *http.Request) error {
			if err := h(w, r); err != nil {
				return wireError(err)
			}
			return nil
		},
	})
}

// who is the user that a request acts for.
func who(ctx context.Context) account.Principal { return door.Of(ctx).Principal }

// millis is a time as the API says it, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is the time that the API says, zero for 0.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
