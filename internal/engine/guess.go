package engine

import "slices"

// Guesses are tokens that are computed together with the last known one and
// kept as far as the model then draws the same: what comes out does not change,
// only in how many steps. Two sources: what followed the last few tokens
// earlier in the sequence (prompt lookup), and what the constraint leaves as
// the only text (a Guesser). Each has a pace, which stops a source that does
// not pay.

// guessRows bounds the rows of a step in which somebody guesses, shared by all
// who decode. Up to about so many rows a step takes as long as its weights take
// to arrive, or not twice as long.
const guessRows = 16

// guess fills s.draft with at most most tokens, of which lookup may give as
// many as lookup says. It may be called again before the step.
func (s *sequence) guess(lookup, most int) {
	s.draft, s.formed = s.draft[:0], 0
	most = min(most, s.most-s.drawn-1, s.stream.room()-1)
	if most <= 0 {
		return
	}
	form, _ := s.req.Constraint.(Guesser)
	if form != nil && s.formPace.open(s.drawn) {
		s.draft = form.Extend(s.draft, min(most, s.formPace.length()))
		s.formed = len(s.draft)
	}
	if lookup <= 0 || !s.pastPace.open(s.drawn) {
		return
	}
	s.draft = s.past.follow(s.draft, s.tokens, min(most, s.formed+min(lookup, s.pastPace.length())))
	if form != nil {
		s.draft = form.Extend(s.draft, len(s.draft)) // drops what the form forbids
	}
}

// judge tells the sources how many of their guesses were right.
func (s *sequence) judge(accepted int) {
	if s.formed > 0 {
		s.formPace.settle(s.drawn, s.formed, min(accepted, s.formed))
	}
	if past := len(s.draft) - s.formed; past > 0 && accepted >= s.formed {
		s.pastPace.settle(s.drawn, past, accepted-s.formed)
	}
}

// pace decides how far a source may guess. It keeps accounts in eighths of a
// step, which is what a guessed row costs at most while steps wait for memory;
// a right guess saves a whole one. A source in debt rests, each time for
// longer, so that guessing in vain costs at most two steps in a hundred.
type pace struct {
	spent  int // minus what was saved; at most paceDebt before it rests
	long   int // 0, 1, 2: how many rows to guess
	rest   int // tokens of the last rest
	resume int // count of drawn tokens from which it may guess again
}

const (
	paceDebt  = 6
	paceSaved = -32 // savings beyond are forgotten, so that it notices a change
	paceRest  = 16
	paceRests = 256
)

// paceLengths make 4, 8 and 16 rows with the known token: the numbers of rows
// that the kernels like.
var paceLengths = [...]int{3, 7, 15}

func (p *pace) open(drawn int) bool { return drawn >= p.resume }

func (p *pace) length() int { return paceLengths[p.long] }

// settle books the outcome of a step.
func (p *pace) settle(drawn, guessed, accepted int) {
	p.spent = max(paceSaved, p.spent+guessed-8*accepted)
	switch {
	case accepted == guessed && guessed >= p.length():
		p.long = min(p.long+1, len(paceLengths)-1)
		p.rest = 0
	case accepted < guessed/2:
		p.long = max(p.long-1, 0)
	}
	if p.spent > paceDebt {
		p.rest = min(max(paceRest, 2*p.rest), paceRests)
		p.resume = drawn + p.rest
		p.spent, p.long = paceDebt-paceLengths[0]+1, 0 // one trial
	}
}

// past finds where the last tokens of a sequence occurred before. It is a hash
// table of the newest place of each gram, with linear probing, that holds no
// grams itself: the tokens do.
type past struct {
	after []int32 // (power of two) the position after a gram, 0: free; at most half are used
	seen  int     // grams that end before this position are in it
	used  int
}

const (
	gram      = 3       // tokens that must agree: two are too often chance
	pastSlots = 1 << 16 // at most; 256 KiB. Older grams are forgotten then.
)

func hashGram(g []int32) uint32 {
	h := (uint64(g[0])<<32 ^ uint64(g[1])<<16 ^ uint64(g[2])) * 0x9E3779B97F4A7C15
	return uint32((h ^ h>>29) * 0xBF58476D1CE4E5B9 >> 32)
}

// follow appends to draft what followed the end of tokens+draft earlier in
// tokens, until draft has most tokens.
func (p *past) follow(draft, tokens []int32, most int) []int32 {
	if len(draft) >= most || len(tokens) <= gram {
		return draft
	}
	p.note(tokens)
	var tail [gram]int32
	fromDraft := min(gram, len(draft))
	copy(tail[:], tokens[len(tokens)-gram+fromDraft:])
	copy(tail[gram-fromDraft:], draft[len(draft)-fromDraft:])
	at := int(*p.slot(tokens, tail[:]))
	if at == 0 {
		return draft
	}
	return append(draft, tokens[at:min(len(tokens), at+most-len(draft))]...)
}

// slot is where g is, or where it belongs if it is not there.
func (p *past) slot(tokens, g []int32) *int32 {
	mask := uint32(len(p.after) - 1)
	for i := hashGram(g); ; i++ {
		s := &p.after[i&mask]
		if at := int(*s); at == 0 || slices.Equal(tokens[at-gram:at], g) {
			return s
		}
	}
}

// note takes in all grams but the one at the very end.
func (p *past) note(tokens []int32) {
	for ; p.seen < len(tokens); p.seen++ {
		if 2*p.used >= len(p.after) {
			p.grow(len(tokens))
		}
		s := p.slot(tokens, tokens[p.seen-gram:p.seen])
		if *s == 0 {
			p.used++
		}
		*s = int32(p.seen)
	}
}

// grow starts anew with room for twice the tokens, or, at the limit, with the
// newer ones only.
func (p *past) grow(tokens int) {
	size := 1024
	for size < 4*tokens && size < pastSlots {
		size *= 2
	}
	if len(p.after) == size {
		clear(p.after)
	} else {
		p.after = make([]int32, size)
	}
	p.used, p.seen = 0, max(gram, tokens-pastSlots/4)
}
