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

const oneUser = `"messages":[{"role":"user","content":"안녕"}]`

// refused checks that decoding failed and named the parameter.
func refused(t *testing.T, what string, err error, param, code string) {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: error %v, want one about %s", what, err, param)
		return
	}
	if e.Param != param || e.Code != code || e.Status != 400 {
		t.Errorf("%s: param %q, code %q, status %d (%s); want %q, %q, 400", what, e.Param, e.Code, e.Status, e.Message, param, code)
	}
}

func TestChatRefuses(t *testing.T) {
	const bad, unsupported, missing, typed = "invalid_value", "unsupported_parameter", "missing_required_parameter", "invalid_type"
	f := func(fields, param, code string) {
		t.Helper()
		_, _, err := DecodeChat([]byte(`{"model":"m",` + oneUser + `,` + fields + `}`))
		refused(t, fields, err, param, code)
	}
	f(`"temperature":-0.1`, "temperature", bad)
	f(`"temperature":2.1`, "temperature", bad)
	f(`"temperature":"1"`, "temperature", typed)
	f(`"top_p":1.1`, "top_p", bad)
	f(`"min_p":-1`, "min_p", bad)
	f(`"top_k":-2`, "top_k", bad)
	f(`"presence_penalty":3`, "presence_penalty", bad)
	f(`"frequency_penalty":-3`, "frequency_penalty", bad)
	f(`"repetition_penalty":0`, "repetition_penalty", bad)
	f(`"repeat_penalty":11`, "repeat_penalty", bad)
	f(`"repeat_last_n":-1`, "repeat_last_n", bad)
	f(`"n":0`, "n", bad)
	f(`"n":17`, "n", bad)
	f(`"max_tokens":0`, "max_tokens", bad)
	f(`"max_completion_tokens":-5`, "max_completion_tokens", bad)
	f(`"seed":1.5`, "seed", typed)
	f(`"stop":""`, "stop", bad)
	f(`"stop":7`, "stop", bad)
	f(`"stop":["a",7]`, "stop", bad)
	f(`"stop":[`+strings.Repeat(`"a",`, 16)+`"a"]`, "stop", bad)
	f(`"stop":"`+strings.Repeat("a", 1025)+`"`, "stop", bad)
	f(`"logit_bias":{"x":1}`, "logit_bias", bad)
	f(`"logit_bias":{"-1":1}`, "logit_bias", bad)
	f(`"logit_bias":{"5":101}`, "logit_bias", bad)
	f(`"logit_bias":[1]`, "logit_bias", typed)
	f(`"top_logprobs":2`, "top_logprobs", bad)
	f(`"logprobs":true,"top_logprobs":21`, "top_logprobs", bad)
	f(`"logprobs":5`, "logprobs", typed)
	f(`"stream_options":{"include_usage":true}`, "stream_options", bad)
	f(`"reasoning_effort":"much"`, "reasoning_effort", bad)
	f(`"chat_template_kwargs":[1]`, "chat_template_kwargs", bad)
	f(`"chat_template_kwargs":{"messages":[]}`, "chat_template_kwargs.messages", bad)
	f(`"functions":[{}]`, "functions", unsupported)
	f(`"function_call":"auto"`, "function_call", unsupported)
	f(`"audio":{"voice":"x"}`, "audio", unsupported)
	f(`"modalities":["text","audio"]`, "modalities", unsupported)
	f(`"web_search_options":{}`, "web_search_options", unsupported)
	f(`"response_format":{"type":"xml"}`, "response_format.type", bad)
	f(`"response_format":{"type":"json_schema"}`, "response_format.json_schema", missing)
	f(`"response_format":{"type":"json_schema","json_schema":{"name":"x"}}`, "response_format.json_schema.schema", missing)
	f(`"response_format":{"type":"json_schema","json_schema":{"schema":[1]}}`, "response_format.json_schema.schema", bad)
	f(`"regex":"a+","grammar":"root ::= \"a\""`, "grammar", bad)
	f(`"response_format":{"type":"json_object"},"guided_regex":"a"`, "guided_regex", bad)
	f(`"guided_choice":["a",""]`, "guided_choice", bad)
	f(`"tools":[{"type":"web_search"}]`, "tools[0].type", unsupported)
	f(`"tools":[{"type":"function"}]`, "tools[0].function", missing)
	f(`"tools":[{"type":"function","function":{"name":""}}]`, "tools[0].function.name", missing)
	f(`"tools":[{"type":"function","function":{"name":"a b"}}]`, "tools[0].function.name", bad)
	f(`"tools":[{"type":"function","function":{"name":"a","parameters":"x"}}]`, "tools[0].function.parameters", bad)
	f(`"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"a"}}]`, "tools", bad)
	f(`"tool_choice":"required"`, "tool_choice", bad)
	f(`"tool_choice":"sometimes"`, "tool_choice", bad)
	f(`"tool_choice":{"type":"function","function":{"name":"a"}}`, "tool_choice", bad)
	f(`"tool_choice":{"type":"custom"}`, "tool_choice.type", unsupported)
	f(`"temprature":1`, "temprature", "unknown_parameter")
}

