package anthropic

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

const oneUser = `"max_tokens":5,"messages":[{"role":"user","content":"안녕"}]`

func TestRefuses(t *testing.T) {
	const bad, unsupported, missing = "invalid_value", "unsupported_parameter", "missing_required_parameter"
	f := func(fields, param, code string) {
		t.Helper()
		_, _, err := Decode([]byte(`{"model":"m",` + fields + `}`))
		var e *wire.Error
		if !errors.As(err, &e) || e.Param != param || e.Code != code || e.Status != 400 {
			t.Errorf("%s: %+v, want %s about %s", fields, err, code, param)
		}
	}
	f(`"messages":[{"role":"user","content":"x"}]`, "max_tokens", missing)
	f(`"max_tokens":0,"messages":[{"role":"user","content":"x"}]`, "max_tokens", bad)
	f(`"max_tokens":1`, "messages", missing)
	f(oneUser+`,"temperature":1.1`, "temperature", bad)
	f(oneUser+`,"top_p":2`, "top_p", bad)
	f(oneUser+`,"top_k":-1`, "top_k", bad)
	f(oneUser+`,"stop_sequences":[""]`, "stop_sequences", bad)
	f(oneUser+`,"stop_sequences":"x"`, "stop_sequences", "invalid_type")
	f(oneUser+`,"n":2`, "n", "unknown_parameter")
	f(oneUser+`,"system":5`, "system", bad)
	f(oneUser+`,"system":[{"type":"image"}]`, "system[0]", unsupported)
	f(oneUser+`,"tools":[{"type":"web_search_20250305","name":"web_search"}]`, "tools[0].type", unsupported)
	f(oneUser+`,"tools":[{"name":"a b"}]`, "tools[0].name", bad)
	f(oneUser+`,"tools":[{"name":"a"},{"name":"a"}]`, "tools", bad)
	f(oneUser+`,"tools":[{"name":"a","input_schema":[]}]`, "tools[0].input_schema", bad)
	f(oneUser+`,"tool_choice":{"type":"any"}`, "tool_choice", bad)
	f(oneUser+`,"tool_choice":{"type":"tool","name":"a"}`, "tool_choice.name", bad)
	f(oneUser+`,"tool_choice":{"type":"maybe"}`, "tool_choice.type", bad)
	f(oneUser+`,"thinking":{"type":"yes"}`, "thinking.type", bad)
	f(oneUser+`,"output_config":{"effort":"much"}`, "output_config.effort", bad)
	f(oneUser+`,"output_config":{"format":{"type":"xml"}}`, "output_config.format.type", bad)
	f(oneUser+`,"output_config":{"format":{"type":"json_schema"}}`, "output_config.format.schema", bad)
	f(oneUser+`,"mcp_servers":[{}]`, "mcp_servers", unsupported)
	f(oneUser+`,"container":"c"`, "container", unsupported)
	f(oneUser+`,"context_management":{}`, "context_management", unsupported)

	m := func(messages, param, code string) {
		t.Helper()
		f(`"max_tokens":5,"messages":`+messages, param, code)
	}
	m(`["x"]`, "messages[0]", bad)
	m(`[{"role":"user"}]`, "messages[0].content", missing)
	m(`[{"role":"robot","content":"x"}]`, "messages[0].role", bad)
	m(`[{"role":"user","content":[]}]`, "messages[0].content", bad)
	m(`[{"role":"user","content":{}}]`, "messages[0].content", bad)
	m(`[{"role":"user","content":[{"type":"image"}]}]`, "messages[0].content[0]", unsupported)
	m(`[{"role":"user","content":[{"type":"document"}]}]`, "messages[0].content[0]", unsupported)
	m(`[{"role":"user","content":[{"text":"x"}]}]`, "messages[0].content[0].type", missing)
	m(`[{"role":"user","content":[{"type":"tool_result"}]}]`, "messages[0].content[0].tool_use_id", missing)
	m(`[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image"}]}]}]`, "messages[0].content[0].content[0]", unsupported)
	m(`[{"role":"assistant","content":[{"type":"tool_use","name":"a","input":"x"}]}]`, "messages[0].content[0].input", bad)
	m(`[{"role":"assistant","content":[{"type":"server_tool_use"}]}]`, "messages[0].content[0].type", unsupported)
}

