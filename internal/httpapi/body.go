package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"malmoi/internal/httpapi/sse"
	"malmoi/internal/httpapi/wire"
)

// drainFactor is how many times MaxBody is read and thrown away after a body
// turned out too large: a client that is still sending often reads its answer
// only afterwards.
const drainFactor = 8

// readBody returns the request's body, at most MaxBody bytes of it.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return nil, &wire.Error{Status: 415, Type: wire.TypeInvalid, Code: "unsupported_encoding",
			Message: fmt.Sprintf("a body with Content-Encoding %q cannot be read; send it plain", wire.Shorten(enc))}
	}
	limit := s.opt.MaxBody
	if r.ContentLength > limit {
		s.drain(w, r)
		return nil, tooLarge(limit)
	}
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(s.opt.ReadTimeout))
	defer rc.SetReadDeadline(time.Time{})
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, &wire.Error{Status: 408, Type: wire.TypeInvalid, Code: "request_timeout", Message: "the request body did not arrive in time"}
	case err != nil:
		return nil, wire.Invalid("", "the request body ended too early")
	case int64(len(body)) > limit:
		s.drain(w, r)
		return nil, tooLarge(limit)
	}
	return body, nil
}

// decodeBody reads the request's body and what decode makes of it.
func decodeBody[T any](s *Server, w http.ResponseWriter, r *http.Request, decode func([]byte) (T, error)) (T, error) {
	body, err := s.readBody(w, r)
	if err != nil {
		var none T
		return none, err
	}
	return decode(body)
}

// decodePair is decodeBody for what the client asked and what it means to a
// model.
func decodePair[A, B any](s *Server, w http.ResponseWriter, r *http.Request, decode func([]byte) (A, B, error)) (A, B, error) {
	body, err := s.readBody(w, r)
	if err != nil {
		var asked A
		var request B
		return asked, request, err
	}
	return decode(body)
}

// drain reads on for a bounded time and size, so that the refusal arrives.
func (s *Server) drain(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	if r.Header.Get("Expect") != "" {
		return // the client waits for our word and has sent nothing
	}
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Now().Add(s.opt.ReadTimeout / 4))
	io.CopyN(io.Discard, r.Body, drainFactor*s.opt.MaxBody)
}

func tooLarge(limit int64) *wire.Error {
	return &wire.Error{Status: 413, Type: wire.TypeInvalid, Code: "request_too_large",
		Message: fmt.Sprintf("the request body is larger than the limit of %d bytes", limit)}
}

// writeJSON sends a whole answer. Nothing can be done about a client that does
// not take it; the connection's deadline frees us.
func (s *Server) writeJSON(w http.ResponseWriter, status int, body any) error {
	data, err := encode(body)
	if err != nil {
		return fmt.Errorf("httpapi: encode answer: %w", err)
	}
	return s.writeRaw(w, status, data)
}

func (s *Server) writeRaw(w http.ResponseWriter, status int, data []byte) error {
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.opt.WriteTimeout))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data)
	return nil
}

// encode is JSON without HTML escapes: Korean text is full of < and & in code,
// and every reader of JSON takes them plain.
func encode(v any) ([]byte, error) { return sse.Encode(v) }
