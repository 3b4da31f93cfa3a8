package sched

// Seq describes a running sequence to the planner.
type Seq struct {
	Have    int  // positions already in the cache
	Pages   int  // pages it holds
	Want    int  // rows it has not yet computed; 1 while decoding
	Drafts  int  // rows it would like to add to verify guesses; may be cut
	Most    int  // most rows per step for this sequence; 0: no limit
	Decodes bool // its client is waiting for the next token; Want must fit into a step
	Stalled bool // its client does not read; it does not run
}

// Limits bound one step.
type Limits struct {
	Rows         int // rows per step
	PrefillChunk int // prompt rows per step while somebody decodes
	PageTokens   int
}

// Verdict says what to do with a plan.
type Verdict int

const (
	Run     Verdict = iota // carry out the plan
	Idle                   // nobody can run: all clients are behind
	Preempt                // take sequence Victim's pages away and plan again
	Stuck                  // sequence Victim is alone and its next row does not fit
)

// Plan is the outcome of one call of Next. Reuse it to save allocations.
type Plan struct {
	Verdict Verdict
	Victim  int
	Rows    []int // per sequence: rows in this step
	Drafts  []int // per sequence: how many of them are drafts

	turn int // where the next step begins if not all who decode fit into one
}

// Next plans one step for the running sequences, oldest first, with pages that
// could be handed out. It overwrites p.
func (p *Plan) Next(seqs []Seq, limits Limits, pages int) {
	p.Verdict, p.Victim = Run, -1
	p.Rows = resize(p.Rows, len(seqs))
	p.Drafts = resize(p.Drafts, len(seqs))
	step := step{seqs: seqs, limits: limits, pages: pages, rows: limits.Rows}
	p.decoders(&step)
	if p.Verdict == Run {
		p.prompts(&step)
	}
	if p.Verdict == Run && step.rows == limits.Rows {
		p.starved(&step)
	}
	if p.Verdict == Run {
		p.drafts(&step)
	}
}

func resize(s []int, n int) []int {
	if cap(s) < n {
		return make([]int, n, 2*n)
	}
	s = s[:n]
	clear(s)
	return s
}

// step is what is left to hand out.
type step struct {
	seqs   []Seq
	limits Limits
	pages  int
	rows   int
	decode bool // somebody decodes in this step
}

// fit returns how many of rows more rows sequence i can have after had rows,
// given the pages that are left.
func (s *step) fit(i, had, rows int) int {
	holds := max(s.seqs[i].Pages, s.need(i, had))
	room := (holds+s.pages)*s.limits.PageTokens - s.seqs[i].Have
	return max(0, min(rows, room-had))
}

// need returns how many pages sequence i holds with rows more rows.
func (s *step) need(i, rows int) int {
	return (s.seqs[i].Have + rows + s.limits.PageTokens - 1) / s.limits.PageTokens
}

// grant hands out rows to sequence i after had.
func (s *step) grant(i, had, rows int) {
	before := max(s.seqs[i].Pages, s.need(i, had))
	s.pages -= max(0, s.need(i, had+rows)-before)
	s.rows -= rows
}

// decoders gives everyone who decodes a row, in turns if there are more of them
// than rows.
func (p *Plan) decoders(s *step) {
	n := len(s.seqs)
	if n == 0 {
		return
	}
	count := 0
	for i := range s.seqs {
		if s.seqs[i].Decodes && !s.seqs[i].Stalled {
			count++
		}
	}
	s.decode = count > 0
	first := 0
	if count > s.rows {
		first = p.turn % n
	}
	for k := range n {
		i := (first + k) % n
		q := &s.seqs[i]
		if !q.Decodes || q.Stalled {
			continue
		}
		if s.rows < q.Want {
			p.turn = i
			return
		}
		if s.fit(i, 0, q.Want) < q.Want {
			p.preempt(s, i)
			return
		}
		p.Rows[i] = q.Want
		s.grant(i, 0, q.Want)
	}
}

// prompts shares rows among the sequences that still read their prompt.
func (p *Plan) prompts(s *step) {
	budget := s.rows
	if s.decode {
		budget = min(budget, s.limits.PrefillChunk)
	}
	for budget > 0 {
		open := 0
		for i := range s.seqs {
			if p.could(s, i) > 0 {
				open++
			}
		}
		if open == 0 {
			return
		}
		share := max(1, budget/open)
		for i := range s.seqs {
			rows := min(share, budget, p.could(s, i))
			if rows > 0 {
				s.grant(i, p.Rows[i], rows)
				p.Rows[i] += rows
				budget -= rows
			}
		}
	}
}

// could returns how many more prompt rows sequence i could have in this step.
func (p *Plan) could(s *step, i int) int {
	q := &s.seqs[i]
	if q.Decodes || q.Stalled {
		return 0
	}
	left := q.Want - p.Rows[i]
	if q.Most > 0 {
		left = min(left, q.Most-p.Rows[i])
	}
	if left <= 0 {
		return 0
	}
	return s.fit(i, p.Rows[i], left)
}

// starved handles a step in which nobody got a row: either nobody wants one, or
// pages ran out for prompts only.
func (p *Plan) starved(s *step) {
	for i := range s.seqs {
		if !s.seqs[i].Stalled && s.seqs[i].Want > 0 {
			p.preempt(s, i)
			return
		}
	}
	p.Verdict = Idle
}

// preempt picks who makes room for sequence i: a stalled sequence that holds
// pages, else the youngest that is not older than i, which may be i itself.
func (p *Plan) preempt(s *step, i int) {
	p.Verdict = Preempt
	for k := len(s.seqs) - 1; k >= 0; k-- {
		if s.seqs[k].Stalled && s.seqs[k].Pages > 0 && k != i {
			p.Victim = k
			return
		}
	}
	for k := len(s.seqs) - 1; k > i; k-- {
		if s.seqs[k].Pages > 0 {
			p.Victim = k
			return
		}
	}
	p.Victim = i
	if p.alone(s, i) {
		p.Verdict = Stuck
	}
}

// alone says that nobody but i holds pages.
func (p *Plan) alone(s *step, i int) bool {
	for k := range s.seqs {
		if k != i && s.seqs[k].Pages > 0 {
			return false
		}
	}
	return true
}

// drafts adds guesses where rows and pages are left; never at another's cost.
func (p *Plan) drafts(s *step) {
	for i := range s.seqs {
		q := &s.seqs[i]
		if q.Drafts == 0 || !q.Decodes || p.Rows[i] == 0 {
			continue
		}
		n := s.fit(i, p.Rows[i], min(q.Drafts, s.rows))
		s.grant(i, p.Rows[i], n)
		p.Drafts[i] = n
		p.Rows[i] += n
	}
}
