package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"malmoi/internal/token"
)

// tokenizerFlags name a tokenizer by model or by file.
type tokenizerFlags struct {
	Model     string `help:"Model whose tokenizer to use: a name, a GGUF file or a folder." placeholder:"MODEL" xor:"source"`
	Tokenizer string `help:"tokenizer.json, GGUF or .tiktoken file, also gzipped." placeholder:"FILE" xor:"source"`
	Batch     bool   `help:"Read and write one JSON value per line."`
}

func (f tokenizerFlags) open(g *globals) (*token.Tokenizer, error) {
	switch {
	case f.Tokenizer != "":
		return token.Open(f.Tokenizer)
	case f.Model != "":
		path, err := modelPath(g, f.Model)
		if err != nil {
			return nil, err
		}
		return token.Open(path)
	}
	return nil, withHint(errors.New("no tokenizer named"), "use --model NAME or --tokenizer FILE")
}

// tokenizeCmd prints the token ids of text on standard input. The JSON it
// writes is a contract.
type tokenizeCmd struct {
	tokenizerFlags
	Special bool `help:"Read special tokens in the text; they stay text otherwise."`
	BOS     bool `name:"bos" help:"Add what the model's tokenizer adds at the ends."`
}

func (c *tokenizeCmd) Run(env *Env, g *globals) error {
	tok, err := c.open(g)
	if err != nil {
		return err
	}
	out := newPrinter(env.Stdout)
	encode := func(text string) error {
		ids := tok.Encode(text, c.Special)
		if c.BOS {
			ids = tok.WithSpecials(ids)
		}
		if ids == nil {
			ids = []int32{}
		}
		return out.line(ids)
	}
	if !c.Batch {
		text, err := readAll(env.Stdin)
		if err != nil {
			return err
		}
		return encode(string(text))
	}
	return eachLine(env.Stdin, func(line []byte) error {
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			return fmt.Errorf("not a JSON string: %w", err)
		}
		return encode(text)
	})
}

// detokenizeCmd is the inverse of tokenizeCmd. Bytes that are not UTF-8 become
// U+FFFD.
type detokenizeCmd struct {
	tokenizerFlags
}

func (c *detokenizeCmd) Run(env *Env, g *globals) error {
	tok, err := c.open(g)
	if err != nil {
		return err
	}
	decode := func(line []byte) (string, error) {
		var ids []int32
		if err := json.Unmarshal(line, &ids); err != nil {
			return "", fmt.Errorf("not a JSON array of token ids: %w", err)
		}
		for _, id := range ids {
			if id < 0 || int(id) >= tok.Size() {
				return "", fmt.Errorf("token id %d outside the vocabulary of %d", id, tok.Size())
			}
		}
		return tok.Decode(ids), nil
	}
	if c.Batch {
		out := newPrinter(env.Stdout)
		return eachLine(env.Stdin, func(line []byte) error {
			text, err := decode(line)
			if err != nil {
				return err
			}
			return out.line(text)
		})
	}
	data, err := readAll(env.Stdin)
	if err != nil {
		return err
	}
	text, err := decode(data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(env.Stdout, text)
	return err
}
