package upstream

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"malmoi/internal/llm"
)

// remote is one model of an upstream. It implements llm.Generator.
type remote struct {
	server *Server
	model  string // as the server calls it
	info   llm.Info
	fl     flavour
}

// info describes a model under our name for it.
func (u *Server) info(name string, id modelID) llm.Info {
	i := llm.Info{
		Name: name, Title: id.Title, Family: u.cfg.flavourOf(id), Context: id.MaxLen, Licence: id.Licence,
		Chat: true, Tools: true, Loaded: true, Remote: true, Server: u.name, Masked: u.mask != nil,
		Note: "다른 서버(" + u.name + ")에서 실행됩니다 · runs on another server (" + u.name + ")",
	}
	if i.Title == "" {
		i.Title = id.ID
	}
	if id.Loaded != nil {
		i.Loaded = *id.Loaded
	}
	if id.Created > 0 {
		i.Created = time.Unix(id.Created, 0)
	}
	if m := id.Metadata; m != nil {
		i.Bytes = m.Bytes
		if i.Context == 0 {
			i.Context = m.Context
		}
	}
	if u.cfg.embeds(id.ID) {
		i.Chat, i.Tools, i.Embedding = false, false, true
	}
	return i
}

// Info implements llm.Generator.
func (m *remote) Info() llm.Info { return m.info }

// Chat implements llm.Generator. It returns before the server answers.
func (m *remote) Chat(ctx context.Context, r llm.ChatRequest) (llm.Stream, error) {
	if m.info.Embedding {
		return nil, llm.ErrNoGeneration
	}
	r = m.server.mask.chat(r)
	body, err := chatBody(m.model, m.fl, r)
	if err != nil {
		return nil, err
	}
	key := llm.Conversation(ctx)
	if key == "" {
		key = conversationKey(r)
	}
	return m.server.start(ctx, ask{path: "/chat/completions", model: m.model, key: key, body: body, size: promptBytes(r), n: r.N, stops: r.Stop}), nil
}

func promptBytes(r llm.ChatRequest) int {
	n := 0
	for _, m := range r.Messages {
		n += len(m.Content)
	}
	return n
}

// Complete implements llm.Generator.
func (m *remote) Complete(ctx context.Context, r llm.CompletionRequest) (llm.Stream, error) {
	if m.info.Embedding {
		return nil, llm.ErrNoGeneration
	}
	r.Prompt = m.server.mask.text(r.Prompt)
	body, err := completionBody(m.model, m.fl, r, m.info.Context)
	if err != nil {
		return nil, err
	}
	key := llm.Conversation(ctx)
	if key == "" {
		key = r.Prompt[:min(len(r.Prompt), keyPrefix)]
	}
	return m.server.start(ctx, ask{path: "/completions", model: m.model, key: key, body: body, size: len(r.Prompt) + bytesPerToken*len(r.IDs), n: r.N, stops: r.Stop}), nil
}

// keyPrefix is how much of a prompt tells conversations apart.
const keyPrefix = 256

// maxVectors bounds the answer to a request for embeddings.
const maxVectors = 256 << 20

// Embed implements llm.Generator.
func (m *remote) Embed(ctx context.Context, texts []string) ([][]float32, int, error) {
	if len(texts) == 0 {
		return nil, 0, nil
	}
	sent := make([]string, len(texts))
	for i, text := range texts {
		sent[i] = m.server.mask.text(text)
	}
	body, err := json.Marshal(map[string]any{"model": m.model, "input": sent})
	if err != nil || len(body) > maxBody {
		return nil, 0, fmt.Errorf("%w: the texts have %d bytes, at most %d are sent to another server", llm.ErrBadRequest, len(body), maxBody)
	}
	var w struct {
		Data []struct {
			Index     int    `json:"index"`
			Embedding vector `json:"embedding"`
		} `json:"data"`
		Usage usage `json:"usage"`
	}
	c := m.server.count(m.model)
	c.begin()
	err = m.server.call(ctx, ask{path: "/embeddings", model: m.model, body: body}, maxVectors, &w)
	c.end(err, llm.Usage{PromptTokens: w.Usage.Prompt})
	if err != nil {
		return nil, 0, err
	}
	out := make([][]float32, len(texts))
	for _, d := range w.Data {
		if d.Index < 0 || d.Index >= len(out) || out[d.Index] != nil || len(d.Embedding) == 0 {
			return nil, 0, badAnswer(m.server.name, "vector %d of %d texts", d.Index, len(out))
		}
		out[d.Index] = d.Embedding.unit()
	}
	for i, v := range out {
		if v == nil || len(v) != len(out[0]) {
			return nil, 0, badAnswer(m.server.name, "the vector of text %d is missing or of another length", i)
		}
	}
	return out, max(0, w.Usage.Prompt), nil
}

// vector is an array of numbers, or base64 of float32 in little endian.
type vector []float32

// UnmarshalJSON implements json.Unmarshaler.
func (v *vector) UnmarshalJSON(raw []byte) error {
	if len(raw) == 0 || raw[0] != '"' {
		return json.Unmarshal(raw, (*[]float32)(v))
	}
	b, err := base64.StdEncoding.DecodeString(string(raw[1 : len(raw)-1]))
	if err != nil || len(b)%4 != 0 {
		return fmt.Errorf("not base64 of float32")
	}
	*v = make(vector, len(b)/4)
	for i := range *v {
		(*v)[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return nil
}

// unit scales to length 1; zero, and what is no number, stays as it is.
func (v vector) unit() []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if norm := math.Sqrt(sum); norm > 0 && !math.IsInf(norm, 0) {
		for i := range v {
			v[i] = float32(float64(v[i]) / norm)
		}
	}
	return v
}

// Tokenize implements llm.Generator; the tokens are not known here. Callers
// that show tokens look at Info().Remote first.
func (m *remote) Tokenize(string, bool, bool) []int32 { return nil }

// Detokenize implements llm.Generator; see Tokenize.
func (m *remote) Detokenize([]int32) string { return "" }

// TokenizeChat implements llm.Generator.
func (m *remote) TokenizeChat(llm.ChatRequest) ([]int32, error) { return nil, m.noTokens() }

// CountTokens implements llm.Generator.
func (m *remote) CountTokens(llm.ChatRequest) (int, error) { return 0, m.noTokens() }

func (m *remote) noTokens() error { return fmt.Errorf("model %q: %w", m.info.Name, llm.ErrNoTokens) }

// Stats implements llm.Generator.
func (m *remote) Stats() llm.Stats { return m.server.count(m.model).stats() }

// embeddingNames are words in the names of models that make vectors; no list of
// models says which do.
var embeddingNames = []string{"embed", "bge-", "e5-", "gte-", "minilm", "kure", "koe5", "ko-sroberta", "arctic-embed"}

func embeddingName(model string) bool {
	model = strings.ToLower(model)
	for _, word := range embeddingNames {
		if strings.Contains(model, word) {
			return true
		}
	}
	return false
}
