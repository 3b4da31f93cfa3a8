package openai

import (
	"encoding/json"
	"math"
	"strings"

	"malmoi/internal/llm"
)

// CompletionResponse is the body of a completion answer, and also each event
// of a streamed one.
type CompletionResponse struct {
	ID                string             `json:"id"`
	Object            string             `json:"object"` // text_completion
	Created           int64              `json:"created"`
	Model             string             `json:"model"`
	Choices           []CompletionChoice `json:"choices"`
	Usage             json.RawMessage    `json:"usage,omitempty"`
	SystemFingerprint *string            `json:"system_fingerprint"`
}

// CompletionChoice is one text. FinishReason is null before a stream's end.
type CompletionChoice struct {
	Index        int                 `json:"index"`
	Text         string              `json:"text"`
	LogProbs     *CompletionLogProbs `json:"logprobs"`
	FinishReason *string             `json:"finish_reason"`
}

// CompletionLogProbs are parallel arrays, one entry per token. The first token
// of an echoed prompt has no probability: its entries are null.
type CompletionLogProbs struct {
	Tokens        []string             `json:"tokens"`
	TokenLogProbs []*float64           `json:"token_logprobs"`
	TopLogProbs   []map[string]float64 `json:"top_logprobs"`
	TextOffset    []int                `json:"text_offset"` // in characters from the text's start
}

// CompletionReply gathers the events of completions, or turns them into the
// chunks of a stream.
type CompletionReply struct {
	head    ReplyHead
	usage   bool // chunks carry a usage field
	choices []completionState
}

type completionState struct {
	text     strings.Builder
	logProbs *CompletionLogProbs
	offset   int // characters of the tokens so far
	finish   string
}

// NewCompletionReply starts an answer with n choices in all.
func NewCompletionReply(head ReplyHead, n int, usage bool) *CompletionReply {
	return &CompletionReply{head: head, usage: usage, choices: make([]completionState, n)}
}

// Add takes the next event of an answer that is not streamed.
func (r *CompletionReply) Add(e llm.Event) {
	if e.Choice < 0 || e.Choice >= len(r.choices) {
		return
	}
	c := &r.choices[e.Choice]
	c.text.WriteString(e.Content)
	if e.Finish != "" {
		c.finish = e.Finish
	}
	if lp := c.completionLogProbs(e.LogProbs); lp != nil {
		c.logProbs = c.logProbs.join(lp)
	}
}

// Response is the finished answer.
func (r *CompletionReply) Response(u llm.Usage) CompletionResponse {
	out := r.response(u)
	for i := range r.choices {
		c := &r.choices[i]
		out.Choices = append(out.Choices, CompletionChoice{
			Index: i, Text: c.text.String(), LogProbs: c.logProbs, FinishReason: &c.finish,
		})
	}
	return out
}

// Chunks are what an event adds to a stream.
func (r *CompletionReply) Chunks(e llm.Event) []CompletionResponse {
	if e.Choice < 0 || e.Choice >= len(r.choices) {
		return nil
	}
	lp := r.choices[e.Choice].completionLogProbs(e.LogProbs)
	if e.Content == "" && lp == nil && e.Finish == "" {
		return nil
	}
	choice := CompletionChoice{Index: e.Choice, Text: e.Content, LogProbs: lp}
	if e.Finish != "" {
		choice.FinishReason = &e.Finish
	}
	out := r.empty()
	out.Choices = []CompletionChoice{choice}
	if r.usage {
		out.Usage = json.RawMessage("null")
	}
	return []CompletionResponse{out}
}

// UsageChunk closes a stream that was asked to count.
func (r *CompletionReply) UsageChunk(u llm.Usage) CompletionResponse {
	out := r.response(u)
	out.Choices = []CompletionChoice{}
	return out
}

func (r *CompletionReply) response(u llm.Usage) CompletionResponse {
	out := r.empty()
	out.Usage, _ = json.Marshal(NewUsage(u)) // integers only: cannot fail
	return out
}

func (r *CompletionReply) empty() CompletionResponse {
	return CompletionResponse{ID: r.head.ID, Object: "text_completion", Created: r.head.Created, Model: r.head.Model}
}

func (c *completionState) completionLogProbs(in []llm.ChosenLogProb) *CompletionLogProbs {
	if len(in) == 0 {
		return nil
	}
	out := &CompletionLogProbs{}
	for _, t := range in {
		out.Tokens = append(out.Tokens, tokenText(t.Bytes))
		out.TextOffset = append(out.TextOffset, c.offset)
		c.offset += characters(t.Bytes)
		if math.IsNaN(float64(t.LogProb)) {
			out.TokenLogProbs = append(out.TokenLogProbs, nil)
			out.TopLogProbs = append(out.TopLogProbs, nil)
			continue
		}
		p := finite(t.LogProb)
		out.TokenLogProbs = append(out.TokenLogProbs, &p)
		out.TopLogProbs = append(out.TopLogProbs, topMap(t))
	}
	return out
}

// topMap holds the alternatives and the token itself by their text. Two tokens
// may share a text (parts of characters); the likelier one stays.
func topMap(t llm.ChosenLogProb) map[string]float64 {
	m := map[string]float64{tokenText(t.Bytes): finite(t.LogProb)}
	for _, o := range t.Top {
		text, p := tokenText(o.Bytes), finite(o.LogProb)
		if old, ok := m[text]; !ok || p > old {
			m[text] = p
		}
	}
	return m
}

// characters counts the characters that begin in b: all bytes that do not
// continue a UTF-8 sequence. Tokens that split a character count right in sum.
func characters(b []byte) int {
	n := 0
	for _, c := range b {
		if c&0xC0 != 0x80 {
			n++
		}
	}
	return n
}

func (l *CompletionLogProbs) join(more *CompletionLogProbs) *CompletionLogProbs {
	if l == nil {
		return more
	}
	l.Tokens = append(l.Tokens, more.Tokens...)
	l.TokenLogProbs = append(l.TokenLogProbs, more.TokenLogProbs...)
	l.TopLogProbs = append(l.TopLogProbs, more.TopLogProbs...)
	l.TextOffset = append(l.TextOffset, more.TextOffset...)
	return l
}
