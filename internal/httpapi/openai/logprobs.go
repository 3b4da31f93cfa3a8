package openai

import (
	"math"
	"strings"

	"malmoi/internal/llm"
)

// LogProbs are the log probabilities of a chat choice.
type LogProbs struct {
	Content []TokenLogProb `json:"content"`
	Refusal []TokenLogProb `json:"refusal"` // always null
}

// TokenLogProb is a token that was taken, with the likeliest alternatives.
type TokenLogProb struct {
	TopLogProb
	Top []TopLogProb `json:"top_logprobs"`
}

// TopLogProb is a token with its probability. Token is the bytes as text, with
// U+FFFD where they are part of a character only; Bytes are exact.
type TopLogProb struct {
	Token   string  `json:"token"`
	LogProb float64 `json:"logprob"`
	Bytes   []int   `json:"bytes"`
}

func tokenLogProbs(in []llm.ChosenLogProb) []TokenLogProb {
	out := make([]TokenLogProb, len(in))
	for i, c := range in {
		out[i] = TokenLogProb{TopLogProb: topLogProb(c.TokenLogProb), Top: make([]TopLogProb, len(c.Top))}
		for j, t := range c.Top {
			out[i].Top[j] = topLogProb(t)
		}
	}
	return out
}

func topLogProb(t llm.TokenLogProb) TopLogProb {
	ints := make([]int, len(t.Bytes))
	for i, b := range t.Bytes {
		ints[i] = int(b)
	}
	return TopLogProb{Token: tokenText(t.Bytes), LogProb: finite(t.LogProb), Bytes: ints}
}

func tokenText(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// lowest stands for the logarithm of zero, which JSON cannot write; OpenAI
// prints the same number.
const lowest = -9999

// finite is a log probability that JSON can write.
func finite(p float32) float64 {
	v := float64(p)
	if math.IsNaN(v) || v < lowest {
		return lowest
	}
	return v
}
