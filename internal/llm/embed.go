package llm

import (
	"context"
	"fmt"
	"math"
	"sync"

	"malmoi/internal/model"
	"malmoi/internal/nn"
	"malmoi/internal/token"
)

// encoder turns texts into vectors with an embedding model. The network is
// stepped by one caller at a time.
type encoder struct {
	mu      sync.Mutex
	net     *model.Model
	pooling model.Pooling
	tok     *token.Tokenizer
	hidden  []float32
}

func newEncoder(net *model.Model, enc model.Encoder, tok *token.Tokenizer) *encoder {
	return &encoder{net: net, pooling: enc.Pooling(), tok: tok}
}

// Embed returns one unit-length vector per text. A text longer than the
// model's context is an error: a vector of half a text would look right and
// find wrong.
func (m *Model) Embed(ctx context.Context, texts []string) (vectors [][]float32, tokens int, err error) {
	if m.encoder == nil {
		return nil, 0, ErrNoEmbedding
	}
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		ids := m.tok.WithSpecials(m.tok.Encode(text, false))
		if limit := m.net.ContextLength(); len(ids) > limit {
			return nil, 0, fmt.Errorf("text %d: %w", i, &ContextError{Prompt: len(ids), Limit: limit})
		}
		v, err := m.encoder.embed(ids)
		if err != nil {
			return nil, 0, fmt.Errorf("text %d: %w", i, err)
		}
		vectors = append(vectors, v)
		tokens += len(ids)
	}
	return vectors, tokens, nil
}

func (e *encoder) embed(ids []int32) ([]float32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	C := e.net.Dims().C
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: an empty text has no vector", ErrBadRequest)
	}
	count := (len(ids) + nn.PageTokens - 1) / nn.PageTokens
	if err := e.net.Reserve(count); err != nil {
		return nil, err
	}
	pages := make([]int32, count)
	for i := range pages {
		pages[i] = int32(i)
	}
	if n := len(ids) * C; cap(e.hidden) < n {
		e.hidden = make([]float32, n)
	}
	b := nn.Batch{Tokens: ids, Seqs: []nn.Span{{Len: len(ids), Pages: pages}}, Hidden: e.hidden[:len(ids)*C]}
	if err := e.net.Step(&b); err != nil {
		return nil, err
	}
	return unit(pool(b.Hidden, len(ids), C, e.pooling)), nil
}

// pool makes one vector (C) of hidden states (T, C).
func pool(hidden []float32, T, C int, how model.Pooling) []float64 {
	v := make([]float64, C)
	switch how {
	case model.PoolFirst:
		widen(v, hidden[:C])
	case model.PoolLast:
		widen(v, hidden[(T-1)*C:T*C])
	default:
		for t := range T {
			for c, x := range hidden[t*C : (t+1)*C] {
				v[c] += float64(x)
			}
		}
		for c := range v {
			v[c] /= float64(T)
		}
	}
	return v
}

func widen(dst []float64, src []float32) {
	for i, x := range src {
		dst[i] = float64(x)
	}
}

// unit scales v to length 1; a zero vector stays zero.
func unit(v []float64) []float32 {
	var sum float64
	for _, x := range v {
		sum += x * x
	}
	norm := 1 / math.Sqrt(sum)
	if sum == 0 {
		norm = 0
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x * norm)
	}
	return out
}
