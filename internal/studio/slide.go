package studio

import (
	"slices"

	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

// Slide drops the oldest turns until the rest and an answer of room tokens fit
// into the model's context. System turns stay, and so does the last turn; if
// even they do not fit, the error is a *llm.ContextError.
func Slide(m llm.Generator, turns []chat.Message, room int) ([]chat.Message, error) {
	turns = slices.Clone(turns)
	limit := m.Info().Context
	for {
		n, err := m.CountTokens(llm.ChatRequest{Messages: turns})
		if err != nil {
			return nil, err
		}
		if n+room <= limit {
			return turns, nil
		}
		i := slices.IndexFunc(turns, func(t chat.Message) bool { return t.Role != "system" })
		if i < 0 || i >= len(turns)-1 {
			return nil, &llm.ContextError{Prompt: n, Max: room, Limit: limit}
		}
		end := i + 1
		for end < len(turns)-1 && turns[end].Role != "user" {
			end++ // an answer without its question says little
		}
		turns = slices.Delete(turns, i, end)
	}
}
