package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"malmoi/internal/engine/sample"
)

// mock is a network in miniature. What it stores at a position is a hash of the
// token, the position and everything stored before it, read through the page
// table; its logits are a function of that. So a wrong page, a stale page or a
// missing copy changes the answer. Its rows do not depend on the batch.
type mock struct {
	V, context int
	most       int           // pages it can reserve; 0: any number
	delay      time.Duration // of a step; under testing/synctest it costs nothing
	stepErr    func(b *Batch) error
	onStep     func(b *Batch)
	nan        int32 // a token after which logits are NaN; 0: none

	pages  [][PageTokens]uint64
	copies int
}

func (m *mock) VocabSize() int     { return m.V }
func (m *mock) ContextLength() int { return m.context }

func (m *mock) Reserve(pages int) error {
	if m.most > 0 && pages > m.most {
		return errors.New("mock: out of memory")
	}
	if pages > len(m.pages) {
		m.pages = append(m.pages, make([][PageTokens]uint64, pages-len(m.pages))...)
	}
	return nil
}

func (m *mock) CopyPage(dst, src int) {
	m.copies++
	m.pages[dst] = m.pages[src]
}

func (m *mock) Step(b *Batch) error {
	if m.delay > 0 {
		time.Sleep(m.delay)
	}
	if m.onStep != nil {
		m.onStep(b)
	}
	if m.stepErr != nil {
		if err := m.stepErr(b); err != nil {
			return err
		}
	}
	row, out := 0, 0
	for _, span := range b.Seqs {
		past := uint64(1)
		for pos := range span.Pos {
			past = fold(past, m.pages[span.Pages[pos/PageTokens]][pos%PageTokens])
		}
		for i := range span.Len {
			pos := span.Pos + i
			own := remember(past, b.Tokens[row], pos)
			m.pages[span.Pages[pos/PageTokens]][pos%PageTokens] = own
			past = fold(past, own)
			if out < len(b.Out) && int(b.Out[out]) == row {
				m.logits(b.Logits[out*m.V:(out+1)*m.V], b.Tokens[row], past)
				blur(b.Logits[out*m.V:(out+1)*m.V], int(b.Best[out]))
				out++
			}
			row++
		}
	}
	if row != len(b.Tokens) || out != len(b.Out) || len(b.Logits) != out*m.V {
		return fmt.Errorf("mock: spans cover %d of %d rows, %d of %d outputs", row, len(b.Tokens), out, len(b.Out))
	}
	return nil
}

// blur spoils what a step need not know: all but the k greatest of a row and
// what equals the least of them.
func blur(row []float32, k int) {
	if k == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(row))
	least := sorted[max(0, len(sorted)-k)]
	for i, v := range row {
		if v < least {
			row[i] = least - 1e-3*float32(1+i%7)
		}
	}
}

func fold(a, b uint64) uint64 {
	a = (a ^ b) * 0xbf58476d1ce4e5b9
	return a ^ a>>31
}

func remember(past uint64, token int32, pos int) uint64 {
	return fold(fold(past, uint64(token)+7), uint64(pos)+3)
}

// logits favour a fixed successor of the last token, so that answers repeat
// themselves and guesses are sometimes right.
func (m *mock) logits(dst []float32, last int32, past uint64) {
	for i := range dst {
		past = fold(past, uint64(i)+0x9e3779b97f4a7c15)
		dst[i] = float32(past>>40) / (1 << 24) * 6
	}
	dst[(int(last)*7+3)%m.V] += 4
	if m.nan != 0 && last == m.nan {
		var zero float32
		dst[0] = zero / zero
	}
}

// alone is the answer to a request computed without engine, cache or batch.
func (m *mock) alone(r Request, limit int) (outs []Output, finish FinishReason) {
	past := uint64(1)
	tokens := slices.Clone(r.Prompt)
	for pos, id := range tokens {
		past = fold(past, remember(past, id, pos))
	}
	state := sample.NewState(r.Sampling)
	state.Seen(tokens...)
	var sampler sample.Sampler
	row := make([]float32, m.V)
	most := r.MaxTokens
	if most == 0 {
		most = limit - len(r.Prompt)
	}
	for drawn := range most {
		m.logits(row, tokens[len(tokens)-1], past)
		c, err := sampler.Sample(state, drawn, row, nil, r.LogProbs)
		if err != nil {
			return outs, FinishError
		}
		if !r.IgnoreEOS && slices.Contains(r.Stop, c.ID) {
			return outs, FinishStop
		}
		outs = append(outs, Output{ID: c.ID, LogProb: c.LogProb, Top: slices.Clone(c.Top)})
		past = fold(past, remember(past, c.ID, len(tokens)))
		tokens = append(tokens, c.ID)
		state.Seen(c.ID)
	}
	return outs, FinishLength
}
