package chat

import (
	"encoding/json"
	"fmt"
	"strings"

	"malmoi/internal/chat/jinja"
)

// variables builds what the template sees, under the names and in the order
// that the transformers library uses.
func (t *Template) variables(r Request, can abilities) (*jinja.Dict, error) {
	vars := jinja.NewDict()
	messages := make([]jinja.Value, len(r.Messages))
	for i, m := range r.Messages {
		v, err := messageValue(m, can)
		if err != nil {
			return nil, fmt.Errorf("message %d: %w", i, err)
		}
		messages[i] = v
	}
	vars.Set("messages", jinja.NewList(messages...))
	tools, err := toolsValue(r.Tools, can)
	if err != nil {
		return nil, err
	}
	vars.Set("tools", tools)
	vars.Set("documents", jinja.None)
	if r.Documents != nil {
		docs, err := jinja.InputJSON(r.Documents)
		if err != nil {
			return nil, fmt.Errorf("documents: %w", err)
		}
		vars.Set("documents", docs)
	}
	vars.Set("add_generation_prompt", jinja.Bool(r.AddGenerationPrompt))
	vars.Set("bos_token", jinja.Text(t.o.BOS))
	vars.Set("eos_token", jinja.Text(t.o.EOS))
	return vars, addKwargs(vars, r.Kwargs)
}

// reserved are the variables that a request's kwargs cannot replace: through
// them text from outside would get around its mark.
var reserved = map[string]bool{"messages": true, "tools": true, "bos_token": true, "eos_token": true, "add_generation_prompt": true}

func addKwargs(vars *jinja.Dict, kwargs map[string]any) error {
	if len(kwargs) == 0 {
		return nil
	}
	data, err := json.Marshal(kwargs) // keys in order, so that rendering is reproducible
	if err != nil {
		return fmt.Errorf("template variables: %w", err)
	}
	v, err := jinja.InputJSON(data)
	if err != nil {
		return fmt.Errorf("template variables: %w", err)
	}
	d := v.(*jinja.Dict)
	for i := range d.Len() {
		k, v := d.At(i)
		name := k.(jinja.Str).String()
		if reserved[name] {
			return fmt.Errorf("template variable %q is set by the conversation itself", name)
		}
		vars.Set(name, v)
	}
	return nil
}

// knownRoles may be part of a special token that the template puts together,
// as in '<|' + role + '|>'. Any other role is text from outside.
var knownRoles = map[string]bool{
	"system": true, "developer": true, "user": true, "assistant": true, "tool": true, "function": true, "ipython": true,
	"tool_response": true, "tool_results": true, "observation": true, "documents": true, "tools": true, "tool_list": true,
	"tool/function_call": true,
}

func roleValue(role string) jinja.Value {
	if knownRoles[role] {
		return jinja.Text(role)
	}
	return jinja.Input(role)
}

func messageValue(m Message, can abilities) (jinja.Value, error) {
	d := jinja.NewDict()
	if m.Reasoning != "" {
		d.Set("thinking", jinja.Input(m.Reasoning))
	}
	d.Set("role", roleValue(m.Role))
	if m.Content == "" && len(m.ToolCalls) > 0 && can.nullContent {
		d.Set("content", jinja.None)
	} else {
		d.Set("content", contentValue(m.Content, can))
	}
	if len(m.ToolCalls) > 0 {
		calls := make([]jinja.Value, len(m.ToolCalls))
		for i, c := range m.ToolCalls {
			calls[i] = callValue(c, can)
		}
		d.Set("tool_calls", jinja.NewList(calls...))
	}
	if m.ToolCallID != "" {
		d.Set("tool_call_id", jinja.Input(m.ToolCallID))
	}
	if m.Name != "" {
		d.Set("name", jinja.Input(m.Name))
	}
	if m.Reasoning != "" {
		d.Set("reasoning_content", jinja.Input(m.Reasoning))
	}
	return d, nil
}

// contentValue is the text, or one text part for templates that want parts.
func contentValue(text string, can abilities) jinja.Value {
	if !can.partsOnly {
		return jinja.Input(text)
	}
	part := jinja.NewDict()
	part.Set("type", jinja.Text("text"))
	part.Set("text", jinja.Input(text))
	return jinja.NewList(part)
}

func callValue(c ToolCall, can abilities) jinja.Value {
	fn := jinja.NewDict()
	fn.Set("name", jinja.Input(c.Name))
	fn.Set("arguments", argumentsValue(c.Arguments, can))
	d := jinja.NewDict()
	if c.ID != "" {
		d.Set("id", jinja.Input(c.ID))
	}
	d.Set("type", jinja.Text("function"))
	d.Set("function", fn)
	return d
}

// argumentsValue is the parsed object, which most templates expect. Text that
// is no object, and templates that join the arguments as text, get the text.
func argumentsValue(text string, can abilities) jinja.Value {
	if strings.TrimSpace(text) == "" {
		text = "{}"
	}
	if can.textArguments {
		return jinja.Input(text)
	}
	if v, err := jinja.InputJSON([]byte(text)); err == nil {
		if d, ok := v.(*jinja.Dict); ok {
			return d
		}
	}
	return jinja.Input(text)
}

func toolsValue(tools []Tool, can abilities) (jinja.Value, error) {
	if len(tools) == 0 && can.emptyTools {
		return jinja.NewList(), nil
	}
	if len(tools) == 0 {
		return jinja.None, nil
	}
	list := make([]jinja.Value, len(tools))
	for i, t := range tools {
		fn := jinja.NewDict()
		fn.Set("name", jinja.Input(t.Name))
		fn.Set("description", jinja.Input(t.Description))
		params := t.Parameters
		if len(params) == 0 {
			params = json.RawMessage(`{"type":"object","properties":{}}`)
		}
		p, err := jinja.InputJSON(params)
		if err != nil {
			return nil, fmt.Errorf("tool %q: parameters: %w", t.Name, err)
		}
		fn.Set("parameters", p)
		d := jinja.NewDict()
		d.Set("type", jinja.Text("function"))
		d.Set("function", fn)
		list[i] = d
	}
	return jinja.NewList(list...), nil
}
