package upstream

import (
	"cmp"
	"slices"
	"time"

	"malmoi/internal/llm"
)

// bytesPerToken guesses at the tokens of a prompt where the server counts
// nothing; Korean has about as many bytes per token as English has characters.
const bytesPerToken = 4

// counts are the tokens of an answer so far. Where the server does not say, the
// prompt is guessed from its bytes and the answer from its events.
func (a *assembler) counts(promptBytes int, prefill, decode time.Duration) llm.Usage {
	u := llm.Usage{Prefill: prefill, Decode: decode}
	if a.usage == nil {
		u.PromptTokens = (promptBytes + bytesPerToken - 1) / bytesPerToken
		u.CompletionTokens = a.pieces
		return u
	}
	u.PromptTokens = max(0, a.usage.Prompt)
	u.CompletionTokens = max(0, a.usage.Completion)
	if i := a.usage.PromptInfo; i != nil {
		u.CachedTokens = min(max(0, i.Cached), u.PromptTokens)
	}
	if i := a.usage.CompletionInfo; i != nil {
		u.ReasoningTokens = min(max(0, i.Reasoning), u.CompletionTokens)
	}
	return u
}

// sortTop puts the likeliest first; a map has no order.
func sortTop(top []llm.TokenLogProb) {
	slices.SortFunc(top, func(a, b llm.TokenLogProb) int {
		return cmp.Or(cmp.Compare(b.LogProb, a.LogProb), cmp.Compare(string(a.Bytes), string(b.Bytes)))
	})
}
