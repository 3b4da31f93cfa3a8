package chat

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestForce: what a forced call looks like in a dialect, that dialect's parser
// reads as the call.
func TestForce(t *testing.T) {
	sources := map[string]string{
		"hermes": "<tool_call>", "llama3": "<|python_tag|>", "mistral": "[TOOL_CALLS]", "glm": "<arg_key>", "qwen3-coder": "<function= <parameter=",
		"functionary": "<function=", "command": "<|START_ACTION|>", "kimi": "<|tool_call_begin|>", "lfm2": "<|tool_call_start|>", "deepseek": "tool▁calls▁begin",
		"granite": "<|tool_call|>", "harmony": "<|channel|><|message|>", "hyperclovax": "tool/function_call", "generic": "",
	}
	prompts := map[string][]string{
		"hyperclovax": {"<|im_start|>assistant\n", "<|im_start|>assistant", "<|im_start|>assistant/think\n"},
		"harmony":     {"<|start|>assistant"},
	}
	for name, source := range sources {
		d := Detect(source, "")
		if d.Name != name {
			t.Errorf("%q is detected as %s, want %s", source, d.Name, name)
		}
		ps := prompts[name]
		if ps == nil {
			ps = []string{"prompt"}
		}
		for _, prompt := range ps {
			f, ok := d.ForceCall(prompt, testTools, "get_weather")
			if !ok || !json.Valid(f.Schema) {
				t.Fatalf("%s: %v, schema %s", name, ok, f.Schema)
			}
			body := `{"city": "서울"}`
			if strings.Contains(string(f.Schema), `"const"`) {
				body = callFrom(t, f.Schema, body)
			}
			p := d.Parser(ParserOptions{Prompt: prompt, Tools: testTools})
			got := gather(append(append(p.Push(f.Prefix), p.Push(body+f.Suffix)...), p.Close()...))
			if got != (reply{calls: weather}) {
				t.Errorf("%s after %q: %q gives %+q", name, prompt, f.Prefix+body+f.Suffix, got)
			}
		}
	}
}

// callFrom writes a call that a schema of callSchema allows.
func callFrom(t *testing.T, schema json.RawMessage, args string) string {
	t.Helper()
	var s struct {
		Required   []string
		Properties map[string]struct{ Const string }
	}
	if err := json.Unmarshal(schema, &s); err != nil || len(s.Required) != 2 {
		t.Fatalf("schema %s", schema)
	}
	return `{"` + s.Required[0] + `": "` + s.Properties[s.Required[0]].Const + `", "` + s.Required[1] + `": ` + args + `}`
}

func TestForceSchema(t *testing.T) {
	tools := []Tool{{Name: "a", Parameters: []byte(`{"$ref":"#/$defs/P","$defs":{"P":{"type":"object","properties":{"self":{"$ref": "#"}}}}}`)}, {Name: "b"}}
	f, ok := hermes("<tool_call>", "</tool_call>").ForceCall("", tools, "")
	want := `{"anyOf":[{"type":"object","properties":{"name":{"const":"a"},"arguments":{"$ref":"#/$defs/tool0"}},"required":["name","arguments"],"additionalProperties":false},` +
		`{"type":"object","properties":{"name":{"const":"b"},"arguments":{"type":"object","properties":{}}},"required":["name","arguments"],"additionalProperties":false}],` +
		`"$defs":{"tool0":{"$ref":"#/$defs/tool0/$defs/P","$defs":{"P":{"type":"object","properties":{"self":{"$ref": "#/$defs/tool0"}}}}}}}`
	if !ok || string(f.Schema) != want {
		t.Errorf("got  %s\nwant %s", f.Schema, want)
	}
	if _, ok := generic().ForceCall("", tools, "c"); ok {
		t.Error("a tool that is not there can be forced")
	}
	if _, ok := generic().ForceCall("", nil, ""); ok {
		t.Error("a call without tools can be forced")
	}
}
