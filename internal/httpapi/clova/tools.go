package clova

import (
	"fmt"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/wire"
)

// Turns is the body of chat-tokenize.
type Turns struct {
	Messages []Message `json:"messages"`
}

// DecodeTurns reads the turns whose tokens are to be counted.
func DecodeTurns(body []byte) ([]chat.Message, error) {
	var w Turns
	if err := wire.Decode(body, &w); err != nil {
		return nil, err
	}
	return messages(w.Messages)
}

// Sliding is the body of sliding/chat-messages: which turns fit beside an
// answer of maxTokens.
type Sliding struct {
	MaxTokens *int      `json:"maxTokens"`
	Messages  []Message `json:"messages"`
}

// DecodeSliding reads the turns and the room for the answer, in tokens.
func DecodeSliding(body []byte) ([]chat.Message, int, error) {
	var w Sliding
	if err := wire.Decode(body, &w); err != nil {
		return nil, 0, err
	}
	room := defaultTokensV1
	if w.MaxTokens != nil {
		if room = *w.MaxTokens; room < 1 || room > maxTokensV1 {
			return nil, 0, wire.Invalid("maxTokens", "must be between 1 and %d, got %d", maxTokensV1, room)
		}
	}
	turns, err := messages(w.Messages)
	return turns, room, err
}

// PlainMessage is a turn of a result.
type PlainMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// PlainMessages is the result of the sliding window.
type PlainMessages struct {
	Messages []PlainMessage `json:"messages"`
}

// Segmentation is the body of the segmentation tool. Sizes are in characters.
type Segmentation struct {
	Text        string   `json:"text"`
	Alpha       *float64 `json:"alpha"`  // -1.5 to 1.5: higher gives more segments; -100: automatic
	Count       *int     `json:"segCnt"` // -1: automatic
	PostProcess bool     `json:"postProcess"`
	MaxSize     *int     `json:"postProcessMaxSize"`
	MinSize     *int     `json:"postProcessMinSize"`
}

// Automatic is alpha when the text decides, and Automatic count.
const (
	AutoAlpha = -100.0
	AutoCount = -1
)

// DecodeSegmentation reads the body; all pointers are set in the result.
func DecodeSegmentation(body []byte) (Segmentation, error) {
	var w Segmentation
	if err := wire.Decode(body, &w); err != nil {
		return w, err
	}
	if err := checkText(w.Text, "text", MaxSegmentText); err != nil {
		return w, err
	}
	setDefault(&w.Alpha, 0)
	setDefault(&w.Count, AutoCount)
	setDefault(&w.MaxSize, 1000)
	setDefault(&w.MinSize, 300)
	if a := *w.Alpha; a != AutoAlpha && !(a >= -1.5 && a <= 1.5) {
		return w, wire.Invalid("alpha", "must be between -1.5 and 1.5, or %g for automatic, got %g", AutoAlpha, a)
	}
	if n := *w.Count; n != AutoCount && n < 1 {
		return w, wire.Invalid("segCnt", "must be at least 1, or %d for automatic, got %d", AutoCount, n)
	}
	return w, checkSizes(*w.MinSize, *w.MaxSize, "postProcessMinSize", "postProcessMaxSize")
}

func setDefault[T any](p **T, v T) {
	if *p == nil {
		*p = &v
	}
}

func checkSizes(low, high int, lowName, highName string) error {
	if low < 1 || low > 3000 {
		return wire.Invalid(lowName, "must be between 1 and 3000, got %d", low)
	}
	if high < low || high > 3000 {
		return wire.Invalid(highName, "must be between %s and 3000, got %d", lowName, high)
	}
	return nil
}

// Segments is the result of the segmentation tool: sentences by topic.
type Segments struct {
	TopicSeg    [][]string `json:"topicSeg"`
	Span        [][]int    `json:"span"` // numbers of the sentences of each topic
	InputTokens int        `json:"inputTokens"`
}

// NewSegments groups sentences by topic; ends holds one past the last sentence
// of each.
func NewSegments(sentences []string, ends []int, tokens int) Segments {
	out := Segments{TopicSeg: [][]string{}, Span: [][]int{}, InputTokens: tokens}
	start := 0
	for _, end := range ends {
		span := []int{}
		for i := start; i < end; i++ {
			span = append(span, i)
		}
		out.TopicSeg = append(out.TopicSeg, sentences[start:end])
		out.Span = append(out.Span, span)
		start = end
	}
	return out
}

// Summary is the body of summarization/v2.
type Summary struct {
	Texts            []string `json:"texts"`
	AutoSplit        *bool    `json:"autoSentenceSplitter"`
	Count            *int     `json:"segCount"`
	MaxSize          *int     `json:"segMaxSize"`
	MinSize          *int     `json:"segMinSize"`
	IncludeAIFilters *bool    `json:"includeAiFilters"`
}

// DecodeSummary reads the body; all pointers are set in the result.
func DecodeSummary(body []byte) (Summary, error) {
	var w Summary
	if err := wire.Decode(body, &w); err != nil {
		return w, err
	}
	total := 0
	for i, t := range w.Texts {
		if err := checkText(t, fmt.Sprintf("texts[%d]", i), MaxSummaryText); err != nil {
			return w, err
		}
		if total += len([]rune(t)); total > MaxSummaryText {
			return w, wire.Invalid("texts", "at most %d characters together", MaxSummaryText)
		}
	}
	if total == 0 {
		return w, emptyText("texts")
	}
	setDefault(&w.AutoSplit, true)
	setDefault(&w.Count, AutoCount)
	setDefault(&w.MaxSize, 1000)
	setDefault(&w.MinSize, 300)
	return w, checkSizes(*w.MinSize, *w.MaxSize, "segMinSize", "segMaxSize")
}

// SummaryResult is the result of the summarisation tool.
type SummaryResult struct {
	Text        string `json:"text"`
	InputTokens int    `json:"inputTokens"`
}

// Rerank is the body of the reranker.
type Rerank struct {
	Query     string     `json:"query"`
	Documents []Document `json:"documents"`
	MaxTokens *int       `json:"maxTokens"`
}

// Document is a passage with the client's own id.
type Document struct {
	ID  string `json:"id"`
	Doc string `json:"doc"`
}

// MaxDocuments bounds the passages of one request.
const MaxDocuments = 256

// DecodeRerank reads the body; MaxTokens is set in the result.
func DecodeRerank(body []byte) (Rerank, error) {
	var w Rerank
	if err := wire.Decode(body, &w); err != nil {
		return w, err
	}
	if err := checkText(w.Query, "query", MaxSummaryText); err != nil {
		return w, err
	}
	if len(w.Documents) == 0 {
		return w, wire.Missing("documents")
	}
	if len(w.Documents) > MaxDocuments {
		return w, wire.Invalid("documents", "at most %d, got %d", MaxDocuments, len(w.Documents))
	}
	for i, d := range w.Documents {
		if err := checkText(d.Doc, fmt.Sprintf("documents[%d].doc", i), MaxSegmentText); err != nil {
			return w, err
		}
	}
	setDefault(&w.MaxTokens, defaultReasoning)
	if n := *w.MaxTokens; n < 1 || n > maxTokensReason {
		return w, wire.Invalid("maxTokens", "must be between 1 and %d, got %d", maxTokensReason, n)
	}
	return w, nil
}

// RerankResult is the result of the reranker: an answer to the query from the
// passages that it cites.
type RerankResult struct {
	Result           string     `json:"result"`
	CitedDocuments   []Document `json:"citedDocuments"`
	SuggestedQueries []string   `json:"suggestedQueries"`
	Usage            Usage      `json:"usage"`
}
