package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
	"malmoi/internal/llm"
)

// TestWire is what each kind of server is sent.
func TestWire(t *testing.T) {
	r := llm.ChatRequest{
		Messages:          []chat.Message{{Role: "developer", Content: "짧게"}, {Role: "user", Content: "가"}, {Role: "assistant", Content: "나", Reasoning: "흠"}},
		ParallelToolCalls: true,
		Kwargs:            map[string]any{"reasoning_effort": "low"},
		Params:            llm.Params{MaxTokens: 9, IgnoreEOS: true, Sampling: sample.Params{Temperature: 0.5, TopP: 1, TopK: 3, RepetitionPenalty: 1.5, Seed: 1<<63 | 7}, Format: llm.Format{JSONSchema: json.RawMessage(`{"type":"object"}`)}},
	}
	head := `{"model":"m","messages":[`
	schema := `"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}}`
	options := `"stream":true,"stream_options":{"include_usage":true},`
	f := func(kind, want string) {
		t.Helper()
		got, err := chatBody("m", flavours[kind], r)
		if err != nil || string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s\n%v", kind, got, want, err)
		}
	}
	f("openai", head+`{"role":"developer","content":"짧게"},{"role":"user","content":"가"},{"role":"assistant","content":"나"}],`+options+
		`"max_completion_tokens":9,"temperature":0.5,"seed":7,`+schema+`,"reasoning_effort":"low"}`)
	f("ollama", head+`{"role":"system","content":"짧게"},{"role":"user","content":"가"},{"role":"assistant","content":"나"}],`+options+
		`"max_tokens":9,"temperature":0.5,"seed":7,`+schema+`,"reasoning_effort":"low"}`)
	f("llamacpp", head+`{"role":"system","content":"짧게"},{"role":"user","content":"가"},{"role":"assistant","content":"나","reasoning_content":"흠"}],`+options+
		`"max_tokens":9,"temperature":0.5,"top_k":3,"repeat_penalty":1.5,"seed":7,"ignore_eos":true,`+schema+`,"chat_template_kwargs":{"reasoning_effort":"low"}}`)
	f("vllm", head+`{"role":"system","content":"짧게"},{"role":"user","content":"가"},{"role":"assistant","content":"나","reasoning":"흠"}],`+options+
		`"max_tokens":9,"temperature":0.5,"top_k":3,"repetition_penalty":1.5,"seed":7,"ignore_eos":true,`+schema+`,"chat_template_kwargs":{"reasoning_effort":"low"}}`)
}

func TestFormats(t *testing.T) {
	f := func(kind string, format llm.Format, want string) {
		t.Helper()
		got, err := chatBody("m", flavours[kind], llm.ChatRequest{Messages: question.Messages, Params: llm.Params{Format: format}})
		if want == "" {
			if !errors.Is(err, llm.ErrBadRequest) {
				t.Errorf("%s %+v: %v", kind, format, err)
			}
			return
		}
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %s lacks %s, %v", kind, got, want, err)
		}
	}
	f("malmoi", llm.Format{Regex: "a"}, `"structured_outputs":{"regex":"a"}`)
	f("malmoi", llm.Format{GBNF: "g"}, `"grammar":"g"`)
	f("vllm", llm.Format{GBNF: "g"}, `"structured_outputs":{"grammar":"g"}`)
	f("llamacpp", llm.Format{GBNF: "g"}, `"grammar":"g"`)
	f("llamacpp", llm.Format{Regex: "a"}, "")
	f("ollama", llm.Format{GBNF: "g"}, "")
	f("", llm.Format{Regex: "a"}, "")
	f("openai", llm.Format{JSONObject: true}, `"response_format":{"type":"json_object"}`)
}

