package chat

import (
	"context"
	"strings"
	"sync"
	"testing"
)

// conversation is a long chat with a tool.
func conversation() Request {
	r := Request{Tools: testTools, AddGenerationPrompt: true, Messages: []Message{{Role: "system", Content: strings.Repeat("규칙을 지켜라. ", 100)}}}
	for range 20 {
		r.Messages = append(r.Messages, Message{Role: "user", Content: strings.Repeat("질문 ", 50)}, Message{Role: "assistant", Content: strings.Repeat("대답입니다. ", 100)})
	}
	return r
}

func BenchmarkRender(b *testing.B) {
	src, err := Builtin("chatml")
	if err != nil {
		b.Fatal(err)
	}
	tpl, err := NewTemplate(src, Options{Now: pinned})
	if err != nil {
		b.Fatal(err)
	}
	r := conversation()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tpl.Render(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewTemplate(b *testing.B) {
	src, err := Builtin("chatml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := NewTemplate(src, Options{Now: pinned}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestConcurrentRender: one template serves many requests at once.
func TestConcurrentRender(t *testing.T) {
	tpl := builtin(t, "chatml")
	want, err := tpl.Render(context.Background(), conversation())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := tpl.Render(context.Background(), conversation())
			if err != nil || Text(got) != Text(want) {
				t.Errorf("another result: %v", err)
			}
		})
	}
	wg.Wait()
}
