// Package sse writes server-sent events (WHATWG HTML, section 9.2). It knows
// frames, flushing and deadlines, and refuses to know what events mean.
package sse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Writer sends events to one client. Every event is flushed at once, and a
// client that does not read loses its connection after Timeout.
type Writer struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	begun   bool
}

// NewWriter returns a writer of events; nothing is sent before the first.
func NewWriter(w http.ResponseWriter, timeout time.Duration) *Writer {
	return &Writer{w: w, rc: http.NewResponseController(w), timeout: timeout}
}

// Begun reports whether the headers are sent. Until then an error can still
// have a status of its own.
func (w *Writer) Begun() bool { return w.begun }

// Begin sends the headers, so that the client knows that it is let in.
func (w *Writer) Begin() error {
	if w.begun {
		return nil
	}
	w.begin()
	return w.rc.Flush()
}

func (w *Writer) begin() {
	if w.begun {
		return
	}
	w.begun = true
	h := w.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the events back
	w.w.WriteHeader(http.StatusOK)
}

// Event is one event. Name and ID may be empty.
type Event struct {
	ID   string
	Name string
	Data []byte // JSON on one line, so that it cannot break out of its field
}

// Send writes one event with value as JSON, numbered if id is positive.
func (w *Writer) Send(id int, name string, value any) error {
	data, err := Encode(value)
	if err != nil {
		return err
	}
	e := Event{Name: name, Data: data}
	if id > 0 {
		e.ID = strconv.Itoa(id)
	}
	return w.Write(e)
}

// Write writes events and flushes them together.
func (w *Writer) Write(events ...Event) error {
	w.begin()
	var b []byte
	for _, e := range events {
		if e.ID != "" {
			b = fmt.Appendf(b, "id: %s\n", e.ID)
		}
		if e.Name != "" {
			b = fmt.Appendf(b, "event: %s\n", e.Name)
		}
		b = append(append(append(b, "data: "...), e.Data...), "\n\n"...)
	}
	return w.flush(b)
}

// Comment writes a line that clients skip; it keeps proxies from giving up.
func (w *Writer) Comment(text string) error {
	w.begin()
	return w.flush([]byte(": " + text + "\n\n"))
}

func (w *Writer) flush(b []byte) error {
	w.rc.SetWriteDeadline(time.Now().Add(w.timeout))
	if _, err := w.w.Write(b); err != nil {
		return err
	}
	return w.rc.Flush()
}

// Encode is JSON on one line without HTML escapes.
func Encode(v any) ([]byte, error) {
	var b buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b[:len(b)-1], nil // without Encode's line end
}

type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}
