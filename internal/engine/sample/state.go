package sample

// State is what sampling remembers of one request: its parameters and how
// often each token occurred in prompt and output. Make it with NewState.
type State struct {
	p      Params
	counts map[int32]int32 // occurrences inside the window; nil if nothing is penalised
	ring   []int32         // the window's tokens if it is limited
	next   int             // where the ring is written next, once full
}

// NewState returns the state of a request whose parameters Check accepted.
// Tell it the prompt through Seen.
func NewState(p Params) *State {
	s := &State{p: p}
	if p.penalises() {
		s.counts = make(map[int32]int32)
	}
	return s
}

// Seen appends tokens to the history that penalties look at.
func (s *State) Seen(ids ...int32) {
	if s.counts == nil {
		return
	}
	window := s.p.PenaltyWindow
	if window > 0 && len(ids) > window {
		ids = ids[len(ids)-window:]
	}
	for _, id := range ids {
		s.counts[id]++
		if window > 0 {
			s.slide(id, window)
		}
	}
}

// slide puts id into the window and forgets the token that falls out.
func (s *State) slide(id int32, window int) {
	if len(s.ring) < window {
		s.ring = append(s.ring, id)
		return
	}
	old := s.ring[s.next]
	s.ring[s.next] = id
	s.next = (s.next + 1) % window
	if s.counts[old]--; s.counts[old] == 0 {
		delete(s.counts, old)
	}
}

// change is a logit as it was before bias or penalty.
type change struct {
	id  int32
	was float32
}

// adjust applies bias and penalties to logits in place and appends what it
// overwrote to undo.
func (s *State) adjust(logits []float32, undo []change) []change {
	for id, bias := range s.p.LogitBias {
		undo = append(undo, change{id, logits[id]})
		logits[id] += bias
	}
	for id, count := range s.counts {
		x := logits[id]
		undo = append(undo, change{id, x})
		logits[id] = s.p.penalise(x, count)
	}
	return undo
}

// restore undoes adjust.
func restore(logits []float32, undo []change) {
	for i := len(undo) - 1; i >= 0; i-- {
		logits[undo[i].id] = undo[i].was
	}
}

// penalise returns logit x of a token that occurred count times.
func (p *Params) penalise(x float32, count int32) float32 {
	if p.repeats() {
		if x > 0 {
			x /= p.RepetitionPenalty
		} else {
			x *= p.RepetitionPenalty
		}
	}
	x -= float32(p.FrequencyPenalty * float32(count)) // rounded: no fused multiply-add, on any machine
	return x - p.PresencePenalty
}
