package upstream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Limits of a circuit breaker. Five failures in a row, and the server is left
// alone for ten seconds; then one request may try.
const (
	breakerFailures = 5
	breakerRest     = 10 * time.Second
)

// replica is one address of an upstream.
type replica struct {
	base    string // ends without a slash, includes /v1
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]

	inFlight atomic.Int64
	down     atomic.Bool                        // the last probe failed
	models   atomic.Pointer[map[string]modelID] // by their own name; nil: not known yet

	mu   sync.Mutex
	seen sight
}

// modelID is what a server's list says of a model.
type modelID struct {
	ID       string `json:"id"`
	OwnedBy  string `json:"owned_by"`
	MaxLen   int    `json:"max_model_len"` // vLLM, malmoi
	Title    string `json:"title"`         // malmoi
	Licence  string `json:"licence"`       // malmoi
	Created  int64  `json:"created"`
	Loaded   *bool  `json:"loaded"` // malmoi
	Metadata *struct {
		Context int   `json:"n_ctx_train"`
		Bytes   int64 `json:"size"`
	} `json:"meta"` // llama.cpp
}

func newReplica(base string) *replica {
	return &replica{base: base, breaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         base,
		Timeout:      breakerRest,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsSuccessful: func(err error) bool { return !faulty(err) },
	})}
}

// has reports whether the replica lists a model; known is false before it gave
// its first list.
func (r *replica) has(model string) (listed, known bool) {
	m := r.models.Load()
	if m == nil {
		return false, false
	}
	_, listed = (*m)[model]
	return listed, true
}

// lease is the right to send one request to a replica.
type lease struct {
	*replica
	done   func(error)
	judged bool
}

// judge tells the breaker how the request began; only the first word counts.
func (l *lease) judge(err error) {
	if !l.judged {
		l.judged = true
		l.done(err)
	}
}

// broke tells the breaker of an answer that failed after it had begun.
func (l *lease) broke(err error) {
	if !l.judged {
		l.judge(err)
		return
	}
	if done, closed := l.breaker.Allow(); closed == nil {
		done(err)
	}
}

// release ends the request. A lease that was never judged is one that the
// caller gave up: it says nothing of the server.
func (l *lease) release() {
	l.judge(nil)
	l.inFlight.Add(-1)
}
