package engine

import (
	"errors"
	"fmt"
	"time"

	"malmoi/internal/engine/sample"
)

// Errors that callers branch on.
var (
	ErrQueueFull = errors.New("engine: queue is full")               // try again later
	ErrClosed    = errors.New("engine: closed")                      // Close or Shutdown was called
	ErrStalled   = errors.New("engine: client did not read")         // for Options.StallTimeout
	ErrRequest   = errors.New("engine: bad request")                 // wrapped with what is wrong
	ErrModel     = errors.New("engine: the model's step has failed") // wrapped with the model's error
)

// ErrContext says that a request can never fit. Nothing is cut silently.
type ErrContext struct {
	Prompt int // tokens of the prompt
	Max    int // tokens asked for; at least one
	Limit  int // tokens that prompt and answer may have together
}

func (e *ErrContext) Error() string {
	return fmt.Sprintf("engine: prompt of %d tokens plus %d to generate exceeds the limit of %d", e.Prompt, e.Max, e.Limit)
}

// Request asks to continue a prompt.
type Request struct {
	Prompt    []int32 // at least one token; copied by Submit
	MaxTokens int     // 0: as many as the context holds
	Sampling  sample.Params
	Stop      []int32 // tokens that end the answer; they are not part of it
	IgnoreEOS bool    // treat the tokens of Stop like any other
	// LogProbs asks for log probabilities: 0 none, -1 those of the chosen
	// tokens, n > 0 also those of the n likeliest, at most MaxLogProbs.
	LogProbs   int
	Constraint Constraint // nil: everything is allowed
}

// MaxLogProbs bounds Request.LogProbs.
const MaxLogProbs = 128

// Constraint says which tokens may follow. It belongs to one request and is
// called by the engine's loop only, so it must be quick.
type Constraint interface {
	// Mask sets the bit of every allowed id in dst, (V+63)/64 words, and clears
	// the others. End tokens (Request.Stop) are allowed where the output may
	// end. forced says that exactly one id is allowed.
	Mask(dst []uint64) (forced bool)
	// Accept moves on by one token. End tokens are not passed to it.
	Accept(id int32) error
	// Done says that nothing but an end token may follow; the engine then ends
	// the answer without computing it.
	Done() bool
}

// Guesser is what a Constraint may be as well, to save steps.
type Guesser interface {
	// Extend returns ids, cut before the first that may not follow the accepted
	// tokens and each other, and, if none was cut, continued to at most most by
	// ids whose text is the only one that can come. It changes nothing.
	Extend(ids []int32, most int) []int32
}

// Output is one generated token.
type Output struct {
	ID      int32
	LogProb float32          // if asked for
	Top     []sample.LogProb // if asked for, likeliest first
}

// FinishReason says why an answer ended.
type FinishReason string

const (
	FinishStop      FinishReason = "stop"      // a stop token or a complete constraint
	FinishLength    FinishReason = "length"    // MaxTokens, or the context is full
	FinishCancelled FinishReason = "cancelled" // by the client
	FinishError     FinishReason = "error"     // Next returned an error
)

// Usage counts what a finished request has cost.
type Usage struct {
	Prompt     int // tokens
	Cached     int // of them, taken from the cache
	Completion int // tokens drawn, a stop token included
	Queue      time.Duration
	Prefill    time.Duration // from admission to the first token
	Decode     time.Duration // from the first token to the end
}

// Options are the engine's limits. Zero fields take the defaults.
type Options struct {
	KVPages      int           // pages of the cache; default: one full context
	MaxBatch     int           // rows per step; default 256
	PrefillChunk int           // prompt rows per step while somebody decodes; default 64
	MaxRunning   int           // sequences in the cache at once; default 16
	MaxQueue     int           // requests that wait beyond these; default 256
	StreamBuffer int           // tokens a client may lag behind; default 128
	StallTimeout time.Duration // a client that lags so long is dropped; default 1 minute
	ScoreRows    int           // rows per step of Score; default 16
	// Lookup is how many tokens to guess per step, at most, from repetitions in
	// the sequence itself and verify together. Sequences that do not repeat
	// themselves stop guessing; results are the same without. 0: off.
	Lookup int
}

func (o Options) withDefaults(context int) Options {
	or := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&o.KVPages, (context+PageTokens-1)/PageTokens)
	or(&o.MaxBatch, 256)
	or(&o.PrefillChunk, 64)
	or(&o.MaxRunning, 16)
	or(&o.MaxQueue, 256)
	or(&o.StreamBuffer, 128)
	or(&o.ScoreRows, 16)
	o.ScoreRows = min(o.ScoreRows, o.MaxBatch)
	o.Lookup = max(0, min(o.Lookup, o.StreamBuffer-1))
	if o.StallTimeout <= 0 {
		o.StallTimeout = time.Minute
	}
	return o
}

// check returns an error for a request that no engine with this vocabulary and
// limit can serve, and how many tokens it may generate.
func (r *Request) check(V, limit int) (maxTokens int, err error) {
	if len(r.Prompt) == 0 {
		return 0, fmt.Errorf("%w: the prompt is empty", ErrRequest)
	}
	if err := checkIDs(r.Prompt, V); err != nil {
		return 0, err
	}
	if r.MaxTokens < 0 || r.LogProbs < -1 || r.LogProbs > MaxLogProbs {
		return 0, fmt.Errorf("%w: %d tokens with %d log probabilities; want 0 or more, and -1 to %d", ErrRequest, r.MaxTokens, r.LogProbs, MaxLogProbs)
	}
	if err := r.Sampling.Check(V); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	want := max(1, r.MaxTokens)
	if len(r.Prompt) > limit-want {
		return 0, &ErrContext{Prompt: len(r.Prompt), Max: want, Limit: limit}
	}
	if r.MaxTokens == 0 {
		return limit - len(r.Prompt), nil
	}
	return r.MaxTokens, nil
}

func checkIDs(ids []int32, V int) error {
	for i, id := range ids {
		if id < 0 || int(id) >= V {
			return fmt.Errorf("%w: token %d at %d is outside the vocabulary of %d", ErrRequest, id, i, V)
		}
	}
	return nil
}
