package httpapi

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"malmoi/internal/httpapi/door"
)

// call is what the server knows about the request it is answering. It belongs
// to the request's goroutine.
type call struct {
	door.Request
	owner   owner
	pattern string // the route, for logs and metrics; "" before routing
	model   string // the model that answers, once known
	status  int    // set when the answer begins
	bytes   int64
	bill    *bill // what the models did for it
}

// beside is a call for a second model that works for the same request: it is
// charged to it and does not change which model the log names.
func (c *call) beside() *call { return &call{Request: c.Request, bill: c.bill} }

type callKey struct{}

func callOf(r *http.Request) *call {
	if c, ok := r.Context().Value(callKey{}).(*call); ok {
		return c
	}
	return &call{} // a handler used without the chain
}

// chain puts around the routes what every request goes through, outermost
// first: identity, access log, panic guard, Host and Origin, CORS.
func (s *Server) chain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: door.Request{ID: requestID(r)}}
		s.locate(r, &c.Request)
		r = r.WithContext(door.With(context.WithValue(r.Context(), callKey{}, c), &c.Request))
		rec := &recorder{ResponseWriter: w, call: c}
		h := w.Header()
		h.Set("X-Request-Id", c.ID)
		h.Set("Request-Id", c.ID) // as Anthropic's clients read it
		if speaksCLOVA(r) {
			h.Set(clovaRequestID, c.ID)
		}
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		start := s.opt.Now()
		s.metrics.inFlight.Inc()
		defer func() {
			s.metrics.inFlight.Dec()
			s.finish(r, c, s.opt.Now().Sub(start))
		}()
		defer s.guard(rec, r)
		if e := s.gate.check(r); e != nil {
			s.fail(rec, r, e)
			return
		}
		if s.gate.cors(rec, r) {
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// guard turns a panic into a plain 500, or cuts the connection if an answer
// has begun and can no longer be taken back.
func (s *Server) guard(w *recorder, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	c := callOf(r)
	if p != http.ErrAbortHandler {
		s.metrics.panics.Inc()
		s.opt.Log.Error("panic", "id", c.ID, "route", c.pattern, "panic", p, "stack", string(debug.Stack()))
	}
	if c.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.fail(w, r, internal())
}

func (s *Server) finish(r *http.Request, c *call, took time.Duration) {
	if c.status == 0 {
		c.status = http.StatusOK // nothing written is an empty 200
	}
	s.metrics.observe(c, took)
	level := slog.LevelInfo
	if c.status >= 500 {
		level = slog.LevelError
	}
	attrs := []any{
		"id", c.ID, "method", r.Method, "route", c.pattern, "status", c.status,
		"bytes", c.bytes, "ms", took.Milliseconds(),
	}
	if c.SignedIn() {
		attrs = append(attrs, "user", string(c.Principal.User))
	}
	if c.model != "" {
		attrs = append(attrs, "model", c.model)
	}
	if c.Failure != nil {
		attrs = append(attrs, "error", c.Failure.Error())
	}
	s.opt.Log.Log(r.Context(), level, "request", attrs...)
}

// entrance is a route with what is asked before its handler runs.
type entrance struct {
	door.Route
	work bool // it takes one of the MaxConcurrent slots
}

// admit does a route's checks: who may use it, and whether there is room.
func (s *Server) admit(e entrance) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		callOf(r).pattern = e.Pattern
		if err := s.enter(w, r, e); err != nil {
			s.fail(w, r, err)
		}
	})
}

func (s *Server) enter(w http.ResponseWriter, r *http.Request, e entrance) error {
	if e.Access == door.Open {
		return e.Handle(w, r)
	}
	w.Header().Set("Cache-Control", "no-store")
	if err := s.identify(w, r, e.Access); err != nil {
		return err
	}
	r, end := s.bound(r, e.Lasting)
	defer end()
	if e.work {
		if !s.takeSlot() {
			return busy()
		}
		defer s.freeSlot()
	}
	c := callOf(r)
	c.bill = &bill{meter: s.opt.Meter, who: c.Principal}
	defer s.settle(r.Context(), c)
	return cause(r.Context(), e.Handle(w, r))
}

func (s *Server) takeSlot() bool {
	select {
	case s.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s *Server) freeSlot() { <-s.slots }

// clovaRequestID is the header in which CLOVA Studio's clients send an id, and
// in which they are told it.
const clovaRequestID = "X-Ncp-Clovastudio-Request-Id"

// requestID takes the client's id if it is harmless, else makes one.
func requestID(r *http.Request) string {
	id := cmp.Or(r.Header.Get("X-Request-Id"), r.Header.Get(clovaRequestID))
	if id != "" && len(id) <= 64 && !containsOdd(id) {
		return id
	}
	return newID("req_")
}

func containsOdd(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_') {
			return true
		}
	}
	return false
}

// newID is a random id that cannot be guessed.
func newID(prefix string) string {
	var b [16]byte
	rand.Read(b[:]) // never fails: the runtime stops the program instead
	return prefix + hex.EncodeToString(b[:])
}

// recorder notes the status and size of an answer for the log.
type recorder struct {
	http.ResponseWriter
	call *call
}

func (w *recorder) WriteHeader(status int) {
	if w.call.status == 0 {
		w.call.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.call.status == 0 {
		w.call.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.call.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
