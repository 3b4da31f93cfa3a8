package clova

import (
	"unicode/utf8"

	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Completion is the body of the older /v1/completions/{model} (LK-D2).
type Completion struct {
	Text             string   `json:"text"`
	Start            string   `json:"start"`
	Restart          string   `json:"restart"`
	IncludeTokens    bool     `json:"includeTokens"`
	TopP             *float32 `json:"topP"`
	TopK             *int     `json:"topK"`
	MaxTokens        *int     `json:"maxTokens"`
	Temperature      *float32 `json:"temperature"`
	RepeatPenalty    *float32 `json:"repeatPenalty"`
	StopBefore       []string `json:"stopBefore"`
	IncludeAIFilters *bool    `json:"includeAiFilters"`
	Seed             *int64   `json:"seed"`
}

// CompletionResult is its result. The text repeats the prompt, as LK-D2 did.
type CompletionResult struct {
	Text         string   `json:"text"`
	StopReason   string   `json:"stopReason"`
	InputLength  int      `json:"inputLength"`
	OutputLength int      `json:"outputLength"`
	InputTokens  []string `json:"inputTokens,omitempty"`
	OutputTokens []string `json:"outputTokens,omitempty"`
	AIFilter     []Filter `json:"aiFilter"`
}

const (
	defaultCompletionTokens = 32
	maxCompletionTokens     = 2048
)

// DecodeCompletion reads a completion request. start and restart are put
// around the text, as the playground did.
func DecodeCompletion(body []byte) (*Completion, llm.CompletionRequest, error) {
	var w Completion
	var r llm.CompletionRequest
	if err := wire.Decode(body, &w); err != nil {
		return nil, r, err
	}
	if w.Text == "" {
		return nil, r, emptyText("text")
	}
	s := Sampling{Temperature: w.Temperature, TopP: w.TopP, TopK: w.TopK, Seed: w.Seed}
	if err := s.put(&r.Params); err != nil {
		return nil, r, err
	}
	if err := repeatPenalty(&r.Params, w.RepeatPenalty); err != nil {
		return nil, r, err
	}
	if w.MaxTokens != nil && *w.MaxTokens == 0 {
		w.MaxTokens = nil
	}
	if err := maxTokens(&r.Params, w.MaxTokens, "maxTokens", defaultCompletionTokens, maxCompletionTokens); err != nil {
		return nil, r, err
	}
	r.Prompt = w.Text + w.Start
	return &w, r, stops(&r.Params, w.StopBefore, "stopBefore")
}

// Text is the body of the tools that read one text.
type Text struct {
	Text string `json:"text"`
}

// Limits of the tools, in characters.
const (
	MaxEmbedText   = 100_000
	MaxSegmentText = 120_000
	MaxSummaryText = 35_000
)

// DecodeText reads a body that holds one text.
func DecodeText(body []byte, limit int) (string, error) {
	var w Text
	if err := wire.Decode(body, &w); err != nil {
		return "", err
	}
	return w.Text, checkText(w.Text, "text", limit)
}

func checkText(s, param string, limit int) error {
	n := utf8.RuneCountInString(s)
	if n == 0 {
		return emptyText(param)
	}
	if n > limit {
		return wire.Invalid(param, "at most %d characters, got %d", limit, n)
	}
	return nil
}

func emptyText(param string) error {
	e := wire.Invalid(param, "must not be empty")
	e.Code = "empty_text"
	return e
}

// Embedding is the result of the embedding tools.
type Embedding struct {
	Embedding   []float32 `json:"embedding"`
	InputTokens int       `json:"inputTokens"`
}

// NumTokens is the result of the token counters.
type NumTokens struct {
	NumTokens int `json:"numTokens"`
}

// CountedMessage is a turn with its number of tokens.
type CountedMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
	Count   int    `json:"count"`
}

// CountedMessages is the result of chat-tokenize.
type CountedMessages struct {
	Messages []CountedMessage `json:"messages"`
}
