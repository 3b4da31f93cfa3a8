package chat

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"malmoi/internal/golden"
)

func pinned() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// wireMessage is a message of the reference conversations.
type wireMessage struct {
	Role             string `json:"role"`
	Content          *string
	ReasoningContent string `json:"reasoning_content"`
	Name             string
	ToolCallID       string `json:"tool_call_id"`
	ToolCalls        []struct {
		ID       string
		Function struct {
			Name      string
			Arguments json.RawMessage
		}
	} `json:"tool_calls"`
}

// request turns the variables of a reference rendering into a Request; false
// if they hold what Message cannot say.
func request(t *testing.T, vars json.RawMessage) (Request, bool) {
	t.Helper()
	var c struct {
		Messages []wireMessage
		Tools    []struct {
			Function struct {
				Name, Description string
				Parameters        json.RawMessage
			}
		}
		Docs json.RawMessage `json:"documents"`
		Gen  bool            `json:"add_generation_prompt"`
	}
	if json.Unmarshal(vars, &c) != nil {
		return Request{}, false // content in parts
	}
	r := Request{AddGenerationPrompt: c.Gen}
	if string(c.Docs) != "null" {
		r.Documents = c.Docs
	}
	for _, m := range c.Messages {
		if m.Content == nil {
			return Request{}, false
		}
		msg := Message{Role: m.Role, Content: *m.Content, Reasoning: m.ReasoningContent, Name: m.Name, ToolCallID: m.ToolCallID}
		for _, call := range m.ToolCalls {
			args := string(call.Function.Arguments)
			if strings.HasPrefix(args, `"`) {
				return Request{}, false // arguments as text: ours become objects
			}
			msg.ToolCalls = append(msg.ToolCalls, ToolCall{ID: call.ID, Name: call.Function.Name, Arguments: args})
		}
		r.Messages = append(r.Messages, msg)
	}
	if c.Tools != nil && len(c.Tools) == 0 {
		return Request{}, false // an empty list of tools means none to us
	}
	for _, tool := range c.Tools {
		r.Tools = append(r.Tools, Tool{Name: tool.Function.Name, Description: tool.Function.Description, Parameters: tool.Function.Parameters})
	}
	var all map[string]any
	if err := json.Unmarshal(vars, &all); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token"} {
		delete(all, k)
	}
	r.Kwargs = all
	return r, true
}

// TestGoldenConversations renders the reference conversations through Request.
// Where a template knows all that a conversation uses, the prompt is the
// reference's, byte for byte.
func TestGoldenConversations(t *testing.T) {
	var convs map[string]struct{ Context json.RawMessage }
	if err := json.Unmarshal(golden.File(t, "templates/conversations.json"), &convs); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(golden.Dir(t), "templates", "expected", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no expectations: %v", err)
	}
	equal, adapted := 0, 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var exp struct {
			Template string
			Cases    map[string]struct {
				Out   *string
				Error *struct{ Kind, Message string }
			}
		}
		if err := json.Unmarshal(data, &exp); err != nil {
			t.Fatal(err)
		}
		tpl, err := NewTemplate(string(golden.File(t, "templates/templates/"+exp.Template)), Options{BOS: "<s>", EOS: "</s>", Now: pinned})
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range exp.Cases {
			r, ok := request(t, convs[name].Context)
			if !ok {
				continue
			}
			segs, err := tpl.Render(context.Background(), r)
			if !reflect.DeepEqual(tpl.adapt(r), r) || tpl.can.textArguments || tpl.can.nullContent || tpl.can.emptyTools || tpl.can.partsOnly {
				adapted++
				continue
			}
			equal++
			switch {
			case c.Out != nil && (err != nil || Text(segs) != *c.Out):
				t.Errorf("%s, %s: %v\ngot  %q\nwant %q", exp.Template, name, err, Text(segs), *c.Out)
			case c.Out == nil && c.Error.Kind == "raise_exception" && (!errors.Is(err, ErrRefused) || !strings.HasSuffix(err.Error(), c.Error.Message)):
				t.Errorf("%s, %s: error %v, want %q", exp.Template, name, err, c.Error.Message)
			}
		}
	}
	t.Logf("%d prompts equal to the reference's, %d adapted", equal, adapted)
}
