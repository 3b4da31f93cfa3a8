package ollama

import (
	"encoding/json"
	"math/rand/v2"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Options are the knobs of a request. Those that say how a model is loaded
// (num_ctx, num_gpu, num_thread …) change nothing here: the server decides.
type Options struct {
	Seed             *int64          `json:"seed"`
	NumPredict       *int            `json:"num_predict"` // -1: without limit, -2: to the end of the context
	TopK             *int            `json:"top_k"`
	TopP             *float32        `json:"top_p"`
	MinP             *float32        `json:"min_p"`
	RepeatLastN      *int            `json:"repeat_last_n"` // -1: all
	Temperature      *float32        `json:"temperature"`
	RepeatPenalty    *float32        `json:"repeat_penalty"`
	PresencePenalty  *float32        `json:"presence_penalty"`
	FrequencyPenalty *float32        `json:"frequency_penalty"`
	Stop             json.RawMessage `json:"stop"`
}

func (o *Options) params() (llm.Params, error) {
	p := llm.Params{N: 1, Sampling: rule.Defaults()}
	q := &p.Sampling
	if o == nil {
		q.Seed = rand.Uint64()
		return p, nil
	}
	for _, f := range []struct {
		dst, value *float32
		name       string
		low, high  float32
	}{
		{&q.Temperature, o.Temperature, "options.temperature", 0, 2},
		{&q.MinP, o.MinP, "options.min_p", 0, 1},
		{&q.RepetitionPenalty, o.RepeatPenalty, "options.repeat_penalty", 0.01, 10},
		{&q.PresencePenalty, o.PresencePenalty, "options.presence_penalty", -2, 2},
		{&q.FrequencyPenalty, o.FrequencyPenalty, "options.frequency_penalty", -2, 2},
	} {
		if err := rule.Float(f.dst, f.value, f.name, f.low, f.high); err != nil {
			return p, err
		}
	}
	if err := rule.TopP(q, o.TopP, "options.top_p"); err != nil {
		return p, err
	}
	if err := o.counts(&p); err != nil {
		return p, err
	}
	var err error
	if p.Stop, err = stringOrList(o.Stop, "options.stop"); err != nil {
		return p, err
	}
	return p, rule.Stops(p.Stop, "options.stop")
}

// maxCount bounds the whole numbers of a request.
const maxCount = 1 << 24

func (o *Options) counts(p *llm.Params) error {
	q := &p.Sampling
	for _, f := range []struct {
		dst   *int
		value *int
		name  string
	}{{&p.MaxTokens, o.NumPredict, "options.num_predict"}, {&q.TopK, o.TopK, "options.top_k"}, {&q.PenaltyWindow, o.RepeatLastN, "options.repeat_last_n"}} {
		if f.value == nil {
			continue
		}
		if *f.value > maxCount {
			return wire.Invalid(f.name, "must be at most %d, got %d", maxCount, *f.value)
		}
		*f.dst = max(*f.value, 0) // below 0 means without limit, which is our 0
	}
	q.Seed = rand.Uint64()
	if o.Seed != nil {
		q.Seed = uint64(*o.Seed)
	}
	return nil
}

func stringOrList(raw json.RawMessage, param string) ([]string, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return nil, nil
	case '"':
		var one string
		err := wire.Value(raw, &one, param)
		return []string{one}, err
	}
	var many []string
	err := wire.Value(raw, &many, param)
	return many, err
}

// format is "json", a JSON Schema, or nothing.
func format(raw json.RawMessage) (llm.Format, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return llm.Format{}, nil
	case '"':
		var word string
		if err := wire.Value(raw, &word, "format"); err != nil {
			return llm.Format{}, err
		}
		if word != "" && word != "json" {
			return llm.Format{}, wire.Invalid("format", "%q is neither \"json\" nor a JSON Schema", wire.Shorten(word))
		}
		return llm.Format{JSONObject: word == "json"}, nil
	}
	schema, err := rule.Schema(raw, "format")
	return llm.Format{JSONSchema: schema}, err
}

// think is true, false, or an effort.
func think(raw json.RawMessage) (map[string]any, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return nil, nil
	case '"':
		var effort string
		if err := wire.Value(raw, &effort, "think"); err != nil {
			return nil, err
		}
		return rule.Effort(effort, "think")
	}
	var on bool
	if err := wire.Value(raw, &on, "think"); err != nil {
		return nil, err
	}
	return chat.Thinking(on), nil
}
