package httpapi

import (
	"context"
	"net/http"
	"strings"

	"malmoi/internal/httpapi/ollama"
	"malmoi/internal/httpapi/wire"
)

func (s *Server) ollamaEmbed(w http.ResponseWriter, r *http.Request) error {
	start := s.opt.Now()
	asked, texts, err := decodePair(s, w, r, ollama.DecodeEmbed)
	if err != nil {
		return err
	}
	m, release, err := s.embedder(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	out := ollama.Embeddings{Model: callOf(r).model, Embeddings: [][]float32{}, LoadDuration: s.opt.Now().Sub(start)}
	if len(texts) > 0 {
		if out.Embeddings, out.PromptEvalCount, err = m.Embed(r.Context(), texts); err != nil {
			return err
		}
	}
	out.TotalDuration = s.opt.Now().Sub(start)
	return s.writeJSON(w, http.StatusOK, out)
}

func (s *Server) ollamaEmbedding(w http.ResponseWriter, r *http.Request) error {
	asked, err := decodeBody(s, w, r, ollama.DecodeEmbedding)
	if err != nil {
		return err
	}
	m, release, err := s.embedder(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	if asked.Prompt == "" { // only to load the model
		return s.writeJSON(w, http.StatusOK, ollama.OneEmbedding{Embedding: []float32{}})
	}
	vectors, _, err := m.Embed(r.Context(), []string{asked.Prompt})
	if err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, ollama.OneEmbedding{Embedding: vectors[0]})
}

func (s *Server) ollamaTags(w http.ResponseWriter, r *http.Request) error {
	return s.writeJSON(w, http.StatusOK, ollama.Tags(s.offered()))
}

func (s *Server) ollamaRunning(w http.ResponseWriter, r *http.Request) error {
	return s.writeJSON(w, http.StatusOK, ollama.Running(s.models.List(), s.opt.Now()))
}

func (s *Server) ollamaShow(w http.ResponseWriter, r *http.Request) error {
	asked, err := decodeBody(s, w, r, ollama.DecodeNamed)
	if err != nil {
		return err
	}
	name := s.localName(asked.Model)
	for _, i := range s.models.List() {
		if i.Name == name {
			return s.writeJSON(w, http.StatusOK, ollama.NewShow(i))
		}
	}
	return unknownModel(asked.Model)
}

func (s *Server) ollamaVersion(w http.ResponseWriter, r *http.Request) error {
	return s.writeJSON(w, http.StatusOK, ollama.Version{Version: s.opt.Version})
}

// Puller fetches a model by its catalogue name. progress is told how many
// bytes of how many are there.
type Puller func(ctx context.Context, name string, progress func(done, total int64)) error

// ollamaPull is POST /api/pull. Only names of the catalogue are taken: what a
// client sends must not make the server fetch any address.
func (s *Server) ollamaPull(w http.ResponseWriter, r *http.Request) error {
	asked, err := decodeBody(s, w, r, ollama.DecodeNamed)
	if err != nil {
		return err
	}
	if s.opt.Pull == nil {
		return forbidden("pull_not_allowed", "this server does not fetch models for clients; use 'malmoi pull' where it runs")
	}
	name := strings.TrimSuffix(asked.Model, ":latest")
	if asked.Stream != nil && !*asked.Stream {
		if err := s.opt.Pull(r.Context(), name, func(int64, int64) {}); err != nil {
			return wire.Invalid("model", "%s", clean(err))
		}
		return s.writeJSON(w, http.StatusOK, ollama.Progress{Status: "success"})
	}
	out := s.lines(w)
	if err := out.send(ollama.Progress{Status: "pulling manifest"}); err != nil {
		return gone(err)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	err = s.opt.Pull(ctx, name, func(done, total int64) {
		if out.send(ollama.Progress{Status: "pulling " + name, Digest: name, Total: total, Completed: done}) != nil {
			cancel()
		}
	})
	if err != nil {
		out.send(ollama.Error{Error: clean(err)})
		return err
	}
	return out.send(ollama.Progress{Status: "success"})
}
