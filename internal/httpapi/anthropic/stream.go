package anthropic

import "malmoi/internal/llm"

// Event is one event of a stream: its name and its data.
type Event struct {
	Name string
	Data any
}

type messageStart struct {
	Type    string `json:"type"`
	Message Reply  `json:"message"`
}

type blockStart struct {
	Type  string       `json:"type"`
	Index int          `json:"index"`
	Block ContentBlock `json:"content_block"`
}

type blockDelta struct {
	Type  string `json:"type"`
	Index int    `json:"index"`
	Delta any    `json:"delta"`
}

type textDelta struct {
	Type string `json:"type"` // text_delta
	Text string `json:"text"`
}

type thinkingDelta struct {
	Type     string `json:"type"` // thinking_delta
	Thinking string `json:"thinking"`
}

type inputDelta struct {
	Type string `json:"type"` // input_json_delta
	JSON string `json:"partial_json"`
}

type blockStop struct {
	Type  string `json:"type"`
	Index int    `json:"index"`
}

type messageDelta struct {
	Type  string    `json:"type"`
	Delta stopDelta `json:"delta"`
	Usage Usage     `json:"usage"`
}

type stopDelta struct {
	StopReason   *string `json:"stop_reason"`
	StopSequence *string `json:"stop_sequence"`
}

type bare struct {
	Type string `json:"type"`
}

// Ping is a sign of life.
func Ping() Event { return Event{"ping", bare{"ping"}} }

// Stream turns the events of an answer into Anthropic's: blocks that are
// opened, filled and closed one after the other. It gathers them on the way,
// so it also makes the answer that is not streamed.
type Stream struct {
	reply  Reply
	blocks []growing
	open   string // type of the block that is open, "" for none
	call   int    // number of the tool call that is open
	last   llm.Event
}

// growing is a block under construction; its text gathers in body.
type growing struct {
	head ContentBlock
	body []byte
}

// NewStream starts the answer of a model to a prompt of inputTokens.
func NewStream(id, model string, inputTokens int) *Stream {
	return &Stream{reply: Reply{
		ID: id, Type: "message", Role: "assistant", Model: model,
		Content: []ContentBlock{}, Usage: Usage{InputTokens: inputTokens},
	}}
}

// Start is the stream's first event.
func (s *Stream) Start() Event {
	return Event{"message_start", messageStart{"message_start", s.reply}}
}

// Add takes the next event and returns what it adds to the stream.
func (s *Stream) Add(e llm.Event) []Event {
	var out []Event
	if e.Reasoning != "" {
		out = s.ensure(out, "thinking", nil)
		s.grow(e.Reasoning)
		out = s.delta(out, thinkingDelta{"thinking_delta", e.Reasoning})
	}
	if e.Content != "" {
		out = s.ensure(out, "text", nil)
		s.grow(e.Content)
		out = s.delta(out, textDelta{"text_delta", e.Content})
	}
	if t := e.ToolCall; t != nil {
		out = s.ensure(out, "tool_use", t)
		if t.Arguments != "" {
			s.grow(t.Arguments)
			out = s.delta(out, inputDelta{"input_json_delta", t.Arguments})
		}
	}
	if e.Finish != "" {
		s.last = e
		out = s.close(out)
	}
	return out
}

// End are the last events, once the stream has counted its tokens.
func (s *Stream) End(u llm.Usage) []Event {
	r := s.Reply(u)
	return []Event{
		{"message_delta", messageDelta{"message_delta", stopDelta{r.StopReason, r.StopSequence}, r.Usage}},
		{"message_stop", bare{"message_stop"}},
	}
}

// Reply is the finished answer as one body.
func (s *Stream) Reply(u llm.Usage) Reply {
	r := s.reply
	reason, sequence := stopReason(s.last)
	r.StopReason, r.StopSequence, r.Usage = &reason, sequence, NewUsage(u)
	for _, g := range s.blocks {
		b := g.head
		if b.Type == "tool_use" {
			b.Args = string(g.body)
		} else {
			b.Text = string(g.body)
		}
		r.Content = append(r.Content, b)
	}
	return r
}

// ensure opens a block of the given type unless it is open already. Every tool
// call is a block of its own.
func (s *Stream) ensure(out []Event, kind string, t *llm.ToolCallDelta) []Event {
	if s.open == kind && (t == nil || t.Index == s.call) {
		return out
	}
	out = s.close(out)
	b := ContentBlock{Type: kind}
	if t != nil {
		b.ID, b.Name, s.call = t.ID, t.Name, t.Index
	}
	s.open = kind
	s.blocks = append(s.blocks, growing{head: b})
	return append(out, Event{"content_block_start", blockStart{"content_block_start", s.index(), b}})
}

func (s *Stream) close(out []Event) []Event {
	if s.open == "" {
		return out
	}
	s.open = ""
	return append(out, Event{"content_block_stop", blockStop{"content_block_stop", s.index()}})
}

func (s *Stream) delta(out []Event, d any) []Event {
	return append(out, Event{"content_block_delta", blockDelta{"content_block_delta", s.index(), d}})
}

func (s *Stream) index() int { return len(s.blocks) - 1 }

func (s *Stream) grow(text string) {
	g := &s.blocks[s.index()]
	g.body = append(g.body, text...)
}
