package openai

import "malmoi/internal/llm"

// Usage counts the tokens of a request.
type Usage struct {
	PromptTokens     int               `json:"prompt_tokens"`
	CompletionTokens int               `json:"completion_tokens"`
	TotalTokens      int               `json:"total_tokens"`
	PromptDetails    PromptDetails     `json:"prompt_tokens_details"`
	CompletionDetail CompletionDetails `json:"completion_tokens_details"`
}

// PromptDetails says how much of the prompt was not computed again.
type PromptDetails struct {
	CachedTokens int `json:"cached_tokens"`
}

// CompletionDetails says how much of the answer was thinking.
type CompletionDetails struct {
	ReasoningTokens int `json:"reasoning_tokens"`
}

// NewUsage puts a finished stream's counts into OpenAI's shape.
func NewUsage(u llm.Usage) *Usage {
	return &Usage{
		PromptTokens:     u.PromptTokens,
		CompletionTokens: u.CompletionTokens,
		TotalTokens:      u.PromptTokens + u.CompletionTokens,
		PromptDetails:    PromptDetails{CachedTokens: u.CachedTokens},
		CompletionDetail: CompletionDetails{ReasoningTokens: u.ReasoningTokens},
	}
}
