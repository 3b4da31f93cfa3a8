package openai

import (
	"fmt"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// ResponseEvent is one event of a streamed response. The fields that a type of
// event does not have are left out.
type ResponseEvent struct {
	Type           string         `json:"type"`
	SequenceNumber int            `json:"sequence_number"`
	Response       *Response      `json:"response,omitempty"`
	OutputIndex    *int           `json:"output_index,omitempty"`
	Item           *OutputItem    `json:"item,omitempty"`
	ItemID         string         `json:"item_id,omitempty"`
	ContentIndex   *int           `json:"content_index,omitempty"`
	Part           any            `json:"part,omitempty"`
	Delta          *string        `json:"delta,omitempty"`
	Text           *string        `json:"text,omitempty"`
	Name           string         `json:"name,omitempty"`
	Arguments      *string        `json:"arguments,omitempty"`
	LogProbs       []TokenLogProb `json:"logprobs,omitzero"`
}

// ResponseStream turns the events of an answer into those of the Responses
// API: items that are added, filled and done one after the other. It gathers
// them on the way, so it also makes the response that is not streamed.
type ResponseStream struct {
	response Response
	sequence int
	open     bool // the last item is not done
	call     int  // number of the tool call that is open
	body     []byte
	logProbs []TokenLogProb // of tokens whose text has not come yet
	finish   string
}

// NewResponseStream starts the answer to a request.
func NewResponseStream(head ReplyHead, w *ResponseRequest, p *llm.Params) *ResponseStream {
	return &ResponseStream{response: newResponse(head, w, p)}
}

// Start are the first events.
func (s *ResponseStream) Start() []ResponseEvent {
	return []ResponseEvent{s.whole("response.created"), s.whole("response.in_progress")}
}

// Add takes the next event and returns what it adds to the stream.
func (s *ResponseStream) Add(e llm.Event) []ResponseEvent {
	var out []ResponseEvent
	if e.Reasoning != "" {
		out = s.ensure(out, "reasoning", nil)
		out = append(out, s.delta("response.reasoning_text.delta", e.Reasoning))
	}
	s.logProbs = append(s.logProbs, tokenLogProbs(e.LogProbs)...)
	if e.Content != "" {
		out = s.ensure(out, "message", nil)
		d := s.delta("response.output_text.delta", e.Content)
		d.LogProbs, s.logProbs = nonNil(s.logProbs), nil
		s.item().LogProbs = append(s.item().LogProbs, d.LogProbs...)
		out = append(out, d)
	}
	if t := e.ToolCall; t != nil {
		out = s.ensure(out, "function_call", t)
		if t.Arguments != "" {
			d := s.delta("response.function_call_arguments.delta", t.Arguments)
			d.ContentIndex = nil
			out = append(out, d)
		}
	}
	if e.Finish != "" {
		s.finish = e.Finish
		status := "completed"
		if e.Finish == "length" || e.Finish == llm.FinishFiltered {
			status = "incomplete"
		}
		out = s.done(out, status)
	}
	return out
}

// End finishes the response; now is its time in seconds since 1970.
func (s *ResponseStream) End(u llm.Usage, now int64) []ResponseEvent {
	r := &s.response
	r.Status, r.CompletedAt, r.Usage = "completed", &now, newResponseUsage(u)
	if s.finish == "length" {
		r.Status, r.CompletedAt = "incomplete", nil
		r.IncompleteDetails = &IncompleteDetails{Reason: "max_output_tokens"}
	}
	if s.finish == llm.FinishFiltered {
		r.Status, r.CompletedAt = "incomplete", nil
		r.IncompleteDetails = &IncompleteDetails{Reason: llm.FinishFiltered}
	}
	return []ResponseEvent{s.whole("response." + r.Status)}
}

// Fail ends a stream that has begun and cannot go on.
func (s *ResponseStream) Fail(e *wire.Error) []ResponseEvent {
	out := s.done(nil, "incomplete")
	s.response.Status = "failed"
	s.response.Error = &ResponseError{Code: "server_error", Message: e.Message}
	return append(out, s.whole("response.failed"))
}

// Response is the answer so far.
func (s *ResponseStream) Response() *Response { return &s.response }

// Turn is the answer as a turn of a chat, for requests that refer to it.
func (s *ResponseStream) Turn() chat.Message {
	m := chat.Message{Role: "assistant"}
	for _, i := range s.response.Output {
		switch i.Type {
		case "message":
			m.Content += i.Text
		case "reasoning":
			m.Reasoning += i.Text
		case "function_call":
			m.ToolCalls = append(m.ToolCalls, chat.ToolCall{ID: i.CallID, Name: i.Name, Arguments: i.Arguments})
		}
	}
	return m
}

// ensure adds an item of the given type unless the last one is of that type
// and open. Every tool call is an item of its own.
func (s *ResponseStream) ensure(out []ResponseEvent, kind string, t *llm.ToolCallDelta) []ResponseEvent {
	if s.open && s.item().Type == kind && (t == nil || t.Index == s.call) {
		return out
	}
	out = s.done(out, "completed")
	i := OutputItem{Type: kind, Status: "in_progress", ID: s.itemID(kind)}
	if t != nil {
		i.CallID, i.Name, s.call = t.ID, t.Name, t.Index
	}
	s.response.Output = append(s.response.Output, i)
	s.open, s.body = true, nil
	out = append(out, s.aboutItem("response.output_item.added"))
	if t != nil {
		return out
	}
	s.item().begun = true
	return append(out, s.aboutPart("response.content_part.added"))
}

// done closes the open item with the events that repeat it whole.
func (s *ResponseStream) done(out []ResponseEvent, status string) []ResponseEvent {
	if !s.open {
		return out
	}
	s.open = false
	i := s.item()
	i.Status = status
	text := string(s.body)
	if i.Type == "function_call" {
		i.Arguments = text
		e := s.event("response.function_call_arguments.done")
		e.ItemID, e.OutputIndex, e.Arguments, e.Name = i.ID, s.outputIndex(), &text, i.Name
		return append(out, e, s.aboutItem("response.output_item.done"))
	}
	i.Text = text
	e := s.onPart("response.reasoning_text.done")
	e.Text = &text
	if i.Type == "message" {
		e.Type, e.LogProbs = "response.output_text.done", nonNil(i.LogProbs)
	}
	return append(out, e, s.aboutPart("response.content_part.done"), s.aboutItem("response.output_item.done"))
}

func (s *ResponseStream) delta(kind, text string) ResponseEvent {
	s.body = append(s.body, text...)
	e := s.onPart(kind)
	e.Delta = &text
	return e
}

func (s *ResponseStream) event(kind string) ResponseEvent {
	e := ResponseEvent{Type: kind, SequenceNumber: s.sequence}
	s.sequence++
	return e
}

// whole is an event that carries the response as it is now.
func (s *ResponseStream) whole(kind string) ResponseEvent {
	e := s.event(kind)
	r := s.response
	r.Output = append([]OutputItem{}, r.Output...)
	e.Response = &r
	return e
}

func (s *ResponseStream) aboutItem(kind string) ResponseEvent {
	e := s.event(kind)
	i := *s.item()
	e.OutputIndex, e.Item = s.outputIndex(), &i
	return e
}

func (s *ResponseStream) onPart(kind string) ResponseEvent {
	e := s.event(kind)
	zero := 0
	e.ItemID, e.OutputIndex, e.ContentIndex = s.item().ID, s.outputIndex(), &zero
	return e
}

func (s *ResponseStream) aboutPart(kind string) ResponseEvent {
	e := s.onPart(kind)
	e.Part = s.item().part()
	return e
}

func (s *ResponseStream) item() *OutputItem { return &s.response.Output[len(s.response.Output)-1] }

func (s *ResponseStream) outputIndex() *int {
	n := len(s.response.Output) - 1
	return &n
}

// itemID is unique because the response's id is.
func (s *ResponseStream) itemID(kind string) string {
	prefix := map[string]string{"message": "msg", "reasoning": "rs", "function_call": "fc"}[kind]
	return fmt.Sprintf("%s_%s_%d", prefix, s.response.ID, len(s.response.Output))
}