func TestChatRefusesMessages(t *testing.T) {
	const bad, unsupported, missing = "invalid_value", "unsupported_parameter", "missing_required_parameter"
	f := func(messages, param, code string) {
		t.Helper()
		_, _, err := DecodeChat([]byte(`{"messages":` + messages + `}`))
		refused(t, messages, err, param, code)
	}
	f(`[]`, "messages", missing)
	f(`null`, "messages", missing)
	f(`{}`, "messages", "invalid_type")
	f(`["x"]`, "messages[0]", bad)
	f(`[{"content":"x"}]`, "messages[0].role", missing)
	f(`[{"role":"robot","content":"x"}]`, "messages[0].role", bad)
	f(`[{"role":"user"}]`, "messages[0].content", missing)
	f(`[{"role":"user","content":null}]`, "messages[0].content", missing)
	f(`[{"role":"user","content":5}]`, "messages[0].content", bad)
	f(`[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}]`, "messages[1].content[1]", unsupported)
	f(`[{"role":"user","content":[{"type":"input_audio"}]}]`, "messages[0].content[0]", unsupported)
	f(`[{"role":"user","content":[{"type":"file"}]}]`, "messages[0].content[0]", unsupported)
	f(`[{"role":"user","content":[{"type":"smell"}]}]`, "messages[0].content[0].type", unsupported)
	f(`[{"role":"user","content":[{"text":"x"}]}]`, "messages[0].content[0].type", missing)
	f(`[{"role":"user","content":["x"]}]`, "messages[0].content[0]", bad)
	f(`[{"role":"user","content":[{"type":"text","text":1}]}]`, "messages[0].content[0].text", "invalid_type")
	f(`[{"role":"tool","content":"x"}]`, "messages[0].tool_call_id", missing)
	f(`[{"role":"assistant","function_call":{"name":"x"}}]`, "messages[0].function_call", unsupported)
	f(`[{"role":"assistant","tool_calls":[{"function":{"name":""}}]}]`, "messages[0].tool_calls[0].function.name", missing)
	f(`[{"role":"assistant","tool_calls":[{"function":{"name":"a","arguments":[1]}}]}]`, "messages[0].tool_calls[0].function.arguments", bad)
	f(`[{"role":"assistant","tool_calls":[{"type":"custom","function":{"name":"a"}}]}]`, "messages[0].tool_calls[0].type", unsupported)
}

func TestChatMessages(t *testing.T) {
	f := func(messages string, want ...chat.Message) {
		t.Helper()
		_, r, err := DecodeChat([]byte(`{"messages":` + messages + `}`))
		if err != nil {
			t.Errorf("%s: %v", messages, err)
		} else if !reflect.DeepEqual(r.Messages, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", messages, r.Messages, want)
		}
	}
	f(`[{"role":"user","content":"안녕"}]`, chat.Message{Role: "user", Content: "안녕"})
	f(`[{"role":"developer","content":"짧게","name":"x"}]`, chat.Message{Role: "developer", Content: "짧게", Name: "x"})
	f(`[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]`, chat.Message{Role: "user", Content: "a\nb"})
	f(`[{"role":"user","content":""}]`, chat.Message{Role: "user"})
	// What clients send back from an answer, nulls and foreign fields included.
	f(`[{"role":"assistant","content":null,"refusal":null,"annotations":[],"audio":null,"function_call":null,"reasoning_content":"음","tool_calls":[{"id":"c","type":"function","index":0,"function":{"name":"날씨","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"맑음"}]}]`,
		chat.Message{Role: "assistant", Reasoning: "음", ToolCalls: []chat.ToolCall{{ID: "c", Name: "날씨", Arguments: `{"a":1}`}}},
		chat.Message{Role: "tool", ToolCallID: "c", Content: "맑음"})
	f(`[{"role":"assistant","reasoning":"음","tool_calls":[{"function":{"name":"f","arguments":{ "b" : [1, 2] }}},{"function":{"name":"g"}}]}]`,
		chat.Message{Role: "assistant", Reasoning: "음", ToolCalls: []chat.ToolCall{{Name: "f", Arguments: `{"b":[1,2]}`}, {Name: "g", Arguments: "{}"}}})
}

