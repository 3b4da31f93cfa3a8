package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"malmoi/internal/engine/sample"
	"malmoi/internal/llm"
)

// generateCmd continues a prompt without a template; its JSON is a contract.
type generateCmd struct {
	modelFlags
	Prompt      string  `arg:"" optional:"" help:"Text to continue; - reads standard input."`
	Tokens      string  `help:"Token ids instead of text: 1,2,3 or @FILE.json." placeholder:"IDS"`
	MaxTokens   int     `help:"Tokens to generate." default:"128"`
	Temperature float32 `help:"0 is greedy." default:"0"`
	TopK        int     `help:"Keep the K likeliest tokens; 0 keeps all." default:"0"`
	TopP        float32 `help:"Keep the likeliest tokens up to this share." default:"1"`
	Seed        uint64  `help:"Same seed, same tokens." default:"0"`
	IgnoreEOS   bool    `name:"ignore-eos" help:"Go on after the token that ends a text."`
	JSON        bool    `name:"json" help:"Print one JSON object at the end."`
}

// generated is the result of generate --json.
type generated struct {
	Tokens []int32 `json:"tokens"`
	Text   string  `json:"text"`
	Finish string  `json:"finish_reason"`
}

func (c *generateCmd) Run(ctx context.Context, env *Env, g *globals) error {
	req := llm.CompletionRequest{Params: llm.Params{
		MaxTokens: c.MaxTokens,
		IgnoreEOS: c.IgnoreEOS,
		LogProbs:  true, // they carry the token ids
		Sampling:  sample.Params{Temperature: c.Temperature, TopK: c.TopK, TopP: c.TopP, Seed: c.Seed},
	}}
	switch {
	case c.Tokens != "":
		ids, err := tokenList(c.Tokens)
		if err != nil {
			return err
		}
		req.IDs = ids
	case c.Prompt == "-":
		text, err := readAll(env.Stdin)
		if err != nil {
			return err
		}
		req.Prompt = string(text)
	case c.Prompt != "":
		req.Prompt = c.Prompt
	default:
		return withHint(errors.New("nothing to continue"), "give a PROMPT or --tokens")
	}
	m, err := c.open(g)
	if err != nil {
		return err
	}
	defer m.Close()
	s, err := m.Complete(ctx, req)
	if err != nil {
		return err
	}
	defer s.Close()
	out := generated{Tokens: []int32{}}
	for {
		e, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, t := range e.LogProbs {
			out.Tokens = append(out.Tokens, t.ID)
		}
		out.Text += e.Content
		if e.Finish != "" {
			out.Finish = e.Finish
		}
		if !c.JSON {
			fmt.Fprint(env.Stdout, e.Content)
		}
	}
	if c.JSON {
		// As the reference decodes the tokens, also where they end inside a
		// character.
		out.Text = m.Detokenize(out.Tokens)
		return newPrinter(env.Stdout).line(out)
	}
	fmt.Fprintln(env.Stdout)
	return nil
}

// tokenList reads "1,2,3" or "@FILE.json".
func tokenList(s string) ([]int32, error) {
	var ids []int32
	if file, ok := strings.CutPrefix(s, "@"); ok {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &ids); err != nil {
			return nil, fmt.Errorf("%s: not a JSON array of token ids: %w", file, err)
		}
	} else {
		for _, f := range strings.Split(s, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(f), 10, 32)
			if err != nil {
				return nil, fmt.Errorf("--tokens: %q is not a token id", f)
			}
			ids = append(ids, int32(id))
		}
	}
	if len(ids) == 0 {
		return nil, errors.New("--tokens: the list is empty")
	}
	return ids, nil
}
