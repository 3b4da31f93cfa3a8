package ollama

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"malmoi/internal/llm"
)

// Details say what kind of model it is.
type Details struct {
	ParentModel       string   `json:"parent_model"`
	Format            string   `json:"format"`
	Family            string   `json:"family"`
	Families          []string `json:"families"`
	ParameterSize     string   `json:"parameter_size"`
	QuantizationLevel string   `json:"quantization_level"`
}

// Model is an entry of /api/tags and /api/ps.
type Model struct {
	Name          string     `json:"name"`
	Model         string     `json:"model"`
	ModifiedAt    *time.Time `json:"modified_at,omitempty"`
	Size          int64      `json:"size"`
	Digest        string     `json:"digest"`
	Details       Details    `json:"details"`
	ExpiresAt     *time.Time `json:"expires_at,omitempty"`
	SizeVRAM      *int64     `json:"size_vram,omitempty"`
	ContextLength int        `json:"context_length,omitempty"`
}

// Models is the answer of /api/tags and /api/ps.
type Models struct {
	Models []Model `json:"models"`
}

// Tags lists what is installed.
func Tags(list []llm.Info) Models {
	out := Models{Models: []Model{}}
	for _, i := range list {
		m := model(i)
		created := i.Created.UTC()
		m.ModifiedAt = &created
		out.Models = append(out.Models, m)
	}
	return out
}

// Running lists what is in memory; nothing is ever in the memory of a GPU.
func Running(list []llm.Info, now time.Time) Models {
	out := Models{Models: []Model{}}
	for _, i := range list {
		if !i.Loaded {
			continue
		}
		m := model(i)
		expires, none := now.Add(time.Hour).UTC(), int64(0)
		m.ExpiresAt, m.SizeVRAM, m.ContextLength = &expires, &none, i.Context
		out.Models = append(out.Models, m)
	}
	return out
}

// model names an entry. The digest is of the name: clients only compare it,
// and the file's own is not known to package llm.
func model(i llm.Info) Model {
	sum := sha256.Sum256([]byte(i.Name))
	return Model{Name: i.Name, Model: i.Name, Size: i.Bytes, Digest: hex.EncodeToString(sum[:]), Details: details(i)}
}

func details(i llm.Info) Details {
	return Details{Format: "gguf", Family: i.Family, Families: []string{i.Family}, ParameterSize: i.Parameters, QuantizationLevel: i.Quant}
}

// Show is the answer of /api/show.
type Show struct {
	License      string         `json:"license"`
	Modelfile    string         `json:"modelfile"`
	Parameters   string         `json:"parameters"`
	Template     string         `json:"template"`
	Details      Details        `json:"details"`
	ModelInfo    map[string]any `json:"model_info"`
	Capabilities []string       `json:"capabilities"`
	ModifiedAt   time.Time      `json:"modified_at"`
}

// NewShow describes one model.
func NewShow(i llm.Info) Show {
	s := Show{
		License: i.Licence, Details: details(i), ModifiedAt: i.Created.UTC(), Capabilities: []string{},
		ModelInfo: map[string]any{"general.architecture": i.Family, "general.basename": i.Title, i.Family + ".context_length": i.Context},
	}
	for _, c := range []struct {
		has  bool
		name string
	}{{i.Chat || !i.Embedding, "completion"}, {i.Tools, "tools"}, {i.Reasoning, "thinking"}, {i.Embedding, "embedding"}} {
		if c.has {
			s.Capabilities = append(s.Capabilities, c.name)
		}
	}
	return s
}

// Embeddings is the answer of /api/embed.
type Embeddings struct {
	Model           string        `json:"model"`
	Embeddings      [][]float32   `json:"embeddings"`
	TotalDuration   time.Duration `json:"total_duration"`
	LoadDuration    time.Duration `json:"load_duration"`
	PromptEvalCount int           `json:"prompt_eval_count"`
}

// OneEmbedding is the answer of the older /api/embeddings.
type OneEmbedding struct {
	Embedding []float32 `json:"embedding"`
}

// Progress is a line of /api/pull. Sizes are in bytes.
type Progress struct {
	Status    string `json:"status"`
	Digest    string `json:"digest,omitempty"`
	Total     int64  `json:"total,omitempty"`
	Completed int64  `json:"completed,omitempty"`
}

// Error is how every failure is told.
type Error struct {
	Error string `json:"error"`
}

// Version is the answer of /api/version. Clients look for features by it.
type Version struct {
	Version string `json:"version"`
}
