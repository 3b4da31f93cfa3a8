package llm

import (
	"fmt"

	"malmoi/internal/chat"
	"malmoi/internal/engine"
	"malmoi/internal/engine/grammar"
)

// constrainedBytes are a token's bytes as a grammar sees them; control tokens
// have none, so they never appear in a constrained text.
func (m *Model) constrainedBytes(id int32) []byte {
	if int(id) >= m.tok.Size() || m.tok.IsControl(id) {
		return nil
	}
	return m.tok.Bytes(id)
}

// constraint compiles what the output must look like, nil if anything goes.
func (m *Model) constraint(f Format, forced *chat.Force, stops []int32) (engine.Constraint, error) {
	var g *grammar.Grammar
	var err error
	switch {
	case forced != nil:
		g, err = grammar.JSONSchema(forced.Schema)
	case f.JSONSchema != nil:
		g, err = grammar.JSONSchema(f.JSONSchema)
	case f.JSONObject:
		g, err = grammar.JSONObject()
	case f.Regex != "":
		g, err = grammar.Regex(f.Regex)
	case f.GBNF != "":
		g, err = grammar.GBNF(f.GBNF)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return grammar.NewMachine(g, m.vocab(), stops), nil
}

// forcedCall says how to make the model call a tool, nil if it need not.
func (m *Model) forcedCall(prompt string, r ChatRequest) (*chat.Force, error) {
	if r.ToolChoice.Mode != "required" && r.ToolChoice.Mode != "function" {
		return nil, nil
	}
	f, ok := m.dialect.ForceCall(prompt, r.Tools, r.ToolChoice.Name)
	if !ok {
		return nil, fmt.Errorf("%w: tool_choice asks for %q, which is not among the tools", ErrBadRequest, r.ToolChoice.Name)
	}
	return &f, nil
}
