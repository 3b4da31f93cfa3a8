package engine

import (
	"time"

	"malmoi/internal/engine/kv"
	"malmoi/internal/engine/sample"
)

// sequence is a request under way, or a Score. The loop owns all of it but the
// stream's atomics.
type sequence struct {
	arrival  int64 // order of submission; the oldest is served first
	req      Request
	stream   *Stream
	score    *scoring // nil for a generation
	sampling *sample.State
	mask     []uint64

	tokens []int32  // prompt, then what was drawn
	prompt int      // how many of tokens are the prompt
	drawn  int      // tokens drawn, a stop token included
	most   int      // tokens that may be drawn
	table  kv.Table // table.Len() of tokens are in the cache
	draft  []int32  // guesses for this step
	formed int      // how many of them are the constraint's; the rest is lookup's
	row    int      // of its first wanted logits in this step
	outs   int      // how many it wants

	past               past
	formPace, pastPace pace

	running bool
	leader  *sequence // while waiting: computes a start of tokens right now
	shared  int       // how long that start is

	cached                         int // of the prompt, when first admitted
	submitted, started, firstToken time.Time
	stalledAt                      time.Time // zero: the client keeps up
	unlink                         func() bool
}

// want returns how many of the known tokens are not in the cache yet.
func (s *sequence) want() int { return len(s.tokens) - s.table.Len() }

// decodes says that the client has seen a token and waits for the next.
func (s *sequence) decodes() bool {
	return s.score == nil && len(s.tokens) > s.prompt && s.want() <= maxForced
}

// maxForced is the most known tokens that still count as decoding.
const maxForced = 8

// behind says that the client has no room for what the next step would bring.
func (s *sequence) behind() bool {
	if s.score != nil {
		return s.score.busy.Load()
	}
	return s.stream.room() == 0
}

// reusable returns the tokens whose keys and values may come from the cache:
// all but the last, whose logits are needed.
func (s *sequence) reusable() []int32 { return s.tokens[:len(s.tokens)-1] }
