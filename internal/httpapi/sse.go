package httpapi

import (
	"fmt"
	"net/http"
	"time"
)

// eventWriter sends server-sent events. Every event is flushed at once, and a
// client that does not read loses its connection after WriteTimeout.
type eventWriter struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	begun   bool
	sent    int // events so far, for those that are numbered
}

func (s *Server) events(w http.ResponseWriter) *eventWriter {
	return &eventWriter{w: w, rc: http.NewResponseController(w), timeout: s.opt.WriteTimeout}
}

// begin sends the headers. Until then an error can still have its own status.
func (e *eventWriter) begin() {
	if e.begun {
		return
	}
	e.begun = true
	h := e.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache, no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the tokens back
	e.w.WriteHeader(http.StatusOK)
}

// send writes one event; name may be empty. The value is JSON on one line, so
// it cannot break out of its data field.
func (e *eventWriter) send(name string, value any) error {
	data, err := encode(value)
	if err != nil {
		return err
	}
	return e.raw(name, data)
}

// numbered writes an event with an id, as CLOVA Studio does.
func (e *eventWriter) numbered(name string, value any) error {
	data, err := encode(value)
	if err != nil {
		return err
	}
	e.sent++
	e.begin()
	return e.write(fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", e.sent, name, data))
}

func (e *eventWriter) raw(name string, data []byte) error {
	e.begin()
	b := make([]byte, 0, len(data)+len(name)+16)
	if name != "" {
		b = append(append(append(b, "event: "...), name...), '\n')
	}
	b = append(append(append(b, "data: "...), data...), "\n\n"...)
	return e.write(b)
}

// comment is a line that clients skip; it keeps proxies from giving up.
func (e *eventWriter) comment(text string) error {
	e.begin()
	return e.write([]byte(": " + text + "\n\n"))
}

func (e *eventWriter) write(b []byte) error {
	e.rc.SetWriteDeadline(time.Now().Add(e.timeout))
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	return e.rc.Flush()
}
