package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"malmoi/internal/llm"
)

// chunk is one event of a streamed answer, or a whole answer; the fields that
// the shapes share are read alike.
type chunk struct {
	Choices []choice        `json:"choices"`
	Usage   *usage          `json:"usage"`
	Error   json.RawMessage `json:"error"`
}

type choice struct {
	Index      int             `json:"index"`
	Delta      delta           `json:"delta"`
	Message    delta           `json:"message"` // of an answer that is not streamed
	Text       rawText         `json:"text"`    // of a completion
	LogProbs   *logProbs       `json:"logprobs"`
	Finish     *string         `json:"finish_reason"`
	StopReason json.RawMessage `json:"stop_reason"` // vLLM: the stop string, or a token id
}

type delta struct {
	Content          rawText     `json:"content"`
	ReasoningContent rawText     `json:"reasoning_content"`
	Reasoning        rawText     `json:"reasoning"` // the same, as Ollama and newer vLLM call it
	Refusal          rawText     `json:"refusal"`
	ToolCalls        []callDelta `json:"tool_calls"`
}

type callDelta struct {
	Index    *int    `json:"index"`
	ID       string  `json:"id"`
	Function callFun `json:"function"`
}

type callFun struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"` // text; some servers send the object
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	PromptInfo *struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionInfo *struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
}

// logProbs is both shapes: content of chats, parallel arrays of completions.
type logProbs struct {
	Content []tokenLogProb `json:"content"`

	Tokens        []rawText            `json:"tokens"`
	TokenLogProbs []*float64           `json:"token_logprobs"`
	TopLogProbs   []map[string]float64 `json:"top_logprobs"`
}

type tokenLogProb struct {
	topLogProb
	Top []topLogProb `json:"top_logprobs"`
}

