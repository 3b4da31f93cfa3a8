package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/clova"
	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// embeddings is POST /v1/embeddings.
func (s *Server) embeddings(w http.ResponseWriter, r *http.Request) error {
	asked, inputs, err := decodePair(s, w, r, openai.DecodeEmbedding)
	if err != nil {
		return err
	}
	if clova.EmbeddingName(asked.Model) {
		// Its clients always send the 1,024 of NAVER's models; the model that
		// stands in has vectors of its own length.
		asked.Dimensions = nil
	}
	m, release, err := s.embedder(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	texts := make([]string, len(inputs))
	for i, in := range inputs {
		texts[i] = in.Text
		if in.IDs != nil && m.Info().Remote {
			return llm.ErrNoTokens
		}
		if in.IDs != nil {
			texts[i] = m.Detokenize(in.IDs)
		}
	}
	vectors, tokens, err := m.Embed(r.Context(), texts)
	if err != nil {
		return err
	}
	answer, err := asked.Response(callOf(r).model, vectors, tokens)
	if err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, answer)
}
