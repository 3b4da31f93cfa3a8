package studio

import (
	"context"
	"fmt"
	"strings"

	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
	"malmoi/internal/llm"
)

// Summarising says how a text is summed up. Sizes are in characters.
type Summarising struct {
	Count   int // segments that are summed up apart, 0: as sizes ask for
	MinSize int
	MaxSize int
	Whole   bool // the texts are taken as they are, without splitting
}

// summaryTokens bounds the summary of one segment.
const summaryTokens = 256

const summaryPrompt = "다음 글을 글의 언어로, 원문에 있는 사실만 써서, 짧은 문장의 목록으로 요약하세요. 각 줄은 '- '로 시작합니다. 머리말과 맺음말은 쓰지 마세요."

// Summarise sums up each text, segment by segment, as a list.
func Summarise(ctx context.Context, m llm.Generator, texts []string, o Summarising, embed Embedder) (string, llm.Usage, error) {
	var total llm.Usage
	var parts []string
	for _, text := range texts {
		pieces := []string{text}
		if !o.Whole {
			s, err := Segment(ctx, text, Segmenting{Auto: true, Count: o.Count, MinSize: o.MinSize, MaxSize: o.MaxSize, Fit: o.Count == 0}, embed)
			if err != nil {
				return "", total, err
			}
			pieces = pieces[:0]
			for _, t := range s.Topics() {
				pieces = append(pieces, strings.Join(t, " "))
			}
		}
		for _, piece := range pieces {
			said, u, err := Ask(ctx, m, summaryPrompt, piece, summaryTokens)
			total = total.Plus(u)
			if err != nil {
				return "", total, err
			}
			parts = append(parts, strings.TrimSpace(said))
		}
	}
	return strings.Join(parts, "\n"), total, nil
}

// Ask puts one question to a model, without chance, and returns all it says.
// The model does not think aloud first.
func Ask(ctx context.Context, m llm.Generator, system, user string, tokens int) (string, llm.Usage, error) {
	st, err := m.Chat(ctx, llm.ChatRequest{
		Messages: []chat.Message{{Role: "system", Content: system}, {Role: "user", Content: user}},
		Kwargs:   chat.Thinking(false),
		Params:   llm.Params{N: 1, MaxTokens: tokens, Sampling: sample.Params{RepetitionPenalty: 1.1}},
	})
	if err != nil {
		return "", llm.Usage{}, err
	}
	defer st.Close()
	said, err := llm.ReadContent(ctx, st)
	if err != nil {
		err = fmt.Errorf("studio: %w", err)
	}
	return said, st.Usage(), err
}
