package cli

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"malmoi/internal/llm"
)

// scoreCmd prints how likely a text is under a model; its JSON is a contract.
type scoreCmd struct {
	modelFlags
	File   string `arg:"" optional:"" help:"Text file to score."`
	Tokens string `help:"Token ids instead: 1,2,3 or @FILE.json; used as they are, nothing is added." placeholder:"IDS"`
	Top    int    `help:"Also list the N likeliest tokens after each token." placeholder:"N"`
	Logits string `help:"Write all logits here, float32 little endian, (T, V)." placeholder:"OUT.f32"`
	JSON   bool   `name:"json" help:"Print one JSON object."`
}

// scored is the result of score --json.
type scored struct {
	Tokens []int32       `json:"tokens"`
	NLL    []*float64    `json:"nll"`
	Top    [][]scoredTop `json:"top,omitempty"`
}

type scoredTop struct {
	ID      int32   `json:"id"`
	Logit   float32 `json:"logit"`
	LogProb float64 `json:"logprob"`
}

func (c *scoreCmd) Run(ctx context.Context, env *Env, g *globals) error {
	if (c.Tokens == "") == (c.File == "") {
		return withHint(errors.New("nothing to score"), "give a text FILE or --tokens, one of the two")
	}
	m, err := c.open(g)
	if err != nil {
		return err
	}
	defer m.Close()
	ids, err := c.ids(m)
	if err != nil {
		return err
	}
	out := scored{Tokens: ids, NLL: make([]*float64, len(ids))}
	write, done, err := logitsWriter(c.Logits)
	if err != nil {
		return err
	}
	err = m.Score(ctx, ids, func(pos int, logits []float32) error {
		if err := write(logits); err != nil {
			return err
		}
		lse := llm.LogSumExp(logits)
		if pos+1 < len(ids) {
			nll := lse - float64(logits[ids[pos+1]])
			out.NLL[pos+1] = &nll
		}
		if c.Top > 0 {
			var top []scoredTop
			for _, id := range llm.TopIDs(logits, c.Top) {
				top = append(top, scoredTop{id, logits[id], float64(logits[id]) - lse})
			}
			out.Top = append(out.Top, top)
		}
		return nil
	})
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	if c.JSON {
		return newPrinter(env.Stdout).line(out)
	}
	var sum float64
	for _, n := range out.NLL {
		if n != nil {
			sum += *n
		}
	}
	n := max(1, len(ids)-1)
	fmt.Fprintf(env.Stdout, "%d tokens, mean nll %.5f, perplexity %.4f\n", len(ids), sum/float64(n), math.Exp(sum/float64(n)))
	return nil
}

func (c *scoreCmd) ids(m *llm.Model) ([]int32, error) {
	if c.Tokens != "" {
		return tokenList(c.Tokens)
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return nil, err
	}
	ids := m.Tokenize(string(text), false, true)
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s: no tokens", c.File)
	}
	return ids, nil
}

// logitsWriter writes rows of logits to a file; with no path it writes nothing.
func logitsWriter(path string) (write func([]float32) error, done func() error, err error) {
	if path == "" {
		return func([]float32) error { return nil }, func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, nil, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var buf [4]byte
	write = func(row []float32) error {
		for _, v := range row {
			binary.LittleEndian.PutUint32(buf[:], math.Float32bits(v))
			if _, err := w.Write(buf[:]); err != nil {
				return err
			}
		}
		return nil
	}
	return write, func() error { return errors.Join(w.Flush(), f.Close()) }, nil
}
