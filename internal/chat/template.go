package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"malmoi/internal/chat/jinja"
)

// ErrRefused marks a conversation that the model's template does not accept,
// such as roles in an order it does not know. The text says what it wants.
var ErrRefused = errors.New("the model's chat template refuses this conversation")

// ErrNoTemplate says that a model has no chat template: it is a base model.
var ErrNoTemplate = errors.New("the model has no chat template: it is a base model and can only continue a text")

// Segment is a run of a prompt. In a trusted one special tokens are meant as
// such; the others hold text from outside, in which they are only characters.
type Segment struct {
	Text    string
	Trusted bool
}

// Template is a model's chat template. It is safe for concurrent use.
type Template struct {
	source string
	tpl    *jinja.Template
	o      Options
	can    abilities
}

// Options are what a template needs from the model's tokenizer and the host.
type Options struct {
	BOS, EOS string // text of the tokens, "" if the model has none
	Now      func() time.Time
}

// Request is a conversation to render.
type Request struct {
	Messages            []Message
	Tools               []Tool
	AddGenerationPrompt bool            // end with the head of the assistant's turn
	Documents           json.RawMessage // a JSON array, nil if there are none
	Kwargs              map[string]any  // further variables, as encoding/json decodes them
}

// NewTemplate parses a template and tries out what it understands. An empty
// source gives ErrNoTemplate.
func NewTemplate(source string, o Options) (*Template, error) {
	if source == "" {
		return nil, ErrNoTemplate
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	tpl, err := jinja.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("chat template: %w", err)
	}
	t := &Template{source: source, tpl: tpl, o: o}
	t.can = t.probe()
	return t, nil
}

// Source is the template's text.
func (t *Template) Source() string { return t.source }

// Tools reports whether the template itself tells the model about tools. If
// not, Render describes them in the system message.
func (t *Template) Tools() bool { return t.can.tools }

// Thinking reports whether the template knows a switch for reasoning, and the
// name of that variable.
func (t *Template) Thinking() (variable string, ok bool) {
	for _, v := range []string{"enable_thinking", "thinking", "force_reasoning", "reasoning_effort", "skip_reasoning"} {
		if t.tpl.Reads(v) {
			return v, true
		}
	}
	return "", false
}

// Render renders a conversation. What the template raises wraps ErrRefused.
func (t *Template) Render(ctx context.Context, r Request) ([]Segment, error) {
	return t.render(ctx, t.adapt(r), t.can)
}

// render renders messages that are already in the form the template wants.
func (t *Template) render(ctx context.Context, r Request, can abilities) ([]Segment, error) {
	vars, err := t.variables(r, can)
	if err != nil {
		return nil, err
	}
	segs, err := t.tpl.Segments(vars, jinja.Options{Context: ctx, Now: t.o.Now()})
	if err != nil {
		return nil, templateError(err)
	}
	out := make([]Segment, len(segs))
	for i, s := range segs {
		out[i] = Segment{Text: s.Text, Trusted: !s.Input}
	}
	return out, nil
}

func templateError(err error) error {
	var raised *jinja.Raised
	if errors.As(err, &raised) {
		return fmt.Errorf("%w: %s", ErrRefused, raised.Message)
	}
	return fmt.Errorf("chat template: %w", err)
}

// Text joins segments.
func Text(segs []Segment) string {
	n := 0
	for _, s := range segs {
		n += len(s.Text)
	}
	b := make([]byte, 0, n)
	for _, s := range segs {
		b = append(b, s.Text...)
	}
	return string(b)
}

// RenderContext renders a template with the variables of a JSON object, as
// they are. It is what tools use that hold a template against a reference; a
// template that raises gives its message as the error's whole text.
func RenderContext(ctx context.Context, source string, variables []byte, now time.Time) (string, error) {
	tpl, err := jinja.Parse(source)
	if err != nil {
		return "", err
	}
	v, err := jinja.FromJSON(variables)
	if err != nil {
		return "", err
	}
	vars, ok := v.(*jinja.Dict)
	if !ok {
		return "", errors.New("the context is not a JSON object")
	}
	return tpl.Render(vars, jinja.Options{Context: ctx, Now: now})
}
