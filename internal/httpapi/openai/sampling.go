package openai

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"

	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Limits of one request. They bound work and memory, not taste.
const (
	MaxChoices = 16   // n; package llm computes no more at once
	MaxTop     = 20   // top_logprobs
	MaxBias    = 1024 // entries of logit_bias
)

// Sampling are the knobs that chat and completion requests share. top_k, min_p
// and the repetition penalty are extras that most open servers understand.
type Sampling struct {
	Temperature       *float32           `json:"temperature"`
	TopP              *float32           `json:"top_p"`
	TopK              *int               `json:"top_k"`
	MinP              *float32           `json:"min_p"`
	PresencePenalty   *float32           `json:"presence_penalty"`
	FrequencyPenalty  *float32           `json:"frequency_penalty"`
	RepetitionPenalty *float32           `json:"repetition_penalty"`
	RepeatPenalty     *float32           `json:"repeat_penalty"` // the same, as llama.cpp calls it
	RepeatLastN       *int               `json:"repeat_last_n"`
	Seed              *int64             `json:"seed"`
	LogitBias         map[string]float32 `json:"logit_bias"`
	Stop              json.RawMessage    `json:"stop"`
	N                 *int               `json:"n"`
	IgnoreEOS         bool               `json:"ignore_eos"`
}

// params checks the knobs and returns them without MaxTokens, log
// probabilities and format, which differ between endpoints.
func (s *Sampling) params() (llm.Params, error) {
	var p llm.Params
	for _, step := range []func(*llm.Params) error{s.putRandomness, s.putPenalties, s.putBias, s.putStop} {
		if err := step(&p); err != nil {
			return p, err
		}
	}
	p.N = 1
	if s.N != nil {
		if *s.N < 1 || *s.N > MaxChoices {
			return p, wire.Invalid("n", "must be between 1 and %d, got %d", MaxChoices, *s.N)
		}
		p.N = *s.N
	}
	p.IgnoreEOS = s.IgnoreEOS
	return p, nil
}

func (s *Sampling) putRandomness(p *llm.Params) error {
	q := &p.Sampling
	*q = rule.Defaults()
	if err := rule.Float(&q.Temperature, s.Temperature, "temperature", 0, 2); err != nil {
		return err
	}
	if err := rule.Float(&q.MinP, s.MinP, "min_p", 0, 1); err != nil {
		return err
	}
	if s.TopK != nil {
		if *s.TopK < -1 {
			return wire.Invalid("top_k", "must be at least 1, or 0 or -1 for all tokens, got %d", *s.TopK)
		}
		q.TopK = max(*s.TopK, 0)
	}
	if err := rule.TopP(q, s.TopP, "top_p"); err != nil {
		return err
	}
	if s.Seed != nil {
		q.Seed = uint64(*s.Seed)
	} else {
		q.Seed = rand.Uint64()
	}
	return nil
}

func (s *Sampling) putPenalties(p *llm.Params) error {
	q := &p.Sampling
	if err := rule.Float(&q.PresencePenalty, s.PresencePenalty, "presence_penalty", -2, 2); err != nil {
		return err
	}
	if err := rule.Float(&q.FrequencyPenalty, s.FrequencyPenalty, "frequency_penalty", -2, 2); err != nil {
		return err
	}
	name, value := "repetition_penalty", s.RepetitionPenalty
	if value == nil {
		name, value = "repeat_penalty", s.RepeatPenalty
	}
	if err := rule.Float(&q.RepetitionPenalty, value, name, 0.01, 10); err != nil {
		return err
	}
	if n := s.RepeatLastN; n != nil {
		if *n < 0 || *n > 1<<20 {
			return wire.Invalid("repeat_last_n", "must be between 0 and %d, got %d", 1<<20, *n)
		}
		q.PenaltyWindow = *n
	}
	return nil
}

func (s *Sampling) putBias(p *llm.Params) error {
	if len(s.LogitBias) == 0 {
		return nil
	}
	if len(s.LogitBias) > MaxBias {
		return wire.Invalid("logit_bias", "at most %d entries, got %d", MaxBias, len(s.LogitBias))
	}
	bias := make(map[int32]float32, len(s.LogitBias))
	for key, value := range s.LogitBias {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil || id < 0 {
			return wire.Invalid("logit_bias", "%q is not a token id", wire.Shorten(key))
		}
		if !(value >= -100 && value <= 100) {
			return wire.Invalid("logit_bias", "the bias of token %d must be between -100 and 100", id)
		}
		bias[int32(id)] = value
	}
	p.Sampling.LogitBias = bias
	return nil
}

func (s *Sampling) putStop(p *llm.Params) error {
	stops, err := stringOrList(s.Stop, "stop")
	if err != nil {
		return err
	}
	if err := rule.Stops(stops, "stop"); err != nil {
		return err
	}
	p.Stop = stops
	return nil
}

// stringOrList reads a string or an array of strings; null is an empty list.
func stringOrList(raw json.RawMessage, param string) ([]string, error) {
	if wire.Null(raw) {
		return nil, nil
	}
	if wire.Kind(raw) == '"' {
		var one string
		err := wire.Value(raw, &one, param)
		return []string{one}, err
	}
	var many []string
	if err := wire.Value(raw, &many, param); err != nil {
		return nil, wire.Invalid(param, "must be a string or an array of strings")
	}
	return many, nil
}

// maxTokens picks the one of two names that is set; 0 means no limit of the
// client's.
func maxTokens(name string, value *int, older string, olderValue *int) (int, error) {
	if value == nil {
		name, value = older, olderValue
	}
	if value == nil {
		return 0, nil
	}
	if *value < 1 {
		return 0, wire.Invalid(name, "must be at least 1, got %d", *value)
	}
	return min(*value, math.MaxInt32), nil
}
