package anthropic

import (
	"encoding/json"

	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Reply is the body of an answer that is not streamed, and the beginning of a
// streamed one.
type Reply struct {
	ID           string         `json:"id"`
	Type         string         `json:"type"` // message
	Role         string         `json:"role"` // assistant
	Model        string         `json:"model"`
	Content      []ContentBlock `json:"content"`
	StopReason   *string        `json:"stop_reason"`
	StopSequence *string        `json:"stop_sequence"`
	Usage        Usage          `json:"usage"`
}

// ContentBlock is one block of an answer. It prints the fields of its type.
type ContentBlock struct {
	Type string // text, thinking, tool_use
	Text string // text, or the thinking
	ID   string
	Name string
	Args string // JSON of a tool_use
}

// MarshalJSON implements json.Marshaler.
func (b ContentBlock) MarshalJSON() ([]byte, error) {
	switch b.Type {
	case "thinking":
		return json.Marshal(struct {
			Type      string `json:"type"`
			Thinking  string `json:"thinking"`
			Signature string `json:"signature"`
		}{b.Type, b.Text, ""})
	case "tool_use":
		return json.Marshal(struct {
			Type  string          `json:"type"`
			ID    string          `json:"id"`
			Name  string          `json:"name"`
			Input json.RawMessage `json:"input"`
		}{b.Type, b.ID, b.Name, toolInput(b.Args)})
	}
	return json.Marshal(struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}{b.Type, b.Text})
}

// toolInput is the arguments as an object. A model may write something else;
// it is wrapped, so that the client sees it and nothing is lost.
func toolInput(args string) json.RawMessage {
	raw := json.RawMessage(args)
	if wire.Kind(raw) == '{' && json.Valid(raw) {
		return raw
	}
	if args == "" {
		return json.RawMessage("{}")
	}
	wrapped, _ := json.Marshal(map[string]string{"raw": args}) // strings: cannot fail
	return wrapped
}

// Usage counts tokens. InputTokens are those that had to be computed; the rest
// of the prompt is CacheRead.
type Usage struct {
	InputTokens   int `json:"input_tokens"`
	CacheCreation int `json:"cache_creation_input_tokens"`
	CacheRead     int `json:"cache_read_input_tokens"`
	OutputTokens  int `json:"output_tokens"`
}

// NewUsage puts a finished stream's counts into Anthropic's shape.
func NewUsage(u llm.Usage) Usage {
	return Usage{InputTokens: u.PromptTokens - u.CachedTokens, CacheRead: u.CachedTokens, OutputTokens: u.CompletionTokens}
}

// CountResponse is the answer of count_tokens.
type CountResponse struct {
	InputTokens int `json:"input_tokens"`
}

// stopReason says why an answer ended; sequence is set with stop_sequence.
func stopReason(e llm.Event) (reason string, sequence *string) {
	switch {
	case e.Finish == "length":
		return "max_tokens", nil
	case e.Finish == llm.FinishFiltered:
		return "refusal", nil
	case e.Finish == "tool_calls":
		return "tool_use", nil
	case e.Stop != "":
		return "stop_sequence", &e.Stop
	}
	return "end_turn", nil
}

// Model is an installed model in Anthropic's list.
type Model struct {
	Type        string `json:"type"` // model
	ID          string `json:"id"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"` // RFC 3339
}

// ModelList is Anthropic's list of models.
type ModelList struct {
	Data    []Model `json:"data"`
	HasMore bool    `json:"has_more"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
}

// NewModel describes a model.
func NewModel(i llm.Info) Model {
	m := Model{Type: "model", ID: i.Name, DisplayName: i.Title, CreatedAt: i.Created.UTC().Format("2006-01-02T15:04:05Z")}
	if m.DisplayName == "" {
		m.DisplayName = i.Name
	}
	return m
}

// NewModelList describes all models.
func NewModelList(infos []llm.Info) ModelList {
	l := ModelList{Data: []Model{}}
	for _, i := range infos {
		l.Data = append(l.Data, NewModel(i))
	}
	if n := len(l.Data); n > 0 {
		l.FirstID, l.LastID = &l.Data[0].ID, &l.Data[n-1].ID
	}
	return l
}
