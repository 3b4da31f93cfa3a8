// Package door holds what the checks in front of every route and the handlers
// behind them tell each other: what a route asks of a request, and what is
// known of the request once it may come in.
//
// It refuses to know how credentials are checked and what handlers do. A
// Request belongs to the goroutine of its HTTP request.
package door

import (
	"context"
	"errors"
	"net/http"
	"net/netip"

	"malmoi/internal/account"
)

// Access says what a route asks of a request before its handler runs.
type Access int

// The kinds of access, from nothing to everything.
const (
	Open     Access = iota // anybody; credentials are not looked at
	Known                  // anybody; a valid credential says who it is
	SignedIn               // any valid credential
	Personal               // the person at a browser: a session and not an API key
	Chats                  // one's own conversations: scope chats
	Writes                 // scope chats, and a user who may change things
	Models                 // the model APIs: scope models
	Admin                  // scope admin
)

// String names an access as the tests print it.
func (a Access) String() string {
	names := []string{"open", "known", "signed in", "personal", "chats", "writes", "models", "admin"}
	if a < 0 || int(a) >= len(names) {
		return "unknown"
	}
	return names[a]
}

// Route is one method and path with its handler. The error that Handle returns
// becomes the answer if none has begun.
type Route struct {
	Pattern string // as net/http's mux reads it: "GET /api/chats/{id}"
	Access  Access
	Lasting bool // has no end of its own and is cut as soon as the server begins to stop
	Handle  func(http.ResponseWriter, *http.Request) error
}

// Request is what is known of a request.
type Request struct {
	ID        string            // as logs and X-Request-Id have it
	Principal account.Principal // zero if nobody is known
	Address   netip.Addr        // of the client, behind trusted proxies too
	Secure    bool              // the client came by https
	AtMachine bool              // the client sits at this machine, as far as can be told
	Failure   error             // the internal cause of a 5xx, for the log only
}

// SignedIn reports whether somebody is known.
func (r *Request) SignedIn() bool { return r.Principal.User != "" }

// Why the context of a request ends before its handler does.
var (
	// ErrEnded: the session or key that began the request has ended.
	ErrEnded = errors.New("the session has ended")
	// ErrStopping: the server stops.
	ErrStopping = errors.New("the server is stopping")
)

type requestKey struct{}

// With puts a request's facts into its context.
func With(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// Of returns what With put there, or an empty Request, which nobody is.
func Of(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}
