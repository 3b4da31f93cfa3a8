package sample

import (
	"fmt"
	"math"
)

// Params are the knobs of one request. The zero value is greedy.
type Params struct {
	Temperature float32 // 0: greedy
	TopK        int     // 0: off
	TopP        float32 // 0 or 1: off
	MinP        float32 // 0: off

	RepetitionPenalty float32 // 0 or 1: off
	PresencePenalty   float32
	FrequencyPenalty  float32
	PenaltyWindow     int // newest tokens of prompt and output that are penalised; 0: all

	Seed      uint64
	LogitBias map[int32]float32 // added to the logits of these ids
}

// maxPenalty bounds the repetition penalty, which multiplies logits.
const maxPenalty = 100

// Check returns an error that names the first parameter out of range for a
// vocabulary of V tokens.
func (p *Params) Check(V int) error {
	switch {
	case !(p.Temperature >= 0 && p.Temperature <= math.MaxFloat32):
		return fmt.Errorf("sample: temperature %g: want 0 or more", p.Temperature)
	case p.TopK < 0:
		return fmt.Errorf("sample: top-k %d: want 0 (off) or more", p.TopK)
	case !(p.TopP >= 0 && p.TopP <= 1):
		return fmt.Errorf("sample: top-p %g: want 0 to 1", p.TopP)
	case !(p.MinP >= 0 && p.MinP <= 1):
		return fmt.Errorf("sample: min-p %g: want 0 to 1", p.MinP)
	case !(p.RepetitionPenalty >= 0 && p.RepetitionPenalty <= maxPenalty):
		return fmt.Errorf("sample: repetition penalty %g: want 0 (off) to %d", p.RepetitionPenalty, maxPenalty)
	case !finite(p.PresencePenalty):
		return fmt.Errorf("sample: presence penalty %g is not a number", p.PresencePenalty)
	case !finite(p.FrequencyPenalty):
		return fmt.Errorf("sample: frequency penalty %g is not a number", p.FrequencyPenalty)
	case p.PenaltyWindow < 0:
		return fmt.Errorf("sample: penalty window %d: want 0 (all) or more", p.PenaltyWindow)
	}
	for id, bias := range p.LogitBias {
		if id < 0 || int(id) >= V {
			return fmt.Errorf("sample: logit bias for token %d outside the vocabulary of %d", id, V)
		}
		if !finite(bias) {
			return fmt.Errorf("sample: logit bias %g for token %d is not a number", bias, id)
		}
	}
	return nil
}

// Best is how many of the greatest logits, with all that equal the least of
// them, decide what is drawn; 0: all of them. It supposes that nothing is masked.
func (p *Params) Best() int {
	switch {
	case p.penalises() || len(p.LogitBias) > 0:
		return 0
	case p.Temperature == 0:
		return 1
	case p.TopK <= maxHeld:
		return p.TopK
	}
	return 0
}

func (p *Params) penalises() bool {
	return p.repeats() || p.PresencePenalty != 0 || p.FrequencyPenalty != 0
}

func (p *Params) repeats() bool { return p.RepetitionPenalty != 0 && p.RepetitionPenalty != 1 }

// finite says that x is neither NaN nor an infinity.
func finite(x float32) bool { return x-x == 0 }
