package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"malmoi/internal/httpapi/door"
	"malmoi/internal/llm"
)

// Server answers HTTP requests with the models it was given.
type Server struct {
	models  llm.Models
	opt     Options
	keys    keySet
	gate    *gate
	metrics *metrics
	history *history
	slots   chan struct{} // one per request at work
	handler http.Handler
	table   []door.Route

	draining  atomic.Bool   // no longer ready: the server is about to stop
	soon      chan struct{} // closed when what has no end of its own must end
	stop      chan struct{} // closed when answers under way must end
	soonOnce  sync.Once
	closeOnce sync.Once
}

// New checks the options and builds the server. It does not listen.
func New(models llm.Models, o Options) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	s := &Server{
		models: models,
		opt:    o,
		keys:   newKeySet(o.APIKeys),
		slots:  make(chan struct{}, o.MaxConcurrent),
		soon:   make(chan struct{}),
		stop:   make(chan struct{}),

		history: newHistory(o.MaxResponses, o.MaxResponsesBytes),
	}
	var err error
	if s.gate, err = newGate(o); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(models, o.Pool)
	s.handler = s.chain(s.routes())
	return s, nil
}

// Handler is the whole server as one handler, with every check in place.
func (s *Server) Handler() http.Handler { return s.handler }

// access says what a route of the model APIs asks of a request before its
// handler runs.
type access int

const (
	open   access = iota // anybody
	keyed                // a credential for the model APIs, where any is needed
	worked               // the same, and one of the MaxConcurrent slots
	listed               // any credential, where any is needed
)

// entrance is what the words above mean.
func (a access) entrance(pattern string, h action) entrance {
	kinds := [...]door.Access{open: door.Open, keyed: door.Models, worked: door.Models, listed: door.SignedIn}
	return entrance{Route: door.Route{Pattern: pattern, Access: kinds[a], Handle: h}, work: a == worked}
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	add := func(pattern string, a access, h action) { s.add(mux, a.entrance(pattern, h)) }
	add("GET /healthz", open, s.healthz)
	add("GET /readyz", open, s.readyz)
	add("GET /metrics", keyed, plain(s.metrics.handler))
	add("GET /api/info", listed, s.info)
	add("GET /artifact", open, s.artifact)
	add("GET /python", open, s.python)

	add("GET /v1/models", keyed, s.listModels)
	add("GET /v1/models/{id...}", keyed, s.getModel)
	add("POST /v1/chat/completions", worked, s.chatCompletions)
	add("POST /v1/completions", worked, s.completions)
	add("POST /v1/embeddings", worked, s.embeddings)
	add("POST /v1/responses", worked, s.responses)
	add("GET /v1/responses/{id}", keyed, s.getResponse)
	add("DELETE /v1/responses/{id}", keyed, s.deleteResponse)
	add("POST /v1/messages", worked, s.messages)
	add("POST /v1/messages/count_tokens", worked, s.countTokens)
	add("POST /tokenize", worked, s.tokenize)
	add("POST /detokenize", worked, s.detokenize)

	s.clovaRoutes(add)
	s.ollamaRoutes(add)
	for _, route := range s.opt.Routes {
		s.add(mux, entrance{Route: route})
	}

	unknown := s.unknownPath(mux)
	add("/v1/", open, unknown)
	add("/v2/", open, unknown)
	add("/v3/", open, unknown)
	add("/api/", open, unknown)
	add("/", open, s.page(unknown))
	return mux
}

func (s *Server) add(mux *http.ServeMux, e entrance) {
	s.table = append(s.table, e.Route)
	mux.Handle(e.Pattern, s.admit(e))
}

// Table lists every route with what it asks, in the order they were added.
func (s *Server) Table() []door.Route { return s.table }

// action answers a request, or returns why it cannot; the error becomes the
// answer if none has begun.
type action func(http.ResponseWriter, *http.Request) error

func plain(h http.Handler) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
}

// Serve answers on ln until ctx ends, then stops in order: no new connections,
// DrainTimeout for answers under way, then their streams are ended with an
// error event. It returns nil after an orderly stop.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	if err := s.checkListener(ln); err != nil {
		return err
	}
	hs := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTimeout,
		WriteTimeout:      s.opt.WriteTimeout, // extended at every write of an answer
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.opt.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- hs.Serve(limitConns(ln, s.opt.MaxConns)) }()
	select {
	case err := <-served:
		return fmt.Errorf("httpapi: serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	return s.shutDown(hs)
}

// shutDown ends the server within DrainTimeout plus a moment for last words.
func (s *Server) shutDown(hs *http.Server) error {
	s.draining.Store(true)
	s.soonOnce.Do(func() { close(s.soon) })
	timer := time.AfterFunc(s.opt.DrainTimeout, s.endStreams)
	defer timer.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), s.opt.DrainTimeout+lastWords)
	defer cancel()
	err := hs.Shutdown(ctx)
	s.endStreams()
	if errors.Is(err, context.DeadlineExceeded) {
		return hs.Close() // a client that does not read its last event
	}
	return err
}

// lastWords is the time that streams get to say that they end.
const lastWords = 5 * time.Second

// Stop ends the streams of a server whose Handler is served by somebody else,
// with an error event. Serve does so by itself.
func (s *Server) Stop() {
	s.draining.Store(true)
	s.soonOnce.Do(func() { close(s.soon) })
	s.endStreams()
}

func (s *Server) endStreams() { s.closeOnce.Do(func() { close(s.stop) }) }

// checkListener looks at the address that is really served; the options may
// have named another one.
func (s *Server) checkListener(ln net.Listener) error {
	a, ok := ln.Addr().(*net.TCPAddr)
	if ok && !a.IP.IsLoopback() && !s.opt.locked() {
		return fmt.Errorf("httpapi: %s can be reached from other machines and no API key is set: %w", a, ErrNeedsKey)
	}
	return nil
}
