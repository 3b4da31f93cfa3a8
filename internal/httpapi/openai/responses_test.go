package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

func TestResponseItems(t *testing.T) {
	f := func(input string, want ...chat.Message) {
		t.Helper()
		_, r, err := DecodeResponse([]byte(`{"input":` + input + `}`))
		if err != nil {
			t.Errorf("%s: %v", input, err)
		} else if !reflect.DeepEqual(r.Messages, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", input, r.Messages, want)
		}
	}
	call := chat.ToolCall{ID: "c1", Name: "f", Arguments: `{"a":1}`}
	f(`"안녕"`, chat.Message{Role: "user", Content: "안녕"})
	f(`[{"role":"user","content":"a"}]`, chat.Message{Role: "user", Content: "a"})
	f(`[{"type":"message","role":"developer","content":[{"type":"input_text","text":"a"}]}]`, chat.Message{Role: "developer", Content: "a"})
	f(`[{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c1","output":"맑음"}]`,
		chat.Message{Role: "assistant", ToolCalls: []chat.ToolCall{call}}, chat.Message{Role: "tool", ToolCallID: "c1", Content: "맑음"})
	// Reasoning, text and calls of one answer are one turn.
	f(`[{"type":"reasoning","id":"r","summary":[],"content":[{"type":"reasoning_text","text":"음"}]},
		{"type":"message","role":"assistant","content":[{"type":"output_text","text":"볼게요","annotations":[]}]},
		{"type":"function_call","call_id":"c1","name":"f","arguments":"{\"a\":1}"},
		{"type":"function_call","call_id":"c2","name":"g","arguments":""},
		{"type":"function_call_output","call_id":"c1","output":[{"type":"input_text","text":"1"}]}]`,
		chat.Message{Role: "assistant", Reasoning: "음", Content: "볼게요", ToolCalls: []chat.ToolCall{call, {ID: "c2", Name: "g"}}},
		chat.Message{Role: "tool", ToolCallID: "c1", Content: "1"})
	// Two answers in a row stay two turns.
	f(`[{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}]`,
		chat.Message{Role: "assistant", Content: "a"}, chat.Message{Role: "assistant", Content: "b"})
	f(`[{"type":"reasoning","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"x"},{"role":"user","content":"a"}]`,
		chat.Message{Role: "assistant", Reasoning: "s"}, chat.Message{Role: "user", Content: "a"})
}

func TestResponseRefuses(t *testing.T) {
	const bad, unsupported, missing = "invalid_value", "unsupported_parameter", "missing_required_parameter"
	f := func(fields, param, code string) {
		t.Helper()
		_, _, err := DecodeResponse([]byte(`{` + fields + `}`))
		refused(t, fields, err, param, code)
	}
	f(``, "input", missing)
	f(`"input":[]`, "input", bad)
	f(`"input":5`, "input", bad)
	f(`"input":["a"]`, "input[0]", bad)
	f(`"input":[{"role":"user"}]`, "input[0].content", missing)
	f(`"input":[{"content":"x"}]`, "input[0].role", missing)
	f(`"input":[{"role":"tool","content":"x"}]`, "input[0].role", bad)
	f(`"input":[{"type":"function_call","name":"f"}]`, "input[0].call_id", missing)
	f(`"input":[{"type":"function_call","call_id":"c"}]`, "input[0].name", missing)
	f(`"input":[{"type":"function_call_output","call_id":"c"}]`, "input[0].output", missing)
	f(`"input":[{"type":"item_reference","id":"x"}]`, "input[0].type", unsupported)
	f(`"input":[{"role":"user","content":[{"type":"input_image"}]}]`, "input[0].content[0]", unsupported)
	f(`"input":"x","background":true`, "background", unsupported)
	f(`"input":"x","conversation":"c"`, "conversation", unsupported)
	f(`"input":"x","prompt":{"id":"p"}`, "prompt", unsupported)
	f(`"input":"x","truncation":"auto"`, "truncation", unsupported)
	f(`"input":"x","truncation":"some"`, "truncation", bad)
	f(`"input":"x","tools":[{"type":"web_search"}]`, "tools[0].type", unsupported)
	f(`"input":"x","tools":[{"type":"function"}]`, "tools[0].name", missing)
	f(`"input":"x","text":{"format":{"type":"json_schema","name":"n"}}`, "text.format.schema", missing)
	f(`"input":"x","text":{"format":{"type":"xml"}}`, "text.format.type", bad)
	f(`"input":"x","max_output_tokens":0`, "max_output_tokens", bad)
	f(`"input":"x","top_logprobs":21`, "top_logprobs", bad)
	f(`"input":"x","include":["nonsense"]`, "include", bad)
	f(`"input":"x","reasoning":{"effort":"much"}`, "reasoning_effort", bad)
	f(`"input":"x","stream_options":{}`, "stream_options", bad)
	f(`"input":"x","messages":[]`, "messages", "unknown_parameter")
}

