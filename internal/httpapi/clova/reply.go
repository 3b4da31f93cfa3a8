package clova

import (
	"encoding/json"
	"strconv"
	"strings"

	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Version tells the two shapes of chat answers apart.
type Version int

// The versions of the chat API.
const (
	V1 Version = 1
	V3 Version = 3
)

// ReplyMessage is the assistant's turn in an answer.
type ReplyMessage struct {
	Role            string     `json:"role"`
	Content         string     `json:"content"`
	ThinkingContent string     `json:"thinkingContent,omitempty"`
	ToolCalls       []ToolCall `json:"toolCalls,omitempty"`
}

// ResultV1 is the result of a v1 chat.
type ResultV1 struct {
	Message      ReplyMessage `json:"message"`
	StopReason   string       `json:"stopReason"` // length, end_token or stop_before
	InputLength  int          `json:"inputLength"`
	OutputLength int          `json:"outputLength"`
	Seed         uint64       `json:"seed"`
	AIFilter     []Filter     `json:"aiFilter"`
}

// ResultV3 is the result of a v3 chat.
type ResultV3 struct {
	Message      ReplyMessage `json:"message"`
	FinishReason string       `json:"finishReason"` // stop, length or tool_calls
	Created      int64        `json:"created"`      // seconds since 1970
	Seed         uint64       `json:"seed"`
	Usage        Usage        `json:"usage"`
	AIFilter     []Filter     `json:"aiFilter"`
}

// Usage counts tokens.
type Usage struct {
	PromptTokens     int           `json:"promptTokens"`
	CompletionTokens int           `json:"completionTokens"`
	TotalTokens      int           `json:"totalTokens"`
	Details          *UsageDetails `json:"completionTokensDetails,omitempty"`
}

// UsageDetails says how many of the tokens were thoughts.
type UsageDetails struct {
	ThinkingTokens int `json:"thinkingTokens"`
}

// Filter is the verdict of the text filter on one group. The groups, the names
// and that the score is text are those of langchain-community's fixtures. Which
// way the score runs is NAVER's: guide.ncloud-docs.com, CLOVA Studio, "View
// code", section "AI Filter", lists 0 as a high and 2 as a low possibility.
type Filter struct {
	GroupName string `json:"groupName"`
	Name      string `json:"name"`
	Score     string `json:"score"` // "0" likely, "1" possible, "2" nothing found
}

// Verdict is how bad a text is in each of CLOVA's groups: 0 nothing found, 1
// possibly, 2 likely.
type Verdict struct{ Insult, Discrimination, Sexual int }

func (v Verdict) filters() []Filter {
	score := func(bad int) string { return strconv.Itoa(2 - min(max(bad, 0), 2)) }
	return []Filter{
		{"curse", "insult", score(v.Insult)},
		{"curse", "discrimination", score(v.Discrimination)},
		{"unsafeContents", "sexualHarassment", score(v.Sexual)},
	}
}

// NewUsage counts in CLOVA's words.
func NewUsage(u llm.Usage) Usage {
	out := Usage{PromptTokens: u.PromptTokens, CompletionTokens: u.CompletionTokens, TotalTokens: u.PromptTokens + u.CompletionTokens}
	if u.ReasoningTokens > 0 {
		out.Details = &UsageDetails{u.ReasoningTokens}
	}
	return out
}

// Reply gathers the events of one chat.
type Reply struct {
	version   Version
	created   int64
	seed      uint64
	content   strings.Builder
	reasoning strings.Builder
	calls     []llm.ToolCallDelta // arguments joined
	finish    string
	stop      string
	filter    []Filter
}

// NewReply starts an answer; created is in seconds since 1970.
func NewReply(v Version, created int64, seed uint64) *Reply {
	return &Reply{version: v, created: created, seed: seed, filter: []Filter{}}
}

// Judge puts the verdict on the answer into the result, for includeAiFilters.
func (r *Reply) Judge(v Verdict) { r.filter = v.filters() }

// Add takes an event of the stream.
func (r *Reply) Add(e llm.Event) {
	r.content.WriteString(e.Content)
	r.reasoning.WriteString(e.Reasoning)
	if t := e.ToolCall; t != nil {
		for len(r.calls) <= t.Index {
			r.calls = append(r.calls, llm.ToolCallDelta{Index: len(r.calls)})
		}
		c := &r.calls[t.Index]
		c.ID, c.Name = c.ID+t.ID, c.Name+t.Name
		c.Arguments += t.Arguments
	}
	if e.Finish != "" {
		r.finish, r.stop = e.Finish, e.Stop
	}
}

// Result is the whole answer, a ResultV1 or ResultV3.
func (r *Reply) Result(u llm.Usage) any {
	m := ReplyMessage{Role: "assistant", Content: r.content.String()}
	if r.version == V1 {
		return ResultV1{
			Message: m, StopReason: r.stopReason(), InputLength: u.PromptTokens,
			OutputLength: u.CompletionTokens, Seed: r.seed, AIFilter: r.filter,
		}
	}
	m.ThinkingContent = r.reasoning.String()
	m.ToolCalls = r.toolCalls()
	return ResultV3{Message: m, FinishReason: r.finish, Created: r.created, Seed: r.seed, Usage: NewUsage(u), AIFilter: r.filter}
}

// Text is what the model has written so far.
func (r *Reply) Text() string { return r.content.String() }

// Completion is the answer to an older completion. Its text repeats the
// prompt, and restart follows what was written.
func (r *Reply) Completion(asked *Completion, u llm.Usage) CompletionResult {
	return CompletionResult{
		Text: asked.Text + asked.Start + r.Text() + asked.Restart, StopReason: r.stopReason(),
		InputLength: u.PromptTokens, OutputLength: u.CompletionTokens, AIFilter: r.filter,
	}
}

func (r *Reply) stopReason() string {
	switch {
	case r.finish == "length", r.finish == llm.FinishFiltered:
		return r.finish
	case r.stop != "":
		return "stop_before"
	}
	return "end_token"
}

func (r *Reply) toolCalls() []ToolCall {
	var out []ToolCall
	for _, c := range r.calls {
		call := ToolCall{ID: c.ID, Type: "function", Function: FunctionCall{Name: c.Name, Arguments: json.RawMessage(c.Arguments)}}
		if !json.Valid(call.Function.Arguments) || wire.Kind(call.Function.Arguments) != '{' {
			call.Function.Arguments, _ = json.Marshal(c.Arguments) // a cut call is shown as the text that it is
		}
		out = append(out, call)
	}
	return out
}

// Token is the data of a stream's token event.
type Token struct {
	Message      ReplyMessage `json:"message"`
	FinishReason *string      `json:"finishReason,omitempty"` // v3
	StopReason   *string      `json:"stopReason,omitempty"`   // v1
	Created      int64        `json:"created,omitempty"`
	Seed         uint64       `json:"seed"`
}

// Token is what an event adds to the stream, and whether there is anything to
// tell. Tool calls come whole with the result.
func (r *Reply) Token(e llm.Event) (Token, bool) {
	t := Token{Message: ReplyMessage{Role: "assistant", Content: e.Content}, Seed: r.seed}
	if r.version == V3 {
		t.Message.ThinkingContent = e.Reasoning
		t.Created = r.created
	}
	return t, t.Message.Content != "" || t.Message.ThinkingContent != ""
}

// Signal is the data of the last event of a stream.
type Signal struct {
	Data string `json:"data"`
}

// Done ends a stream.
var Done = Signal{"[DONE]"}
