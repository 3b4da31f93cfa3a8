package anthropic

import (
	"encoding/json"
	"strings"
	"testing"

	"malmoi/internal/llm"
)

// TestStream follows an answer that thinks, speaks and calls two functions, of
// which the second has arguments that are no object.
func TestStream(t *testing.T) {
	s := NewStream("msg_1", "m", 12)
	all := []Event{s.Start()}
	for _, e := range []llm.Event{
		{Reasoning: "음"}, {Content: "볼"}, {Content: "게요"},
		{ToolCall: &llm.ToolCallDelta{ID: "t0", Name: "f", Arguments: `{"a"`}}, {ToolCall: &llm.ToolCallDelta{Arguments: `:1}`}},
		{ToolCall: &llm.ToolCallDelta{Index: 1, ID: "t1", Name: "g", Arguments: "아"}}, {Finish: "tool_calls"},
	} {
		all = append(all, s.Add(e)...)
	}
	all = append(all, s.End(llm.Usage{PromptTokens: 12, CachedTokens: 4, CompletionTokens: 6})...)
	var b strings.Builder
	for _, e := range all {
		data, err := json.Marshal(e.Data)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(data), `{"type":"`+e.Name+`"`) {
			t.Errorf("event %s holds %s", e.Name, data)
		}
		b.Write(data)
		b.WriteByte('\n')
	}
	const want = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}
{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"음"}}
{"type":"content_block_stop","index":0}
{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}
{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"볼"}}
{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"게요"}}
{"type":"content_block_stop","index":1}
{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t0","name":"f","input":{}}}
{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}
{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":":1}"}}
{"type":"content_block_stop","index":2}
{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t1","name":"g","input":{}}}
{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"아"}}
{"type":"content_block_stop","index":3}
{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":8,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":6}}
{"type":"message_stop"}
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	content, err := json.Marshal(s.Reply(llm.Usage{}).Content)
	if err != nil {
		t.Fatal(err)
	}
	const whole = `[{"type":"thinking","thinking":"음","signature":""},{"type":"text","text":"볼게요"},` +
		`{"type":"tool_use","id":"t0","name":"f","input":{"a":1}},{"type":"tool_use","id":"t1","name":"g","input":{"raw":"아"}}]`
	if string(content) != whole {
		t.Errorf("whole answer %s", content)
	}
}

func TestStopReasons(t *testing.T) {
	f := func(e llm.Event, reason, sequence string) {
		t.Helper()
		got, seq := stopReason(e)
		if got != reason || (seq == nil) != (sequence == "") || seq != nil && *seq != sequence {
			t.Errorf("%+v: %s %v", e, got, seq)
		}
	}
	f(llm.Event{Finish: "stop"}, "end_turn", "")
	f(llm.Event{Finish: "stop", Stop: "끝"}, "stop_sequence", "끝")
	f(llm.Event{Finish: "length"}, "max_tokens", "")
	f(llm.Event{Finish: "tool_calls"}, "tool_use", "")
}