// TestChatParams prints what a request becomes; each row is the fields of a
// request and a condition on the result.
func TestChatParams(t *testing.T) {
	f := func(fields string, ok func(llm.ChatRequest) bool) {
		t.Helper()
		_, r, err := DecodeChat([]byte(`{` + oneUser + `,` + fields + `}`))
		if err != nil {
			t.Errorf("%s: %v", fields, err)
		} else if !ok(r) {
			t.Errorf("%s: %+v", fields, r)
		}
	}
	type R = llm.ChatRequest
	f(`"user":"u"`, func(r R) bool {
		return r.Sampling.Temperature == 0.7 && r.Sampling.TopP == 0.95 && r.Sampling.TopK == 0 && r.N == 1 && r.MaxTokens == 0 &&
			r.ToolChoice.Mode == "auto" && r.ParallelToolCalls && r.Kwargs == nil && r.Format.JSONSchema == nil
	})
	f(`"temperature":0,"top_p":1,"top_k":-1,"min_p":0.05`, func(r R) bool {
		return r.Sampling.Temperature == 0 && r.Sampling.TopP == 1 && r.Sampling.TopK == 0 && r.Sampling.MinP == 0.05
	})
	f(`"top_p":0,"top_k":50`, func(r R) bool { return r.Sampling.TopK == 1 })
	f(`"seed":-1`, func(r R) bool { return r.Sampling.Seed == 1<<64-1 })
	f(`"presence_penalty":1,"frequency_penalty":-1,"repeat_penalty":1.1,"repeat_last_n":64`, func(r R) bool {
		p := r.Sampling
		return p.PresencePenalty == 1 && p.FrequencyPenalty == -1 && p.RepetitionPenalty == 1.1 && p.PenaltyWindow == 64
	})
	f(`"logit_bias":{"7":-100,"8":2.5}`, func(r R) bool {
		return reflect.DeepEqual(r.Sampling.LogitBias, map[int32]float32{7: -100, 8: 2.5})
	})
	f(`"stop":"끝"`, func(r R) bool { return reflect.DeepEqual(r.Stop, []string{"끝"}) })
	f(`"stop":["a","b"],"max_tokens":5,"max_completion_tokens":9`, func(r R) bool { return len(r.Stop) == 2 && r.MaxTokens == 9 })
	f(`"max_tokens":5,"ignore_eos":true,"n":4`, func(r R) bool { return r.MaxTokens == 5 && r.IgnoreEOS && r.N == 4 })
	f(`"logprobs":true,"top_logprobs":20`, func(r R) bool { return r.LogProbs && r.TopLogProbs == 20 })
	f(`"response_format":{"type":"text"}`, func(r R) bool { return reflect.DeepEqual(r.Format, llm.Format{}) })
	f(`"response_format":{"type":"json_object"}`, func(r R) bool { return r.Format.JSONObject })
	f(`"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"object"}}}`, isSchema(`{"type":"object"}`))
	f(`"json_schema":{"a":1}`, isSchema(`{"a":1}`))
	f(`"guided_json":"{\"a\":1}"`, isSchema(`{"a":1}`))
	f(`"structured_outputs":{"json":true}`, isSchema(`true`))
	f(`"regex":"[가-힣]+"`, func(r R) bool { return r.Format.Regex == "[가-힣]+" })
	f(`"grammar":"root ::= \"a\""`, func(r R) bool { return r.Format.GBNF == `root ::= "a"` })
	f(`"guided_choice":["a.b","c"]`, func(r R) bool { return r.Format.Regex == `(a\.b|c)` })
	f(`"reasoning_effort":"none"`, func(r R) bool { return r.Kwargs["enable_thinking"] == false && r.Kwargs["skip_reasoning"] == true })
	f(`"reasoning_effort":"high","chat_template_kwargs":{"enable_thinking":false,"a":3,"b":3.5,"c":{"d":[1]}}`, func(r R) bool {
		return r.Kwargs["enable_thinking"] == false && r.Kwargs["reasoning_effort"] == "high" && r.Kwargs["a"] == int64(3) &&
			r.Kwargs["b"] == 3.5 && fmt.Sprintf("%T", r.Kwargs["c"].(map[string]any)["d"].([]any)[0]) == "int64"
	})
	f(`"parallel_tool_calls":false`, func(r R) bool { return !r.ParallelToolCalls })
}