// narrate prints a stream of events, one per line, without what is the same in
// all of them.
func narrate(events []ResponseEvent) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%d %s", e.SequenceNumber, strings.TrimPrefix(e.Type, "response."))
		if e.OutputIndex != nil {
			fmt.Fprintf(&b, " #%d", *e.OutputIndex)
		}
		for _, text := range []*string{e.Delta, e.Text, e.Arguments} {
			if text != nil {
				fmt.Fprintf(&b, " %q", *text)
			}
		}
		if e.Item != nil {
			fmt.Fprintf(&b, " %s %s", e.Item.Type, e.Item.Status)
		}
		if e.Response != nil {
			fmt.Fprintf(&b, " %s %d items", e.Response.Status, len(e.Response.Output))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestResponseEvents(t *testing.T) {
	w, r, err := DecodeResponse([]byte(`{"input":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	s := NewResponseStream(ReplyHead{ID: "resp_1", Model: "m"}, w, &r.Params)
	all := s.Start()
	for _, e := range []llm.Event{
		{Reasoning: "음"}, {Content: "볼"}, {Content: "게요"},
		{ToolCall: &llm.ToolCallDelta{ID: "c0", Name: "f"}}, {ToolCall: &llm.ToolCallDelta{Arguments: "{}"}},
		{ToolCall: &llm.ToolCallDelta{Index: 1, ID: "c1", Name: "g", Arguments: "{"}}, {ToolCall: &llm.ToolCallDelta{Index: 1, Arguments: "}"}},
		{Finish: "tool_calls"},
	} {
		all = append(all, s.Add(e)...)
	}
	all = append(all, s.End(llm.Usage{PromptTokens: 3, CompletionTokens: 4}, 9)...)
	const want = `0 created in_progress 0 items
1 in_progress in_progress 0 items
2 output_item.added #0 reasoning in_progress
3 content_part.added #0
4 reasoning_text.delta #0 "음"
5 reasoning_text.done #0 "음"
6 content_part.done #0
7 output_item.done #0 reasoning completed
8 output_item.added #1 message in_progress
9 content_part.added #1
10 output_text.delta #1 "볼"
11 output_text.delta #1 "게요"
12 output_text.done #1 "볼게요"
13 content_part.done #1
14 output_item.done #1 message completed
15 output_item.added #2 function_call in_progress
16 function_call_arguments.delta #2 "{}"
17 function_call_arguments.done #2 "{}"
18 output_item.done #2 function_call completed
19 output_item.added #3 function_call in_progress
20 function_call_arguments.delta #3 "{"
21 function_call_arguments.delta #3 "}"
22 function_call_arguments.done #3 "{}"
23 output_item.done #3 function_call completed
24 completed completed 4 items
`
	if got := narrate(all); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	turn := chat.Message{Role: "assistant", Reasoning: "음", Content: "볼게요", ToolCalls: []chat.ToolCall{{ID: "c0", Name: "f", Arguments: "{}"}, {ID: "c1", Name: "g", Arguments: "{}"}}}
	if !reflect.DeepEqual(s.Turn(), turn) {
		t.Errorf("turn %+v", s.Turn())
	}
}

func TestResponseThatFails(t *testing.T) {
	w, r, _ := DecodeResponse([]byte(`{"input":"x"}`))
	s := NewResponseStream(ReplyHead{ID: "resp_1"}, w, &r.Params)
	s.Start()
	s.Add(llm.Event{Content: "반"})
	const want = `5 output_text.done #0 "반"
6 content_part.done #0
7 output_item.done #0 message incomplete
8 failed failed 1 items
`
	if got := narrate(s.Fail(&wire.Error{Message: "이유"})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if e := s.Response().Error; e == nil || e.Message != "이유" {
		t.Errorf("error %+v", e)
	}
}

// TestResponseLogProbs holds that tokens without text of their own are not lost.
func TestResponseLogProbs(t *testing.T) {
	w, r, err := DecodeResponse([]byte(`{"input":"x","top_logprobs":1,"include":["message.output_text.logprobs"]}`))
	if err != nil || !r.LogProbs || r.TopLogProbs != 1 {
		t.Fatalf("%v %+v", err, r.Params)
	}
	token := func(b string) []llm.ChosenLogProb {
		return []llm.ChosenLogProb{{TokenLogProb: llm.TokenLogProb{Bytes: []byte(b)}}}
	}
	s := NewResponseStream(ReplyHead{}, w, &r.Params)
	s.Add(llm.Event{LogProbs: token("\xea\xb0")})
	s.Add(llm.Event{Content: "가", LogProbs: token("\x80")})
	s.Add(llm.Event{Finish: "stop"})
	if n := len(s.Response().Output[0].LogProbs); n != 2 {
		t.Errorf("%d log probabilities, want 2", n)
	}
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add([]byte(`{"input":"x","tools":[{"type":"function","name":"f","parameters":{}}],"text":{"format":{"type":"json_schema","schema":{}}}}`))
	f.Add([]byte(`{"input":[{"type":"reasoning","content":[{"type":"reasoning_text","text":"a"}]},{"type":"function_call","call_id":"c","name":"f","arguments":{}}]}`))
	f.Add([]byte(`{"input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call_output","call_id":"c","output":"x"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		w, r, err := DecodeResponse(body)
		if err != nil {
			var e *wire.Error
			if !errors.As(err, &e) || e.Status != 400 {
				t.Fatalf("%q: error %#v", body, err)
			}
			return
		}
		s := NewResponseStream(ReplyHead{}, w, &r.Params)
		s.Add(llm.Event{Content: "x", Finish: "stop"})
		if _, err := json.Marshal(s.End(llm.Usage{}, 0)); err != nil {
			t.Fatalf("%q: answer: %v", body, err)
		}
	})
}
