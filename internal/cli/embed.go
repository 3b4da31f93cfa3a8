package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// embedCmd reads JSON strings, one per line, and prints one vector per line.
type embedCmd struct {
	modelFlags
	Batch bool `help:"Read one JSON string per line (without it, all of stdin is one text)."`
}

func (c *embedCmd) Run(ctx context.Context, env *Env, g *globals) error {
	if c.Model == "" {
		return withHint(errors.New("no model named"), "use --model NAME of an embedding model")
	}
	m, err := c.open(g)
	if err != nil {
		return err
	}
	defer m.Close()
	out := newPrinter(env.Stdout)
	embed := func(text string) error {
		v, _, err := m.Embed(ctx, []string{text})
		if err != nil {
			return err
		}
		return out.line(v[0])
	}
	if !c.Batch {
		text, err := readAll(env.Stdin)
		if err != nil {
			return err
		}
		return embed(string(text))
	}
	return eachLine(env.Stdin, func(line []byte) error {
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			return fmt.Errorf("not a JSON string: %w", err)
		}
		return embed(text)
	})
}
