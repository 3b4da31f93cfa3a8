package openai

import (
	"encoding/json"
	"fmt"

	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// MaxPrompts bounds the prompts of one completion request.
const MaxPrompts = 512

// defaultCompletionTokens is what OpenAI generates when a completion request
// names no max_tokens.
const defaultCompletionTokens = 16

// NoTokens is the MaxTokens of a request that generates nothing: it echoes its
// prompt, and with log probabilities scores it.
const NoTokens = -1

// CompletionRequest is the body of POST /v1/completions.
type CompletionRequest struct {
	Model  string          `json:"model"`
	Prompt json.RawMessage `json:"prompt"` // text, token ids, or an array of either
	Sampling
	Structure
	Hints

	MaxTokens     *int           `json:"max_tokens"`
	Echo          bool           `json:"echo"`
	LogProbs      *int           `json:"logprobs"` // alternatives per token
	Suffix        *string        `json:"suffix"`
	BestOf        *int           `json:"best_of"`
	Stream        bool           `json:"stream"`
	StreamOptions *StreamOptions `json:"stream_options"`
}

// IncludeUsage reports whether a stream ends with a usage chunk.
func (w *CompletionRequest) IncludeUsage() bool {
	return w.StreamOptions != nil && w.StreamOptions.IncludeUsage
}

// DecodeCompletion reads a completion request and returns one request for
// package llm per prompt.
func DecodeCompletion(body []byte) (*CompletionRequest, []llm.CompletionRequest, error) {
	var w CompletionRequest
	if err := wire.Decode(body, &w); err != nil {
		return nil, nil, err
	}
	if err := w.refuse(); err != nil {
		return nil, nil, err
	}
	p, err := w.completionParams()
	if err != nil {
		return nil, nil, err
	}
	prompts, err := Inputs(w.Prompt, "prompt", MaxPrompts)
	if err != nil {
		return nil, nil, err
	}
	out := make([]llm.CompletionRequest, len(prompts))
	for i, in := range prompts {
		out[i] = llm.CompletionRequest{Prompt: in.Text, IDs: in.IDs, Echo: w.Echo, Params: p}
	}
	return &w, out, nil
}

func (w *CompletionRequest) refuse() error {
	switch {
	case w.Suffix != nil && *w.Suffix != "":
		return wire.Unsupported("suffix", "inserting before a suffix is not supported")
	case w.BestOf != nil && *w.BestOf != 1 && (w.N == nil || *w.BestOf != *w.N):
		return wire.Unsupported("best_of", "best_of is not supported; use n")
	case w.StreamOptions != nil && !w.Stream:
		return wire.Invalid("stream_options", "only allowed when stream is true")
	}
	return nil
}

func (w *CompletionRequest) completionParams() (llm.Params, error) {
	p, err := w.params()
	if err != nil {
		return p, err
	}
	switch {
	case w.MaxTokens == nil:
		p.MaxTokens = defaultCompletionTokens
	case *w.MaxTokens == 0 && w.Echo:
		p.MaxTokens = NoTokens
	default:
		if p.MaxTokens, err = maxTokens("max_tokens", w.MaxTokens, "", nil); err != nil {
			return p, err
		}
	}
	if n := w.LogProbs; n != nil {
		if *n < 0 || *n > MaxTop {
			return p, wire.Invalid("logprobs", "must be between 0 and %d, got %d", MaxTop, *n)
		}
		p.LogProbs, p.TopLogProbs = true, *n
	}
	p.Format, err = w.format()
	return p, err
}

// Input is one text, or the token ids that stand for one; IDs is not nil then.
type Input struct {
	Text string
	IDs  []int32
}

// Inputs reads what OpenAI allows as prompt and as embedding input: a string,
// an array of strings, an array of token ids, or an array of such arrays.
func Inputs(raw json.RawMessage, param string, limit int) ([]Input, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return nil, wire.Missing(param)
	case '"':
		var text string
		err := wire.Value(raw, &text, param)
		return []Input{{Text: text}}, err
	case '[':
	default:
		return nil, wrongInput(param)
	}
	var items []json.RawMessage
	if err := wire.Value(raw, &items, param); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, wire.Invalid(param, "must not be empty")
	}
	if wire.Kind(items[0]) == '0' {
		in, err := tokenInput(raw, param)
		return []Input{in}, err
	}
	if len(items) > limit {
		return nil, wire.Invalid(param, "at most %d items, got %d", limit, len(items))
	}
	out := make([]Input, len(items))
	for i, item := range items {
		var err error
		if out[i], err = oneInput(item, fmt.Sprintf("%s[%d]", param, i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func oneInput(raw json.RawMessage, at string) (Input, error) {
	switch wire.Kind(raw) {
	case '"':
		var in Input
		err := wire.Value(raw, &in.Text, at)
		return in, err
	case '[':
		return tokenInput(raw, at)
	}
	return Input{}, wrongInput(at)
}

func tokenInput(raw json.RawMessage, at string) (Input, error) {
	ids, err := TokenIDs(raw, at)
	if err == nil && len(ids) == 0 {
		err = wire.Invalid(at, "must not be empty")
	}
	return Input{IDs: ids}, err
}

// TokenIDs reads an array of token ids; it is never nil without an error.
func TokenIDs(raw json.RawMessage, at string) ([]int32, error) {
	ids := []int32{}
	if wire.Kind(raw) != '[' {
		return nil, wire.Invalid(at, "must be an array of token ids")
	}
	if err := wire.Value(raw, &ids, at); err != nil {
		return nil, wire.Invalid(at, "must be an array of token ids")
	}
	for _, id := range ids {
		if id < 0 {
			return nil, wire.Invalid(at, "%d is not a token id", id)
		}
	}
	return ids, nil
}

func wrongInput(param string) error {
	return wire.Invalid(param, "must be a string, an array of strings, an array of token ids or an array of such arrays")
}
