package clova

import (
	"math/rand/v2"

	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Sampling are the knobs that v1, v3 and rag-reasoning share.
type Sampling struct {
	Temperature      *float32 `json:"temperature"`
	TopP             *float32 `json:"topP"`
	TopK             *int     `json:"topK"`
	Seed             *int64   `json:"seed"` // 0: random
	IncludeAIFilters *bool    `json:"includeAiFilters"`
}

func (s *Sampling) filters() bool { return s.IncludeAIFilters != nil && *s.IncludeAIFilters }

// Defaults of CLOVA Studio.
const (
	defaultTemperature = 0.5
	defaultTopP        = 0.8
	maxTopK            = 128
	maxSeed            = 1<<32 - 1
)

func (s *Sampling) put(p *llm.Params) error {
	q := &p.Sampling
	q.Temperature, q.TopP, q.RepetitionPenalty = defaultTemperature, defaultTopP, 1
	if err := rule.Float(&q.Temperature, s.Temperature, "temperature", 0, 1); err != nil {
		return err
	}
	if err := rule.TopP(q, s.TopP, "topP"); err != nil {
		return err
	}
	if s.TopK != nil {
		if *s.TopK < 0 || *s.TopK > maxTopK {
			return wire.Invalid("topK", "must be between 0 and %d, got %d", maxTopK, *s.TopK)
		}
		q.TopK = *s.TopK
	}
	q.Seed = uint64(rand.Uint32())
	if s.Seed != nil && *s.Seed != 0 {
		if *s.Seed < 0 || *s.Seed > maxSeed {
			return wire.Invalid("seed", "must be between 0 and %d, got %d", int64(maxSeed), *s.Seed)
		}
		q.Seed = uint64(*s.Seed)
	}
	p.N = 1
	return nil
}

// repeatPenalty reads the penalty of the older APIs, 0 to 10 with 5 in the
// middle. NAVER does not say what it does to a logit; we spread the range over
// the factors that are usable, so that its default is a mild 1.1.
func repeatPenalty(p *llm.Params, value *float32) error {
	v := float32(5)
	if err := rule.Float(&v, value, "repeatPenalty", 0, 10); err != nil {
		return err
	}
	p.Sampling.RepetitionPenalty = 1 + v/50
	return nil
}

func maxTokens(p *llm.Params, value *int, param string, fallback, limit int) error {
	p.MaxTokens = fallback
	if value == nil {
		return nil
	}
	if *value < 1 || *value > limit {
		return wire.Invalid(param, "must be between 1 and %d, got %d", limit, *value)
	}
	p.MaxTokens = *value
	return nil
}

func stops(p *llm.Params, list []string, param string) error {
	p.Stop = list
	return rule.Stops(list, param)
}