// TestAnswersOfOthers are streams as other servers write them.
func TestAnswersOfOthers(t *testing.T) {
	f := func(name string, events []string, want reply) {
		t.Helper()
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { sse(w, events...) })
		r := question
		r.Stop = []string{"끝"}
		got, err := ask1(t, open(t, at(s)), "up/m", r)
		got.usage.Prefill, got.usage.Decode = 0, 0
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s:\n got %+v\nwant %+v\n%v", name, got, want, err)
		}
	}
	counts := llm.Usage{PromptTokens: 11, CachedTokens: 8, CompletionTokens: 2}
	f("vLLM, stop string and reasoning", []string{
		`{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}`,
		`{"choices":[{"index":0,"delta":{"reasoning":"음"}}]}`, content("네"),
		`{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop","stop_reason":"끝"}]}`, counted, done,
	}, reply{text: "네", reasoning: "음", finish: "stop", stop: "끝", usage: counts})
	f("vLLM, stop token", []string{content("네"), `{"choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":151645}]}`, counted, done},
		reply{text: "네", finish: "stop", usage: counts})
	f("both names of reasoning are one text", []string{`{"choices":[{"index":0,"delta":{"reasoning":"음","reasoning_content":"음"}}]}`, finished, counted, done},
		reply{reasoning: "음", finish: "stop", usage: counts})
	f("Ollama, whole tool calls", []string{
		`{"choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[{"id":"call_a","index":0,"type":"function","function":{"name":"f","arguments":"{}"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"call_b","index":0,"type":"function","function":{"name":"g","arguments":"{\"x\":1}"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, counted, done,
	}, reply{finish: "tool_calls", usage: counts, calls: []chat.ToolCall{{ID: "call_a", Name: "f", Arguments: "{}"}, {ID: "call_b", Name: "g", Arguments: `{"x":1}`}}})
	f("no index, no id, an object", []string{
		`{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]}}]}`, finished, counted, done,
	}, reply{finish: "tool_calls", usage: counts, calls: []chat.ToolCall{{ID: "call_0_0", Name: "f", Arguments: `{"x":1}`}}})
	f("id and name in every piece", []string{
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"}"}}]}}]}`, finished, counted, done,
	}, reply{finish: "tool_calls", usage: counts, calls: []chat.ToolCall{{ID: "c", Name: "f", Arguments: "{}"}}})
	f("nothing counted, no [DONE]", []string{content("가"), content("나"), finished},
		reply{text: "가나", finish: "stop", usage: llm.Usage{PromptTokens: 2, CompletionTokens: 2}})
	f("[DONE] without a finish", []string{content("가"), counted, done}, reply{text: "가", finish: "stop", usage: counts})
	f("nulls everywhere", []string{`{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":null,"tool_calls":null},"logprobs":null,"finish_reason":null}],"usage":null,"error":null}`, content("가"), finished, counted, done},
		reply{text: "가", finish: "stop", usage: counts})
}

func TestAnswerWithoutStream(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprint(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"네","tool_calls":[]},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`)
	})
	got, err := ask1(t, open(t, at(s)), "up/m", question)
	if err != nil || got.text != "네" || got.finish != "length" || got.usage.PromptTokens != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestContextWordings(t *testing.T) {
	f := func(body string, want llm.ContextError) {
		t.Helper()
		e := readErrorBody([]byte(body)).classify(&Error{Status: 400})
		var got *llm.ContextError
		if !errors.As(e, &got) || *got != want {
			t.Errorf("%s: got %v, want %+v", body, e, want)
		}
	}
	f(`{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}}`, llm.ContextError{Prompt: 5000, Limit: 4096})
	f(`{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5096 tokens (5000 in the messages, 96 in the completion).","code":400}`, llm.ContextError{Prompt: 5096, Limit: 4096})
	f(`{"error":{"message":"This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.","code":"context_length_exceeded"}}`, llm.ContextError{Prompt: 5000, Limit: 4096})
	f(`{"error":{"message":"the prompt of 5000 tokens and 10 tokens to generate exceed the model's context of 4096 tokens; shorten"}}`, llm.ContextError{Prompt: 5000, Max: 10, Limit: 4096})
}

func TestEmbeddingsOfOthers(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) })
		g, _, err := open(t, at(s)).Acquire(t.Context(), "up/embed-1")
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := g.Embed(t.Context(), []string{"a", "b"})
		if want == "" {
			if !slices.EqualFunc(v, [][]float32{{1, 0}, {0, 1}}, slices.Equal[[]float32]) || err != nil {
				t.Errorf("%s: %v, %v", body, v, err)
			}
			return
		}
		wantError(t, err, llm.ErrUnavailable, want)
	}
	f(`{"data":[{"index":1,"embedding":[0,2]},{"index":0,"embedding":[1,0]}]}`, "")
	f(`{"data":[{"index":0,"embedding":"AACAPwAAAAA="},{"index":1,"embedding":"AAAAAAAAgD8="}]}`, "")
	f(`{"data":[{"index":0,"embedding":[1,0]}]}`, "missing")
	f(`{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[1]}]}`, "another length")
	f(`{"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[1,0]}]}`, "vector 0")
	f(`{"data":`, "not the JSON")
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{content("가"), finished, counted, `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}`,
		`{"error":{"message":"x","code":429}}`, `{"choices":[{"logprobs":{"content":[{"token":"a","logprob":-1,"bytes":[97],"top_logprobs":[]}]}}]}`, `{"choices":[{"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[null],"top_logprobs":[{"b":-1}]}}]}`} {
		f.Add([]byte(s), []byte(s))
	}
	f.Fuzz(func(t *testing.T, one, two []byte) {
		a := newAssembler("up", 2, []string{"끝"})
		finishes := map[int]int{}
		calls := map[int]int{}
		emit := func(e llm.Event) error {
			if e.Finish != "" {
				finishes[e.Choice]++
			}
			if strings.ToValidUTF8(e.Content+e.Reasoning, "") != e.Content+e.Reasoning {
				t.Errorf("%+v is not UTF-8", e)
			}
			if d := e.ToolCall; d != nil {
				if d.Index > calls[e.Choice] {
					t.Errorf("call %d before call %d", d.Index, calls[e.Choice])
				}
				if d.Index == calls[e.Choice] {
					calls[e.Choice]++
				}
			}
			return nil
		}
		if a.take(one, emit) != nil || a.take(two, emit) != nil || a.end(emit) != nil {
			return
		}
		if finishes[0] != 1 || finishes[1] != 1 {
			t.Errorf("finishes %v", finishes)
		}
	})
}
