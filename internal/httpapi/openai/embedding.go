package openai

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"

	"malmoi/internal/httpapi/wire"
)

// MaxInputs bounds the texts of one embedding request.
const MaxInputs = 2048

// EmbeddingRequest is the body of POST /v1/embeddings.
type EmbeddingRequest struct {
	Model          string          `json:"model"`
	Input          json.RawMessage `json:"input"`
	EncodingFormat string          `json:"encoding_format"`
	Dimensions     *int            `json:"dimensions"`
	User           string          `json:"user"`
}

// EmbeddingResponse is the answer.
type EmbeddingResponse struct {
	Object string         `json:"object"` // list
	Data   []Embedding    `json:"data"`
	Model  string         `json:"model"`
	Usage  EmbeddingUsage `json:"usage"`
}

// Embedding is one vector: an array of numbers, or base64 of float32 in little
// endian.
type Embedding struct {
	Object    string `json:"object"` // embedding
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"`
}

// EmbeddingUsage counts what was read.
type EmbeddingUsage struct {
	PromptTokens int `json:"prompt_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

// DecodeEmbedding reads an embedding request.
func DecodeEmbedding(body []byte) (*EmbeddingRequest, []Input, error) {
	var w EmbeddingRequest
	if err := wire.Decode(body, &w); err != nil {
		return nil, nil, err
	}
	switch w.EncodingFormat {
	case "", "float", "base64":
	default:
		return nil, nil, wire.Invalid("encoding_format", "%q is not one of float, base64", wire.Shorten(w.EncodingFormat))
	}
	if w.Dimensions != nil && *w.Dimensions < 1 {
		return nil, nil, wire.Invalid("dimensions", "must be at least 1, got %d", *w.Dimensions)
	}
	inputs, err := Inputs(w.Input, "input", MaxInputs)
	if err != nil {
		return nil, nil, err
	}
	for _, in := range inputs {
		if in.Text == "" && in.IDs == nil {
			return nil, nil, wire.Invalid("input", "a text must not be empty")
		}
	}
	return &w, inputs, nil
}

// Response puts vectors into the answer, shortened to the dimensions asked for.
func (w *EmbeddingRequest) Response(model string, vectors [][]float32, tokens int) (EmbeddingResponse, error) {
	out := EmbeddingResponse{
		Object: "list", Model: model, Data: make([]Embedding, len(vectors)),
		Usage: EmbeddingUsage{PromptTokens: tokens, TotalTokens: tokens},
	}
	for i, v := range vectors {
		if w.Dimensions != nil {
			if *w.Dimensions > len(v) {
				return out, wire.Invalid("dimensions", "the model has %d dimensions, got %d", len(v), *w.Dimensions)
			}
			v = shorten(v, *w.Dimensions)
		}
		out.Data[i] = Embedding{Object: "embedding", Index: i, Embedding: w.encode(v)}
	}
	return out, nil
}

func (w *EmbeddingRequest) encode(v []float32) any {
	if w.EncodingFormat != "base64" {
		return v
	}
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// shorten keeps the first D numbers and makes them unit length again.
func shorten(v []float32, D int) []float32 {
	sum := 0.0
	for _, x := range v[:D] {
		sum += float64(x) * float64(x)
	}
	out := make([]float32, D)
	if sum == 0 {
		return out
	}
	scale := 1 / math.Sqrt(sum)
	for i, x := range v[:D] {
		out[i] = float32(float64(x) * scale)
	}
	return out
}
