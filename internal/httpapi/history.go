package httpapi

import (
	"container/list"
	"sync"

	"malmoi/internal/chat"
)

// history keeps finished responses for previous_response_id and GET, in memory
// only. The oldest go when there are too many or they are too large; what is
// gone is an error to whoever asks, never a shorter conversation.
type history struct {
	mu       sync.Mutex
	byID     map[string]*list.Element // of *kept
	order    *list.List               // newest use in front
	bytes    int64
	maxCount int
	maxBytes int64
}

// kept is immutable once stored.
type kept struct {
	id    string
	owner owner
	body  []byte         // the response as JSON
	turns []chat.Message // the conversation up to and with this answer, without instructions
	size  int64
}

func newHistory(maxCount int, maxBytes int64) *history {
	return &history{byID: map[string]*list.Element{}, order: list.New(), maxCount: maxCount, maxBytes: maxBytes}
}

// put stores a response. One that is larger than the whole room is not kept.
func (h *history) put(k *kept) {
	k.size = int64(len(k.body)) + turnBytes(k.turns)
	h.mu.Lock()
	defer h.mu.Unlock()
	if k.size > h.maxBytes {
		return
	}
	h.byID[k.id] = h.order.PushFront(k)
	h.bytes += k.size
	for h.order.Len() > h.maxCount || h.bytes > h.maxBytes {
		h.drop(h.order.Back())
	}
}

// get finds a response of that owner; another owner's is not there.
func (h *history) get(id string, o owner) (*kept, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, ok := h.byID[id]
	if !ok || e.Value.(*kept).owner != o {
		return nil, false
	}
	h.order.MoveToFront(e)
	return e.Value.(*kept), true
}

// remove deletes a response of that owner and reports whether it was there.
func (h *history) remove(id string, o owner) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, ok := h.byID[id]
	if !ok || e.Value.(*kept).owner != o {
		return false
	}
	h.drop(e)
	return true
}

// drop forgets an element. The caller holds mu.
func (h *history) drop(e *list.Element) {
	k := h.order.Remove(e).(*kept)
	delete(h.byID, k.id)
	h.bytes -= k.size
}

// turnBytes counts a conversation as if it shared nothing with others.
func turnBytes(turns []chat.Message) int64 {
	const header = 128 // of a Message, roughly
	n := int64(0)
	for _, m := range turns {
		n += header + int64(len(m.Content)+len(m.Reasoning))
		for _, c := range m.ToolCalls {
			n += header + int64(len(c.Arguments))
		}
	}
	return n
}
