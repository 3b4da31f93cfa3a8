package app

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/httpapi/sse"
	"malmoi/internal/httpapi/wire"
)

// Limits of open streams, of answers and of events together.
const (
	MaxStreamsUser = 64   // of one user: tabs and devices
	MaxStreams     = 4096 // of this process
)

// streams counts open streams. The zero value works.
type streams struct {
	mu   sync.Mutex
	all  int
	user map[account.UserID]int
}

// enter counts a stream, or refuses it.
func (s *streams) enter(u account.UserID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= MaxStreams || s.user[u] >= MaxStreamsUser {
		return &wire.Error{Status: 429, Type: wire.TypeRateLimit, Code: "rate_limited", RetryAfter: busyRetry,
			Message: "too many streams are open; close other tabs or try again later"}
	}
	if s.user == nil {
		s.user = map[account.UserID]int{}
	}
	s.all++
	s.user[u]++
	return nil
}

func (s *streams) leave(u account.UserID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.user[u]--; s.user[u] == 0 {
		delete(s.user, u)
	}
}

// open is the number of streams that are being read.
func (s *streams) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// deltaBody is what is to be appended to an answer.
type deltaBody struct {
	Content   string        `json:"content,omitempty"`
	Reasoning string        `json:"reasoning,omitempty"`
	ToolCall  *toolCallBody `json:"tool_call,omitempty"`
}

type toolCallBody struct {
	Index     int    `json:"index"`
	ID        string `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments,omitempty"`
	State     string `json:"state,omitempty"`
	Title     string `json:"title,omitempty"`
	Result    string `json:"result,omitempty"`
	Tainted   bool   `json:"tainted,omitempty"`
	Outside   bool   `json:"outside,omitempty"`
}

func newDelta(d converse.Delta) deltaBody {
	b := deltaBody{Content: d.Content, Reasoning: d.Reasoning}
	if t := d.ToolCall; t != nil {
		b.ToolCall = &toolCallBody{t.Index, t.ID, t.Name, t.Arguments, string(t.State), t.Title, t.Result, t.Tainted, t.Outside}
	}
	return b
}

type wholeBody struct {
	Message messageBody `json:"message"`
}

func (a *API) streams() {
	a.raw(door.Chats, false, streamOp("/api/messages/{id}/stream", "Read an answer while it is made: delta, reset, usage, done; resumes after Last-Event-ID",
		&huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}},
		&huma.Param{Name: "after", In: "query", Schema: &huma.Schema{Type: "integer"}, Description: "as Last-Event-ID"},
	), a.readAnswer)
	a.raw(door.Chats, true, streamOp("/api/events", "What happens to what is mine, in any tab: chat, chat_deleted, message, folder, session_ended"), a.readEvents)
}

func streamOp(path, summary string, params ...*huma.Param) huma.Operation {
	return huma.Operation{
		OperationID: operationID("GET", path), Method: "GET", Path: path, Summary: summary, Tags: []string{"streams"}, Parameters: params,
		Responses: map[string]*huma.Response{"200": {
			Description: "Server-sent events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
		}},
	}
}

// readAnswer is GET /api/messages/{id}/stream. Who stops reading does not stop
// the answer.
func (a *API) readAnswer(w http.ResponseWriter, r *http.Request) error {
	p, id := who(r.Context()), r.PathValue("id")
	after, err := resumeAfter(r)
	if err != nil {
		return err
	}
	if _, err := a.opt.Converse.Message(r.Context(), p, id); err != nil {
		return err
	}
	if err := a.open.enter(p.User); err != nil {
		return err
	}
	defer a.open.leave(p.User)
	out := sse.NewWriter(w, a.opt.WriteTimeout)
	if err := out.Begin(); err != nil {
		return nil // the client is gone
	}
	err = a.opt.Converse.Follow(r.Context(), p, id, after, converse.Reader{
		Every: a.opt.KeepAlive,
		Idle:  func() error { return out.Comment("") },
		Event: func(e converse.Event) error { return sendEvent(out, e) },
	})
	return a.ended(r.Context(), out, "error", err)
}

func sendEvent(out *sse.Writer, e converse.Event) error {
	switch {
	case e.Delta != nil:
		return out.Send(e.Seq, "delta", newDelta(*e.Delta))
	case e.Reset != nil:
		return out.Send(e.Seq, "reset", wholeBody{newMessage(*e.Reset)})
	case e.Usage != nil:
		return out.Send(e.Seq, "usage", e.Usage)
	case e.Done != nil:
		return out.Send(e.Seq, "done", wholeBody{newMessage(*e.Done)})
	}
	return nil
}

// resumeAfter is the number of the last event that a client has.
func resumeAfter(r *http.Request) (int, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, invalid("Last-Event-ID", "", "the id of an event is a number that is not negative")
	}
	return n, nil
}

// ended says the last words of a stream that has begun. A client that is gone
// hears nothing, and one that is cut by the server's end connects again.
func (a *API) ended(ctx context.Context, out *sse.Writer, name string, err error) error {
	why := context.Cause(ctx)
	switch {
	case err == nil || errors.Is(why, door.ErrStopping):
		return nil
	case errors.Is(why, door.ErrEnded):
		out.Send(0, name, ErrorBody{ErrorReason{Message: door.ErrEnded.Error(), Type: wire.TypeAuth, Code: "session_ended"}})
		return nil
	case ctx.Err() != nil:
		return nil
	}
	e := wireError(err)
	if e.Status >= http.StatusInternalServerError {
		door.Of(ctx).Failure = err
	}
	out.Send(0, "error", ErrorBody{ErrorReason{Message: e.Message, Type: e.Type, Code: e.Code}})
	return nil
}