type topLogProb struct {
	Token   rawText `json:"token"`
	LogProb float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

// unknownID stands for token ids, which these protocols do not carry.
const unknownID = -1

func (l *logProbs) events() []llm.ChosenLogProb {
	if l == nil {
		return nil
	}
	var out []llm.ChosenLogProb
	for _, t := range l.Content {
		c := llm.ChosenLogProb{TokenLogProb: t.llm()}
		for _, o := range t.Top {
			c.Top = append(c.Top, o.llm())
		}
		out = append(out, c)
	}
	for i, token := range l.Tokens {
		p := math.NaN() // the first token of an echoed prompt
		if i < len(l.TokenLogProbs) && l.TokenLogProbs[i] != nil {
			p = *l.TokenLogProbs[i]
		}
		c := llm.ChosenLogProb{TokenLogProb: llm.TokenLogProb{ID: unknownID, Bytes: []byte(token), LogProb: float32(p)}}
		if i < len(l.TopLogProbs) {
			for text, p := range l.TopLogProbs[i] {
				c.Top = append(c.Top, llm.TokenLogProb{ID: unknownID, Bytes: []byte(text), LogProb: float32(p)})
			}
			sortTop(c.Top)
		}
		out = append(out, c)
	}
	return out
}

func (t topLogProb) llm() llm.TokenLogProb {
	b := []byte(t.Token)
	if len(t.Bytes) > 0 {
		b = make([]byte, len(t.Bytes))
		for i, x := range t.Bytes {
			b[i] = byte(x)
		}
	}
	return llm.TokenLogProb{ID: unknownID, Bytes: b, LogProb: float32(t.LogProb)}
}

// Limits of one answer.
const (
	maxCalls      = 128      // tool calls of one choice
	maxAnswerText = 64 << 20 // bytes of text of one answer, all choices together
)

// assembler turns chunks into events and notes what the answer still lacks.
// It is used by one goroutine.
type assembler struct {
	name    string // of the upstream, for errors
	key     Secret // that no error may repeat
	stops   []string
	choices []choiceState
	usage   *usage
	pieces  int // events with text, a guess at the tokens where nothing counts them
	bytes   int
}

type choiceState struct {
	content, reasoning joiner
	calls              int // begun
	lastID             string
	finished           bool
}

func newAssembler(name string, n int, stops []string) *assembler {
	return &assembler{name: name, stops: stops, choices: make([]choiceState, max(1, n))}
}

// take reads one chunk and hands its events to emit.
func (a *assembler) take(data []byte, emit func(llm.Event) error) error {
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		return badAnswer(a.name, "an event is not the JSON it should be")
	}
	if len(c.Error) > 0 && !bytes.Equal(c.Error, []byte("null")) {
		return eventError(a.name, a.key, data)
	}
	if c.Usage != nil {
		a.usage = c.Usage
	}
	for i := range c.Choices {
		if err := a.choice(&c.Choices[i], emit); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembler) choice(c *choice, emit func(llm.Event) error) error {
	if c.Index < 0 || c.Index >= len(a.choices) {
		return badAnswer(a.name, "choice %d of %d", c.Index, len(a.choices))
	}
	s := &a.choices[c.Index]
	d := &c.Delta
	calls := append(c.Delta.ToolCalls, c.Message.ToolCalls...)
	e := llm.Event{
		Choice:    c.Index,
		Content:   s.content.push(d.Content + d.Refusal + c.Message.Content + c.Message.Refusal + c.Text),
		Reasoning: s.reasoning.push(thought(d) + thought(&c.Message)),
		LogProbs:  c.LogProbs.events(),
	}
	a.bytes += len(e.Content) + len(e.Reasoning)
	if e.Content != "" || e.Reasoning != "" || len(e.LogProbs) > 0 {
		a.pieces++
		if err := emit(e); err != nil {
			return err
		}
	}
	for i := range calls {
		if err := a.call(s, c.Index, &calls[i], emit); err != nil {
			return err
		}
	}
	if a.bytes > maxAnswerText {
		return badAnswer(a.name, "the answer is longer than %d bytes", maxAnswerText)
	}
	if c.Finish != nil && *c.Finish != "" && !s.finished {
		return a.finish(c.Index, *c.Finish, stopOf(c.StopReason, a.stops), emit)
	}
	return nil
}

func thought(d *delta) rawText {
	if d.ReasoningContent != "" {
		return d.ReasoningContent
	}
	return d.Reasoning
}

// call passes on a piece of a tool call. Servers that number no calls begin one
// with each new id.
func (a *assembler) call(s *choiceState, choice int, c *callDelta, emit func(llm.Event) error) error {
	index := max(0, s.calls-1)
	switch {
	case c.Index != nil:
		index = *c.Index
		if index < s.calls && c.ID != "" && s.lastID != "" && c.ID != s.lastID && index == s.calls-1 && c.Function.Name != "" {
			index = s.calls // Ollama before 0.12 numbered every call 0
		}
	case c.ID != "" && c.ID != s.lastID || c.Function.Name != "":
		index = s.calls
	}
	if index < 0 || index > s.calls || index >= maxCalls {
		return badAnswer(a.name, "tool call %d after %d calls, at most %d", index, s.calls, maxCalls)
	}
	d := &llm.ToolCallDelta{Index: index, Name: c.Function.Name}
	if index == s.calls {
		s.calls++
		d.ID = c.ID
		if d.ID == "" {
			d.ID = fmt.Sprintf("call_%d_%d", choice, index)
		}
		s.lastID = d.ID
	} else {
		d.Name = "" // it came with the first piece; some servers repeat it
	}
	var err error
	if d.Arguments, err = argumentText(c.Function.Arguments); err != nil {
		return badAnswer(a.name, "the arguments of a tool call are neither text nor an object")
	}
	a.bytes += len(d.Arguments)
	return emit(llm.Event{Choice: choice, ToolCall: d})
}

func argumentText(raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case raw[0] == '{':
		return string(raw), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// finish ends a choice, with what was held back of its text.
func (a *assembler) finish(i int, reason, stop string, emit func(llm.Event) error) error {
	s := &a.choices[i]
	s.finished = true
	e := llm.Event{Choice: i, Content: s.content.flush(), Reasoning: s.reasoning.flush(), Finish: "stop", Stop: stop}
	switch reason {
	case "length", "max_tokens":
		e.Finish = "length"
	case "content_filter":
		e.Finish = llm.FinishFiltered // the server's own filter
	case "tool_calls", "function_call":
		e.Finish = "tool_calls"
	case "abort", "error":
		return &Error{Upstream: a.name, Message: "gave the answer up", Kind: llm.ErrUnavailable}
	default:
		if s.calls > 0 {
			e.Finish = "tool_calls" // several servers say stop
		}
	}
	return emit(e)
}

// end closes an answer after [DONE]: choices that were not finished are.
func (a *assembler) end(emit func(llm.Event) error) error {
	for i := range a.choices {
		if !a.choices[i].finished {
			if err := a.finish(i, "stop", "", emit); err != nil {
				return err
			}
		}
	}
	return nil
}

// complete reports whether every choice is finished.
func (a *assembler) complete() bool {
	for i := range a.choices {
		if !a.choices[i].finished {
			return false
		}
	}
	return true
}

// stopOf is the stop string that ended a choice, if the server says so.
func stopOf(reason json.RawMessage, stops []string) string {
	var s string
	if json.Unmarshal(reason, &s) != nil {
		return ""
	}
	for _, stop := range stops {
		if stop == s {
			return s
		}
	}
	return ""
}
