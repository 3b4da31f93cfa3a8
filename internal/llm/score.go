package llm

import (
	"context"
	"fmt"
	"slices"

	"malmoi/internal/num/kernel"
)

// Score runs ids through the model and hands every position's logits to f, in
// order. The slice is valid during the call only.
func (m *Model) Score(ctx context.Context, ids []int32, f func(pos int, logits []float32) error) error {
	if m.eng == nil {
		return ErrNoGeneration
	}
	for _, id := range ids {
		if id < 0 || int(id) >= m.net.VocabSize() {
			return fmt.Errorf("%w: token id %d outside the vocabulary of %d", ErrBadRequest, id, m.net.VocabSize())
		}
	}
	return m.engineError(m.eng.Score(ctx, ids, f))
}

// LogSumExp is ln Σ exp(x), the normaliser of a row of logits.
func LogSumExp(x []float32) float64 { return kernel.LogSumExp(x) }

// TopIDs lists the n largest logits' ids, largest first; ties go to the lower id.
func TopIDs(logits []float32, n int) []int32 {
	var top []int32
	less := func(a, b int32) bool { // a ranks before b
		return logits[a] > logits[b] || logits[a] == logits[b] && a < b
	}
	for i := range logits {
		id := int32(i)
		if len(top) == n && !less(id, top[n-1]) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, id, func(e, t int32) int {
			if less(e, t) {
				return -1
			}
			return 1
		})
		top = slices.Insert(top, at, id)
		top = top[:min(len(top), n)]
	}
	return top
}
