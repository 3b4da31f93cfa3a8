package httpapi

import (
	"context"
	"sync"

	"malmoi/internal/account"
	"malmoi/internal/llm"
)

// Meter decides whether somebody may use more today and hears what was used.
type Meter interface {
	// Admit must return a *account.QuotaError if p has spent what may be spent.
	Admit(ctx context.Context, p account.Principal) error
	// Record is called once for each Admit that returned nil.
	Record(ctx context.Context, p account.Principal, spend account.Spend) error
}

// bill adds up what the models do for one request. A request that lets a model
// work is admitted once, whatever number of prompts it holds.
type bill struct {
	meter Meter
	who   account.Principal

	mu       sync.Mutex
	admitted bool
	spend    account.Spend
}

func (b *bill) admit(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.meter == nil || b.admitted {
		return nil
	}
	if err := b.meter.Admit(ctx, b.who); err != nil {
		return err
	}
	b.admitted = true
	return nil
}

func (b *bill) add(model string, u llm.Usage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spend.Model = model
	b.spend.PromptTokens += int64(u.PromptTokens)
	b.spend.CachedTokens += int64(u.CachedTokens)
	b.spend.CompletionTokens += int64(u.CompletionTokens)
	b.spend.Busy += u.Prefill + u.Decode
}

// settle hands the bill in, also when the client is gone.
func (s *Server) settle(ctx context.Context, c *call) {
	b := c.bill
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.admitted {
		return
	}
	if err := b.meter.Record(context.WithoutCancel(ctx), b.who, b.spend); err != nil {
		s.opt.Log.Error("what a request used could not be recorded", "id", c.ID, "error", err)
	}
}

// counted is a model whose work is put on a bill.
type counted struct {
	llm.Generator
	bill *bill
}

// Chat implements llm.Generator.
func (m counted) Chat(ctx context.Context, r llm.ChatRequest) (llm.Stream, error) {
	if err := m.bill.admit(ctx); err != nil {
		return nil, err
	}
	return m.open(m.Generator.Chat(ctx, r))
}

// Complete implements llm.Generator.
func (m counted) Complete(ctx context.Context, r llm.CompletionRequest) (llm.Stream, error) {
	if err := m.bill.admit(ctx); err != nil {
		return nil, err
	}
	return m.open(m.Generator.Complete(ctx, r))
}

// Embed implements llm.Generator.
func (m counted) Embed(ctx context.Context, texts []string) ([][]float32, int, error) {
	if err := m.bill.admit(ctx); err != nil {
		return nil, 0, err
	}
	vectors, tokens, err := m.Generator.Embed(ctx, texts)
	m.bill.add(m.Info().Name, llm.Usage{PromptTokens: tokens})
	return vectors, tokens, err
}

func (m counted) open(st llm.Stream, err error) (llm.Stream, error) {
	if err != nil {
		return nil, err
	}
	return &countedStream{Stream: st, model: m}, nil
}

// countedStream counts when it is closed: then nothing is added any more, and
// an answer that was cut short has still cost what it did.
type countedStream struct {
	llm.Stream
	model counted
	once  sync.Once
}

// Close implements llm.Stream.
func (s *countedStream) Close() error {
	err := s.Stream.Close()
	s.once.Do(func() { s.model.bill.add(s.model.Info().Name, s.Usage()) })
	return err
}
