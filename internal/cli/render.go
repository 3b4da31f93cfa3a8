package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

// renderCmd renders a chat template with the variables of a file; what it
// prints is a contract.
type renderCmd struct {
	Model    string `help:"Model whose template to use." placeholder:"MODEL" xor:"source"`
	Template string `help:"Template file." placeholder:"FILE" xor:"source"`
	Context  string `help:"JSON file: its keys are the template's variables." placeholder:"FILE.json"`
	Now      string `help:"Time that the template sees (RFC 3339)." placeholder:"TIME"`
	Batch    bool   `help:"Read lines {\"template\":PATH,\"context\":{…}}, write lines {\"text\":…} or {\"error\":…}."`
}

func (c *renderCmd) Run(ctx context.Context, env *Env, g *globals) error {
	now := env.Now()
	if c.Now != "" {
		t, err := time.Parse(time.RFC3339, c.Now)
		if err != nil {
			return fmt.Errorf("--now: %w", err)
		}
		now = t
	}
	if c.Batch {
		return c.batch(ctx, env, now)
	}
	source, err := c.source(g)
	if err != nil {
		return err
	}
	if c.Context == "" {
		return withHint(errors.New("no variables"), "use --context FILE.json")
	}
	vars, err := os.ReadFile(c.Context)
	if err != nil {
		return err
	}
	text, err := chat.RenderContext(ctx, source, vars, now)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(env.Stdout, text)
	return err
}

func (c *renderCmd) source(g *globals) (string, error) {
	switch {
	case c.Template != "":
		data, err := os.ReadFile(c.Template)
		return string(data), err
	case c.Model != "":
		path, err := modelPath(g, c.Model)
		if err != nil {
			return "", err
		}
		return llm.TemplateOf(path)
	}
	return "", withHint(errors.New("no template named"), "use --model NAME or --template FILE")
}

// batch renders one template per line; a template is parsed once.
func (c *renderCmd) batch(ctx context.Context, env *Env, now time.Time) error {
	sources := map[string]string{}
	out := newPrinter(env.Stdout)
	return eachLine(env.Stdin, func(line []byte) error {
		var in struct {
			Template string
			Context  json.RawMessage
		}
		if err := json.Unmarshal(line, &in); err != nil {
			return err
		}
		path := filepath.Clean(in.Template)
		source, ok := sources[path]
		if !ok {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			source = string(data)
			sources[path] = source
		}
		text, err := chat.RenderContext(ctx, source, in.Context, now)
		if err != nil {
			return out.line(map[string]string{"error": err.Error()})
		}
		return out.line(map[string]string{"text": text})
	})
}
