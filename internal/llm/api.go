package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
)

// Errors that callers branch on. They are wrapped with the details.
var (
	ErrUnknownModel = errors.New("unknown model")    // the name is not installed
	ErrNoTemplate   = errors.New("no chat template") // a base model was asked to chat
	ErrNoEmbedding  = errors.New("not an embedding model")
	ErrNoGeneration = errors.New("an embedding model cannot generate")
	ErrBusy         = errors.New("queue is full") // try again later
	ErrBadRequest   = errors.New("bad request")   // the request itself is at fault
)

// ContextError says that a prompt and the room asked for its answer do not fit
// into the model's context. Nothing is ever cut silently.
type ContextError struct{ Prompt, Max, Limit int }

func (e *ContextError) Error() string {
	return fmt.Sprintf("prompt of %d tokens plus %d to generate exceeds the context of %d tokens", e.Prompt, e.Max, e.Limit)
}

// Info describes a model to users and clients.
type Info struct {
	Name       string
	Title      string // as the catalogue or the file calls it
	Family     string
	Parameters string // "1.5B"
	Quant      string // dominating weight type, "Q4_K"
	Bytes      int64
	Context    int // tokens
	Licence    string
	LicenceURL string
	Created    time.Time
	Chat       bool // has a chat template
	Tools      bool
	Reasoning  bool
	Embedding  bool
	Loaded     bool
	Remote     bool   // runs on another server; Tokenize and its kin do not work
	Server     string // what that server is called here
	Masked     bool   // personal numbers are hidden in what is sent to it
	Note       string // an honest word to users, may be empty
}

// Params are the knobs that chat and completion share.
type Params struct {
	MaxTokens   int // 0: as many as the context holds; negative: none, for Echo only
	Sampling    sample.Params
	Stop        []string
	IgnoreEOS   bool
	LogProbs    bool
	TopLogProbs int // alternatives per token, needs LogProbs
	N           int // choices, 0 means 1
	Format      Format
}

// Format constrains the output. At most one field is set.
type Format struct {
	JSONObject bool
	JSONSchema json.RawMessage
	Regex      string
	GBNF       string
}

// ToolChoice says whether the model may, must or must not call a tool.
type ToolChoice struct {
	Mode string // "", "auto", "none", "required", "function"
	Name string // with "function"
}

// ChatRequest asks for the next assistant turn.
type ChatRequest struct {
	Messages          []chat.Message
	Tools             []chat.Tool
	ToolChoice        ToolChoice
	ParallelToolCalls bool
	Kwargs            map[string]any // extra template variables (chat_template_kwargs)
	Params
}

// CompletionRequest continues a text, without a template.
type CompletionRequest struct {
	Prompt string
	IDs    []int32 // used instead of Prompt when not nil, as they are
	Echo   bool    // repeat the prompt first, with its log probabilities if LogProbs; the first token's is NaN
	Params
}

// TokenLogProb is one token with its natural-log probability.
type TokenLogProb struct {
	ID      int32
	Bytes   []byte
	LogProb float32
}

// ChosenLogProb is the token that was taken, with the likeliest alternatives.
type ChosenLogProb struct {
	TokenLogProb
	Top []TokenLogProb
}

// ToolCallDelta is a piece of a tool call. ID and Name come with the first
// piece of a call, Arguments is to be appended.
type ToolCallDelta struct {
	Index     int
	ID        string
	Name      string
	Arguments string
}

// Event is one step of a stream. Text never ends inside a UTF-8 sequence.
type Event struct {
	Choice    int
	Content   string
	Reasoning string
	ToolCall  *ToolCallDelta
	LogProbs  []ChosenLogProb
	Finish    string // "stop", "length", "tool_calls" or FinishFiltered in a choice's last event
	Stop      string // the stop string that ended the choice, beside Finish "stop"
}

// Usage counts tokens and time of a finished stream.
type Usage struct {
	PromptTokens     int
	CachedTokens     int
	CompletionTokens int
	ReasoningTokens  int
	Prefill, Decode  time.Duration
}

// Plus adds up two requests.
func (u Usage) Plus(v Usage) Usage {
	u.PromptTokens += v.PromptTokens
	u.CachedTokens += v.CachedTokens
	u.CompletionTokens += v.CompletionTokens
	u.ReasoningTokens += v.ReasoningTokens
	u.Prefill += v.Prefill
	u.Decode += v.Decode
	return u
}

// Stream delivers a reply. Next returns io.EOF after the last event. Close
// cancels what is still running and may be called at any time, repeatedly.
type Stream interface {
	Next(ctx context.Context) (Event, error)
	Usage() Usage
	Close() error
}

// Generator is one loaded model. All methods are safe for concurrent use.
type Generator interface {
	Info() Info
	Chat(ctx context.Context, r ChatRequest) (Stream, error)
	Complete(ctx context.Context, r CompletionRequest) (Stream, error)
	// Embed returns one unit-length vector per text, and the tokens read.
	Embed(ctx context.Context, texts []string) (vectors [][]float32, tokens int, err error)
	Tokenize(text string, special, bos bool) []int32
	Detokenize(ids []int32) string
	// TokenizeChat is the prompt that a chat request becomes.
	TokenizeChat(r ChatRequest) ([]int32, error)
	// CountTokens is the length of that prompt.
	CountTokens(r ChatRequest) (int, error)
	Stats() Stats
}

// Stats are counters since the model was loaded, and gauges of now.
type Stats struct {
	Running, Waiting                   int
	PagesUsed, PagesCached, PagesTotal int
	PromptTokens, CachedTokens         int64
	CompletionTokens                   int64
	Requests, Cancelled, Failed        int64
	PrefillSeconds, DecodeSeconds      float64
}

// Models is a set of installed models of which some are in memory.
type Models interface {
	List() []Info
	// Default is the name used when a client names none, "" if nothing is installed.
	Default() string
	// Acquire loads the model if needed and keeps it in memory until release is
	// called. It returns an error wrapping ErrUnknownModel for a name that is
	// not installed.
	Acquire(ctx context.Context, name string) (m Generator, release func(), err error)
}
