package converse

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
)

// hub knows the answers that this process makes. The zero value works.
type hub struct {
	mu    sync.Mutex
	live  map[string]*answer
	bytes atomic.Int64 // of the events of all live answers
}

// answer is one answer while it is made. Its goroutine alone appends; readers
// follow the list at their own pace and hold nobody up.
type answer struct {
	owner  Owner
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	message Message // with content and reasoning up to the last event
	content strings.Builder
	reason  strings.Builder
	start   mark   // where the first event begins
	events  []mark // where each ends; the first has number 1
	final   *Message
	nudged  chan struct{} // the user may have answered a question
	more    chan struct{} // closed and replaced when something comes
	logged  int           // events that the log has, owned by the writer
	held    int           // bytes of events
	bytes   *atomic.Int64 // of all answers of the hub
}

// mark is where an event ends in the texts. With hundreds of answers at once
// events that hold texts of their own are most of the memory that a site takes.
type mark struct {
	content, reason int32 // bytes; MaxAnswer fits
	call            *ToolCallDelta
}

func newAnswer(o Owner, m Message, cancel context.CancelCauseFunc) *answer {
	a := &answer{owner: o, message: m, cancel: cancel, more: make(chan struct{}), nudged: make(chan struct{}, 1), bytes: new(atomic.Int64)}
	a.content.WriteString(m.Content)
	a.reason.WriteString(m.Reasoning)
	a.start = a.mark(nil)
	return a
}

func (h *hub) add(a *answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.live == nil {
		h.live = map[string]*answer{}
	}
	a.bytes = &h.bytes
	h.live[a.message.ID] = a
}

func (h *hub) remove(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.live[id]; a != nil {
		a.mu.Lock()
		h.bytes.Add(-int64(a.held))
		a.mu.Unlock()
		delete(h.live, id)
	}
}

func (h *hub) get(id string) *answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.live[id]
}

func (h *hub) all() []*answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*answer, 0, len(h.live))
	for _, a := range h.live {
		out = append(out, a)
	}
	return out
}

func (h *hub) size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.live)
}

// stop ends an answer at the user's wish, if this process makes it.
func (h *hub) stop(id string) {
	if a := h.get(id); a != nil {
		a.cancel(errStopped)
	}
}

// nudge wakes an answer that waits for the user's word.
func (h *hub) nudge(id string) {
	if a := h.get(id); a != nil {
		select {
		case a.nudged <- struct{}{}:
		default: // it has not looked since the last time
		}
	}
}

// say appends an event and wakes the readers. It returns false, and appends
// nothing, if the answer is as long as one may be.
func (a *answer) say(d Delta) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := d.size()
	if a.held+n > MaxAnswer {
		return false
	}
	a.held += n
	a.bytes.Add(int64(n))
	a.content.WriteString(d.Content)
	a.reason.WriteString(d.Reasoning)
	a.events = append(a.events, a.mark(d.ToolCall))
	if d.ToolCall != nil {
		a.message.ToolCalls = appendCall(a.message.ToolCalls, *d.ToolCall)
	}
	a.wake()
	return true
}

// mark is where the texts end now. The caller holds mu.
func (a *answer) mark(call *ToolCallDelta) mark {
	return mark{int32(a.content.Len()), int32(a.reason.Len()), call}
}

// deltas are the events behind number n. Their texts are parts of the answer's
// own, which is only ever appended to. The caller holds mu.
func (a *answer) deltas(n int) []Delta {
	if n == len(a.events) {
		return nil
	}
	from := a.start
	if n > 0 {
		from = a.events[n-1]
	}
	content, reason := a.content.String(), a.reason.String()
	out := make([]Delta, len(a.events)-n)
	for i, to := range a.events[n:] {
		out[i] = Delta{Content: content[from.content:to.content], Reasoning: reason[from.reason:to.reason], ToolCall: to.call}
		from = to
	}
	return out
}

// deltaBytes is about what an event takes in memory beside its text.
const deltaBytes = 64

func (d Delta) size() int {
	n := deltaBytes + len(d.Content) + len(d.Reasoning)
	if d.ToolCall != nil {
		c := d.ToolCall
		n += deltaBytes + len(c.ID) + len(c.Name) + len(c.Arguments) + len(c.Title) + len(c.Result)
	}
	return n
}

// end sets the last state, after which nothing comes.
func (a *answer) end(m Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.final = &m
	a.wake()
}

func (a *answer) wake() {
	close(a.more)
	a.more = make(chan struct{})
}

// snapshot is the answer as far as it is, with the number of its last event.
func (a *answer) snapshot() (Message, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now(), len(a.events)
}

func (a *answer) now() Message {
	if a.final != nil {
		return *a.final
	}
	m := a.message
	m.Content, m.Reasoning = a.content.String(), a.reason.String()
	m.ToolCalls = append([]ToolCall(nil), m.ToolCalls...)
	return m
}

// after returns the events behind number n, the last state if there is one,
// and what to wait for. known is false if n is not a number of this answer.
func (a *answer) after(n int) (events []Delta, final *Message, more <-chan struct{}, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n < 0 || n > len(a.events) {
		return nil, a.final, a.more, false
	}
	return a.deltas(n), a.final, a.more, true
}

// unlogged takes what the log does not have yet. Only the writer calls it.
func (a *answer) unlogged() (Entry, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := Entry{Message: a.message.ID, First: a.logged + 1, Deltas: a.deltas(a.logged)}
	return e, len(e.Deltas) > 0
}

// appendCall joins a piece to the calls so far.
func appendCall(calls []ToolCall, d ToolCallDelta) []ToolCall {
	if d.Index < 0 || d.Index > len(calls) {
		return calls // a stream that skips numbers is broken; what came before stays
	}
	if d.Index == len(calls) {
		calls = append(calls, ToolCall{})
	}
	c := &calls[d.Index]
	c.ID += d.ID
	c.Name += d.Name
	c.Arguments += d.Arguments
	c.Title += d.Title
	c.Result += d.Result
	c.Outside = c.Outside || d.Outside
	if d.State != "" {
		c.State, c.Tainted = d.State, d.Tainted
	}
	return calls
}
