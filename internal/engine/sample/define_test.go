package sample

import (
	"math"
	"slices"
)

// define is the definition of Sample in plain Go: it copies the row, sorts all
// of it and adds one weight after the other. history is prompt and output.
func define(p Params, history []int32, index int, logits []float32, mask []uint64) (int32, error) {
	if p.PenaltyWindow > 0 && len(history) > p.PenaltyWindow {
		history = history[len(history)-p.PenaltyWindow:]
	}
	counts := map[int32]int32{}
	for _, id := range history {
		counts[id]++
	}
	var row []candidate
	for i, x := range logits {
		id := int32(i)
		if mask != nil && mask[i/64]>>(i%64)&1 == 0 {
			continue
		}
		if bias, ok := p.LogitBias[id]; ok {
			x += bias
		}
		if n := counts[id]; n > 0 {
			if r := p.RepetitionPenalty; r != 0 && r != 1 {
				if x > 0 {
					x /= r
				} else {
					x *= r
				}
			}
			x = x - float32(p.FrequencyPenalty*float32(n)) - p.PresencePenalty
		}
		if x != x || x > math.MaxFloat32 {
			return 0, ErrNaN
		}
		if x >= -math.MaxFloat32 {
			row = append(row, candidate{id, x})
		}
	}
	if len(row) == 0 {
		return 0, ErrNoToken
	}
	slices.SortFunc(row, order)
	if p.Temperature == 0 {
		return row[0].id, nil
	}
	if p.TopK > 0 && p.TopK < len(row) {
		row = row[:p.TopK]
	}
	best := row[0].x
	u := func(c candidate) float64 { // in 64ths of an octave
		return (float64(c.x) - float64(best)) * (math.Log2E * 64 / float64(p.Temperature))
	}
	total := uint64(0)
	for _, c := range row {
		total += weight(u(c))
	}
	need := total
	if p.TopP > 0 && p.TopP < 1 {
		need = max(1, uint64(math.Ceil(float64(p.TopP)*float64(total))))
	}
	kept := uint64(0)
	for i, c := range row {
		if kept >= need || p.MinP > 0 && u(c) < math.Log2(float64(p.MinP))*64 {
			row = row[:i]
			break
		}
		kept += weight(u(c))
	}
	goal := target(random(p.Seed, uint64(index)), kept)
	for _, c := range row {
		if goal < weight(u(c)) {
			return c.id, nil
		}
		goal -= weight(u(c))
	}
	panic("the weights of row sum to kept")
}
