package upstream

import (
	"errors"
	"net/url"
	"time"
)

// Health says how an upstream is, for the administrator.
type Health struct {
	Name             string
	Masked           bool  // personal numbers are hidden in what is sent there
	Models           int   // that are offered, as far as is known
	Requests, Failed int64 // since this process began
	Replicas         []ReplicaHealth
}

// ReplicaHealth says how one address is. Times are zero for what never happened.
type ReplicaHealth struct {
	Address  string
	Answers  bool // it answered the last probe
	Resting  bool // it failed in a row and gets no requests
	InFlight int
	Models   int

	Probed  time.Time     // when the last probe ended
	Latency time.Duration // of the last probe that was answered
	First   time.Duration // from a request to the first piece of the newest answer

	Failure  string // the newest failure, in words without keys
	FailedAt time.Time
}

// sight is what was seen of a replica, for Health alone: nothing is decided by
// it.
type sight struct {
	probed         time.Time
	latency, first time.Duration
	failure        string
	failed         time.Time
}

// probed notes the end of a probe. One without an answer says nothing of how
// fast answers are.
func (r *replica) probed(at time.Time, took time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen.probed = at
	if err == nil {
		r.seen.latency = took
	}
}

// began notes how long the first piece of an answer took.
func (r *replica) began(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen.first = took
}

// blame notes an error that speaks of the server. One that speaks of the
// request, or of a caller who left, is nobody's concern.
func (u *Server) blame(r *replica, err error) {
	if !retryable(err) {
		return
	}
	text := u.reason(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen.failure, r.seen.failed = text, u.now()
}

// reason says an error to an administrator, who may know addresses and may not
// see keys.
func (u *Server) reason(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*Error](err); ok {
		text = e.Message
		cause := e.cause
		if at, ok := errors.AsType[*url.Error](cause); ok {
			cause = at.Err // without the address again
		}
		if cause != nil && cause.Error() != text {
			text += ": " + cause.Error()
		}
	}
	return shorten(string(u.cfg.Key.hide([]byte(text))))
}

func (u *Server) health() Health {
	h := Health{Name: u.name, Masked: u.mask != nil, Models: len(u.infos())}
	h.Requests, h.Failed = u.totals()
	for _, r := range u.balance.replicas {
		h.Replicas = append(h.Replicas, r.health())
	}
	return h
}

func (r *replica) health() ReplicaHealth {
	one := ReplicaHealth{Address: r.base, Answers: !r.down.Load(), Resting: r.breaker.State().String() == "open", InFlight: int(r.inFlight.Load())}
	if m := r.models.Load(); m != nil {
		one.Models = len(*m)
	} else {
		one.Answers = false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.seen
	one.Probed, one.Latency, one.First, one.Failure, one.FailedAt = s.probed, s.latency, s.first, s.failure, s.failed
	return one
}
