package ollama

import (
	"encoding/json"
	"strings"
	"time"

	"malmoi/internal/llm"
)

// Head is how every line of an answer begins.
type Head struct {
	Model     string    `json:"model"`
	CreatedAt time.Time `json:"created_at"`
}

// Tail is what only the last line has. Durations are in nanoseconds.
type Tail struct {
	Done               bool          `json:"done"`
	DoneReason         string        `json:"done_reason,omitempty"`
	TotalDuration      time.Duration `json:"total_duration,omitempty"`
	LoadDuration       time.Duration `json:"load_duration,omitempty"`
	PromptEvalCount    int           `json:"prompt_eval_count,omitempty"`
	PromptEvalDuration time.Duration `json:"prompt_eval_duration,omitempty"`
	EvalCount          int           `json:"eval_count,omitempty"`
	EvalDuration       time.Duration `json:"eval_duration,omitempty"`
}

// ChatLine is one line of a chat's answer, or all of it.
type ChatLine struct {
	Head
	Message  Message   `json:"message"`
	LogProbs []LogProb `json:"logprobs,omitempty"`
	Tail
}

// GenerateLine is one line of a generated text, or all of it.
type GenerateLine struct {
	Head
	Response string    `json:"response"`
	Thinking string    `json:"thinking,omitempty"`
	LogProbs []LogProb `json:"logprobs,omitempty"`
	Tail
}

// TokenLogProb is a token and its natural-log probability.
type TokenLogProb struct {
	Token   string  `json:"token"`
	LogProb float32 `json:"logprob"`
}

// LogProb is a chosen token with its alternatives.
type LogProb struct {
	TokenLogProb
	Top []TokenLogProb `json:"top_logprobs,omitempty"`
}

// Reply turns events into lines, or gathers them into one.
type Reply struct {
	head  Head
	start time.Time
	load  time.Duration
	all   llm.Event // content, thoughts and log probabilities so far
	calls []call    // calls so far
	sent  int       // calls told already
	last  string    // why the answer ended
}

type call struct{ id, name, arguments string }

// NewReply starts an answer: start is when the request came, load how long
// the model took to be ready.
func NewReply(model string, start time.Time, load time.Duration) *Reply {
	return &Reply{head: Head{Model: model, CreatedAt: start.UTC()}, start: start, load: load}
}

// Add takes an event. It returns what a stream tells now, if anything: text at
// once, a tool call when the next one begins or the answer ends.
func (r *Reply) Add(e llm.Event) (ChatLine, bool) {
	r.all.Content += e.Content
	r.all.Reasoning += e.Reasoning
	r.all.LogProbs = append(r.all.LogProbs, e.LogProbs...)
	line := ChatLine{Head: r.head, Message: Message{Role: "assistant", Content: e.Content, Thinking: e.Reasoning}, LogProbs: logProbs(e.LogProbs)}
	if t := e.ToolCall; t != nil {
		for len(r.calls) <= t.Index {
			r.calls = append(r.calls, call{})
		}
		c := &r.calls[t.Index]
		c.id, c.name, c.arguments = c.id+t.ID, c.name+t.Name, c.arguments+t.Arguments
	}
	whole := len(r.calls) - 1
	if e.Finish != "" {
		r.last, whole = e.Finish, len(r.calls)
	}
	for ; r.sent < whole; r.sent++ {
		line.Message.ToolCalls = append(line.Message.ToolCalls, toolCall(r.sent, r.calls[r.sent]))
	}
	return line, line.Message.Content != "" || line.Message.Thinking != "" || len(line.Message.ToolCalls) > 0
}

// End is the last line of a stream.
func (r *Reply) End(u llm.Usage, now time.Time) ChatLine {
	return ChatLine{Head: r.head, Message: Message{Role: "assistant"}, Tail: r.tail(u, now)}
}

// Whole is the answer in one line.
func (r *Reply) Whole(u llm.Usage, now time.Time) ChatLine {
	line := r.End(u, now)
	line.Message.Content, line.Message.Thinking = r.all.Content, r.all.Reasoning
	line.LogProbs = logProbs(r.all.LogProbs)
	for i, c := range r.calls {
		line.Message.ToolCalls = append(line.Message.ToolCalls, toolCall(i, c))
	}
	return line
}

// Generated is a chat's line in the words of /api/generate.
func (l ChatLine) Generated() GenerateLine {
	return GenerateLine{Head: l.Head, Response: l.Message.Content, Thinking: l.Message.Thinking, LogProbs: l.LogProbs, Tail: l.Tail}
}

func (r *Reply) tail(u llm.Usage, now time.Time) Tail {
	reason := "stop" // also after tool calls
	if r.last == "length" {
		reason = "length"
	}
	return Tail{
		Done: true, DoneReason: reason, TotalDuration: now.Sub(r.start), LoadDuration: r.load,
		PromptEvalCount: u.PromptTokens, PromptEvalDuration: u.Prefill, EvalCount: u.CompletionTokens, EvalDuration: u.Decode,
	}
}

func toolCall(index int, c call) ToolCall {
	var out ToolCall
	out.ID, out.Function.Index, out.Function.Name = c.id, index, c.name
	out.Function.Arguments = json.RawMessage(c.arguments)
	if !json.Valid(out.Function.Arguments) || !strings.HasPrefix(strings.TrimSpace(c.arguments), "{") {
		out.Function.Arguments = json.RawMessage("{}") // cut off; clients insist on an object
	}
	return out
}

func logProbs(in []llm.ChosenLogProb) []LogProb {
	var out []LogProb
	for _, c := range in {
		p := LogProb{TokenLogProb: TokenLogProb{string(c.Bytes), c.LogProb}}
		for _, t := range c.Top {
			p.Top = append(p.Top, TokenLogProb{string(t.Bytes), t.LogProb})
		}
		out = append(out, p)
	}
	return out
}

// Loaded answers a chat without messages: the model is in memory now.
func Loaded(model string, now time.Time) ChatLine {
	return ChatLine{Head: Head{model, now.UTC()}, Message: Message{Role: "assistant"}, Tail: Tail{Done: true, DoneReason: "load"}}
}
