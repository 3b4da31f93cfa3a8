package llm

import (
	"fmt"
	"slices"
	"sync"

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
	form, err := m.forms.prepare(formOf(f, forced), m.vocab)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if form == nil {
		return nil, nil
	}
	return form.Machine(stops), nil
}

// formSource is a form as the client wrote it.
type formSource struct {
	compile func(source string) (*grammar.Grammar, error) // nil: anything goes
	kind    string                                        // names compile
	source  string
}

func formOf(f Format, forced *chat.Force) formSource {
	schema := func(s string) (*grammar.Grammar, error) { return grammar.JSONSchema([]byte(s)) }
	switch {
	case forced != nil:
		return formSource{schema, "schema", string(forced.Schema)}
	case f.JSONSchema != nil:
		return formSource{schema, "schema", string(f.JSONSchema)}
	case f.JSONObject:
		return formSource{func(string) (*grammar.Grammar, error) { return grammar.JSONObject() }, "object", ""}
	case f.Regex != "":
		return formSource{grammar.Regex, "regex", f.Regex}
	case f.GBNF != "":
		return formSource{grammar.GBNF, "gbnf", f.GBNF}
	}
	return formSource{}
}

// Forms are kept with their masks, so that a client who asks for one form again
// and again pays for it once. A form of at most so many bytes is worth keeping,
// and so many forms are kept; their tables are bounded in package grammar.
const (
	keptFormBytes = 64 << 10
	keptForms     = 16
)

// forms keeps the compiled forms that were used last. The zero value is ready.
type forms struct {
	mu   sync.Mutex
	kept []keptForm // the one used last comes last
}

type keptForm struct {
	kind, source string
	form         *grammar.Prepared
}

// prepare returns the form of f, nil if anything goes.
func (c *forms) prepare(f formSource, vocab func() *grammar.Vocab) (*grammar.Prepared, error) {
	if f.compile == nil {
		return nil, nil
	}
	if form := c.find(f); form != nil {
		return form, nil
	}
	g, err := f.compile(f.source)
	if err != nil {
		return nil, err
	}
	form := grammar.Prepare(g, vocab())
	if len(f.source) <= keptFormBytes {
		c.keep(keptForm{f.kind, f.source, form})
	}
	return form, nil
}

func (c *forms) find(f formSource) *grammar.Prepared {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, k := range c.kept {
		if k.kind == f.kind && k.source == f.source {
			c.kept = append(slices.Delete(c.kept, i, i+1), k)
			return k.form
		}
	}
	return nil
}

func (c *forms) keep(k keptForm) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) == keptForms {
		c.kept = slices.Delete(c.kept, 0, 1)
	}
	c.kept = append(c.kept, k)
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
