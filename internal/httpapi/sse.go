package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/sse"
)

// eventWriter sends the events of the model APIs, each flushed at once.
type eventWriter struct {
	*sse.Writer
	sent int // events so far, for those that are numbered
}

func (s *Server) events(w http.ResponseWriter) *eventWriter {
	return &eventWriter{Writer: sse.NewWriter(w, s.opt.WriteTimeout)}
}

// send writes one event; name may be empty.
func (e *eventWriter) send(name string, value any) error { return e.Send(0, name, value) }

// numbered writes an event with an id, as CLOVA Studio does.
func (e *eventWriter) numbered(name string, value any) error {
	e.sent++
	return e.Send(e.sent, name, value)
}

// raw writes an event whose data is not JSON: the [DONE] of OpenAI.
func (e *eventWriter) raw(name string, data []byte) error {
	return e.Write(sse.Event{Name: name, Data: data})
}

// comment is a line that clients skip; it keeps proxies from giving up.
func (e *eventWriter) comment(text string) error { return e.Comment(text) }