func TestMessages(t *testing.T) {
	f := func(fields string, want ...chat.Message) {
		t.Helper()
		_, r, err := DecodeCount([]byte(`{` + fields + `}`))
		if err != nil {
			t.Errorf("%s: %v", fields, err)
		} else if !reflect.DeepEqual(r.Messages, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", fields, r.Messages, want)
		}
	}
	f(`"messages":[{"role":"user","content":"a"}]`, chat.Message{Role: "user", Content: "a"})
	f(`"system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"c"}]`,
		chat.Message{Role: "system", Content: "a\nb"}, chat.Message{Role: "user", Content: "c"})
	f(`"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"음","signature":""},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"볼게요"},{"type":"tool_use","id":"t1","name":"f","input":{ "a": 1 }},{"type":"tool_use","id":"t2","name":"g"}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"1"},{"type":"tool_result","tool_use_id":"t2","is_error":true},{"type":"text","text":"그래서?"},{"type":"text","text":"응?"}]}]`,
		chat.Message{Role: "assistant", Reasoning: "음", Content: "볼게요", ToolCalls: []chat.ToolCall{{ID: "t1", Name: "f", Arguments: `{"a":1}`}, {ID: "t2", Name: "g", Arguments: "{}"}}},
		chat.Message{Role: "tool", ToolCallID: "t1", Content: "1"}, chat.Message{Role: "tool", ToolCallID: "t2"},
		chat.Message{Role: "user", Content: "그래서?\n응?"})
}

func TestParams(t *testing.T) {
	f := func(fields string, ok func(llm.ChatRequest) bool) {
		t.Helper()
		_, r, err := Decode([]byte(`{` + oneUser + `,` + fields + `}`))
		if err != nil || !ok(r) {
			t.Errorf("%s: %v %+v", fields, err, r)
		}
	}
	type R = llm.ChatRequest
	f(`"stop_sequences":["a"],"top_k":3,"top_p":0.5,"temperature":0`, func(r R) bool {
		return r.MaxTokens == 5 && r.N == 1 && r.Stop[0] == "a" && r.Sampling.TopK == 3 && r.Sampling.TopP == 0.5 && r.Sampling.Temperature == 0
	})
	f(`"tools":[{"name":"a","input_schema":{}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true}`, func(r R) bool {
		return r.ToolChoice.Mode == "required" && !r.ParallelToolCalls && r.Tools[0].Name == "a"
	})
	f(`"tools":[{"name":"a"}],"tool_choice":{"type":"tool","name":"a"}`, func(r R) bool { return r.ToolChoice == llm.ToolChoice{Mode: "function", Name: "a"} })
	f(`"thinking":{"type":"disabled"}`, func(r R) bool { return r.Kwargs["enable_thinking"] == false })
	f(`"thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"effort":"high"}`, func(r R) bool {
		return r.Kwargs["enable_thinking"] == true && r.Kwargs["reasoning_effort"] == "high"
	})
	f(`"output_config":{"format":{"type":"json_schema","schema":{"a":1}}}`, func(r R) bool { return string(r.Format.JSONSchema) == `{"a":1}` })
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{` + oneUser + `,"system":"s","tools":[{"name":"a","input_schema":{}}],"tool_choice":{"type":"any"}}`))
	f.Add([]byte(`{"max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"x"}]}]}]}`))
	f.Add([]byte(`{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"image"}]}],"thinking":{"type":"enabled"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, r, err := Decode(body)
		var e *wire.Error
		switch {
		case err != nil && (!errors.As(err, &e) || e.Status != 400):
			t.Fatalf("%q: error %#v", body, err)
		case err == nil && (len(r.Messages) == 0 || r.MaxTokens < 1 || r.N != 1):
			t.Fatalf("%q: %+v", body, r)
		}
	})
}

func TestErrorsNameTheParameter(t *testing.T) {
	b := NewError(wire.Invalid("top_k", "must be at least 0"), "req_1")
	if b.Error.Message != "top_k: must be at least 0" || b.Error.Type != "invalid_request_error" || b.RequestID != "req_1" {
		t.Errorf("%+v", b)
	}
	if !strings.Contains(NewError(&wire.Error{Status: 500, Message: "x"}, "").Error.Type, "api_error") {
		t.Error("a 500 is no api_error")
	}
}
