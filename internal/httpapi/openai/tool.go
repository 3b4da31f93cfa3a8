package openai

import (
	"encoding/json"
	"fmt"
	"slices"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Tool is a function offered to the model in a chat request.
type Tool struct {
	Type     string    `json:"type"`
	Function *Function `json:"function"`
}

// Function describes one function; Parameters is a JSON Schema object.
type Function struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      *bool           `json:"strict"`
}

func tools(in []Tool) ([]chat.Tool, error) {
	var out []chat.Tool
	for i, t := range in {
		at := fmt.Sprintf("tools[%d]", i)
		if t.Type != "function" {
			return nil, wire.Unsupported(at+".type", "only tools of type function are supported, got %q", wire.Shorten(t.Type))
		}
		if t.Function == nil {
			return nil, wire.Missing(at + ".function")
		}
		tool, err := t.Function.tool(at + ".function")
		if err != nil {
			return nil, err
		}
		out = append(out, tool)
	}
	return out, rule.Tools(out)
}

func (f *Function) tool(at string) (chat.Tool, error) {
	t := chat.Tool{Name: f.Name, Description: f.Description, Strict: f.Strict != nil && *f.Strict}
	if err := rule.ToolName(f.Name, at+".name"); err != nil {
		return t, err
	}
	parameters, err := rule.Parameters(f.Parameters, at+".parameters")
	t.Parameters = parameters
	return t, err
}

// choiceObject is tool_choice when it is not a plain word.
type choiceObject struct {
	Type     string `json:"type"`
	Name     string `json:"name"` // Responses API
	Function struct {
		Name string `json:"name"`
	} `json:"function"`
	AllowedTools *allowedTools `json:"allowed_tools"`
	Mode         string        `json:"mode"`  // Responses API, with allowed_tools
	Tools        []allowedTool `json:"tools"` // likewise
}

type allowedTools struct {
	Mode  string        `json:"mode"`
	Tools []allowedTool `json:"tools"`
}

type allowedTool struct {
	Type     string `json:"type"`
	Name     string `json:"name"`
	Function struct {
		Name string `json:"name"`
	} `json:"function"`
}

// toolChoice reads tool_choice of the chat and of the Responses API. It may
// narrow the tools down, which is what allowed_tools asks for.
func toolChoice(raw json.RawMessage, offered []chat.Tool) (llm.ToolChoice, []chat.Tool, error) {
	if wire.Null(raw) {
		return llm.ToolChoice{Mode: "auto"}, offered, nil
	}
	if wire.Kind(raw) == '"' {
		var mode string
		if err := wire.Value(raw, &mode, "tool_choice"); err != nil {
			return llm.ToolChoice{}, nil, err
		}
		return choiceMode(mode, offered)
	}
	var c choiceObject
	if err := wire.Value(raw, &c, "tool_choice"); err != nil {
		return llm.ToolChoice{}, nil, err
	}
	switch c.Type {
	case "function":
		name := c.Function.Name
		if name == "" {
			name = c.Name
		}
		return choiceFunction(name, offered)
	case "allowed_tools":
		a := allowedTools{Mode: c.Mode, Tools: c.Tools}
		if c.AllowedTools != nil {
			a = *c.AllowedTools
		}
		return choiceAllowed(a, offered)
	}
	return llm.ToolChoice{}, nil, wire.Unsupported("tool_choice.type", "%q is not one of function, allowed_tools", wire.Shorten(c.Type))
}

func choiceMode(mode string, offered []chat.Tool) (llm.ToolChoice, []chat.Tool, error) {
	switch mode {
	case "none", "auto":
	case "required":
		if len(offered) == 0 {
			return llm.ToolChoice{}, nil, wire.Invalid("tool_choice", "%q needs tools", mode)
		}
	default:
		return llm.ToolChoice{}, nil, wire.Invalid("tool_choice", "%q is not one of none, auto, required", wire.Shorten(mode))
	}
	return llm.ToolChoice{Mode: mode}, offered, nil
}

func choiceFunction(name string, offered []chat.Tool) (llm.ToolChoice, []chat.Tool, error) {
	if name == "" {
		return llm.ToolChoice{}, nil, wire.Missing("tool_choice.function.name")
	}
	if !slices.ContainsFunc(offered, func(t chat.Tool) bool { return t.Name == name }) {
		return llm.ToolChoice{}, nil, wire.Invalid("tool_choice", "no tool has the name %q", wire.Shorten(name))
	}
	return llm.ToolChoice{Mode: "function", Name: name}, offered, nil
}

func choiceAllowed(a allowedTools, offered []chat.Tool) (llm.ToolChoice, []chat.Tool, error) {
	var kept []chat.Tool
	for _, t := range a.Tools {
		name := t.Function.Name
		if name == "" {
			name = t.Name
		}
		at := slices.IndexFunc(offered, func(o chat.Tool) bool { return o.Name == name })
		if at < 0 {
			return llm.ToolChoice{}, nil, wire.Invalid("tool_choice", "no tool has the name %q", wire.Shorten(name))
		}
		kept = append(kept, offered[at])
	}
	if a.Mode == "" {
		a.Mode = "auto"
	}
	return choiceMode(a.Mode, kept)
}