func isSchema(want string) func(llm.ChatRequest) bool {
	return func(r llm.ChatRequest) bool { return string(r.Format.JSONSchema) == want && !r.Format.JSONObject }
}

func TestToolChoice(t *testing.T) {
	const tools = `"tools":[{"type":"function","function":{"name":"a","description":"A","strict":true,"parameters":{"type":"object"}}},{"type":"function","function":{"name":"b"}}]`
	f := func(choice, mode, name string, names ...string) {
		t.Helper()
		_, r, err := DecodeChat([]byte(`{` + oneUser + `,` + tools + `,"tool_choice":` + choice + `}`))
		if err != nil {
			t.Errorf("%s: %v", choice, err)
			return
		}
		var got []string
		for _, tool := range r.Tools {
			got = append(got, tool.Name)
		}
		if r.ToolChoice != (llm.ToolChoice{Mode: mode, Name: name}) || !reflect.DeepEqual(got, names) {
			t.Errorf("%s: %+v, tools %v", choice, r.ToolChoice, got)
		}
	}
	f(`null`, "auto", "", "a", "b")
	f(`"auto"`, "auto", "", "a", "b")
	f(`"none"`, "none", "", "a", "b")
	f(`"required"`, "required", "", "a", "b")
	f(`{"type":"function","function":{"name":"b"}}`, "function", "b", "a", "b")
	f(`{"type":"function","name":"b"}`, "function", "b", "a", "b")
	f(`{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"b"}}]}}`, "required", "", "b")
	f(`{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"a"}]}`, "auto", "", "a")

	_, r, err := DecodeChat([]byte(`{` + oneUser + `,` + tools + `}`))
	if err != nil || !r.Tools[0].Strict || r.Tools[0].Description != "A" || string(r.Tools[0].Parameters) != `{"type":"object"}` || r.Tools[1].Parameters != nil {
		t.Errorf("tools %+v, %v", r.Tools, err)
	}
}

// FuzzDecodeChat holds that any body is either refused with a client's error
// or gives a request within the limits.
func FuzzDecodeChat(f *testing.F) {
	for _, seed := range []string{
		`{"model":"m",` + oneUser + `}`,
		`{` + oneUser + `,"tools":[{"type":"function","function":{"name":"a","parameters":{}}}],"tool_choice":{"type":"function","function":{"name":"a"}}}`,
		`{` + oneUser + `,"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}},"n":2,"logit_bias":{"1":-5}}`,
		`{"messages":[{"role":"assistant","content":[{"type":"text","text":"a"}],"tool_calls":[{"id":"x","function":{"name":"a","arguments":{"b":1}}}]}]}`,
		`{` + oneUser + `,"stop":["a","b"],"chat_template_kwargs":{"a":[{"b":1e5}]},"temperature":1e-40,"seed":-9223372036854775808}`,
		`{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}`,
		`{"messages":[[[[[[[[`, "{\"a\":\"\xff\"}", `{"messages":{}}`, `[]`, `nul`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w, r, err := DecodeChat(body)
		if err != nil {
			var e *wire.Error
			if !errors.As(err, &e) || e.Status != 400 || e.Message == "" {
				t.Fatalf("%q: error %#v", body, err)
			}
			if _, err := json.Marshal(NewError(e)); err != nil {
				t.Fatal(err)
			}
			return
		}
		if w == nil || len(r.Messages) == 0 || r.N < 1 || r.N > MaxChoices || r.MaxTokens < 0 || r.TopLogProbs > MaxTop {
			t.Fatalf("%q: %+v", body, r)
		}
		if err := r.Sampling.Check(1<<31 - 1); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
	})
}
