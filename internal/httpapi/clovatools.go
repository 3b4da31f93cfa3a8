package httpapi

import (
	"context"
	"net/http"
	"strings"

	"malmoi/internal/httpapi/clova"
	"malmoi/internal/llm"
	"malmoi/internal/studio"
)

// embedder finds the model that makes vectors: the named one, else the first
// that is installed. release must be called when the vectors are made.
func (s *Server) embedder(ctx context.Context, c *call, name string) (llm.Generator, func(), error) {
	return s.acquire(ctx, c, s.embeddingModel(name))
}

// embeddingModel is the local model behind CLOVA Studio's names. Its path
// embedding/v2 is the model bge-m3.
func (s *Server) embeddingModel(name string) string {
	if name == "v2" {
		name = clova.EmbeddingV2
	}
	if to, ok := s.configured(name); ok {
		return to
	}
	name = strings.TrimSuffix(name, ollamaTag)
	first := ""
	for _, m := range s.models.List() {
		if m.Name == name {
			return name
		}
		if m.Embedding && first == "" {
			first = m.Name
		}
	}
	if first == "" || name != "" && !clova.EmbeddingName(name) {
		return name
	}
	return first
}

// vectorsIfAny is how the text tools get vectors. Without an embedding model
// they count syllable pairs, so a missing one is no error. The model is in
// memory only while it works: beside the chat model there may be no room.
func (s *Server) vectorsIfAny(c *call) studio.Embedder {
	name := s.embeddingModel("")
	if name == "" {
		return nil
	}
	return func(ctx context.Context, texts []string) ([][]float32, int, error) {
		m, release, err := s.acquire(ctx, c.beside(), name)
		if err != nil {
			return nil, 0, err
		}
		defer release()
		return m.Embed(ctx, texts)
	}
}

// embedText decodes a text for an embedding model.
func embedText(body []byte) (string, error) { return clova.DecodeText(body, clova.MaxEmbedText) }

func (s *Server) clovaEmbedding(w http.ResponseWriter, r *http.Request) error {
	text, err := decodeBody(s, w, r, embedText)
	if err != nil {
		return err
	}
	m, release, err := s.embedder(r.Context(), callOf(r), r.PathValue("model"))
	if err != nil {
		return err
	}
	defer release()
	vectors, tokens, err := m.Embed(r.Context(), []string{text})
	if err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(clova.Embedding{Embedding: vectors[0], InputTokens: tokens}))
}

func (s *Server) clovaEmbeddingTokens(w http.ResponseWriter, r *http.Request) error {
	return s.countText(w, r, func(c *call) (llm.Generator, func(), error) { return s.embedder(r.Context(), c, "v2") }, true)
}

func (s *Server) clovaTokens(w http.ResponseWriter, r *http.Request) error {
	return s.countText(w, r, func(c *call) (llm.Generator, func(), error) {
		return s.acquire(r.Context(), c, r.PathValue("model"))
	}, false)
}

func (s *Server) countText(w http.ResponseWriter, r *http.Request, get func(*call) (llm.Generator, func(), error), ends bool) error {
	text, err := decodeBody(s, w, r, embedText)
	if err != nil {
		return err
	}
	m, release, err := get(callOf(r))
	if err != nil {
		return err
	}
	defer release()
	if m.Info().Remote {
		return llm.ErrNoTokens
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(clova.NumTokens{NumTokens: len(m.Tokenize(text, false, ends))}))
}

func (s *Server) clovaChatTokens(w http.ResponseWriter, r *http.Request) error {
	turns, err := decodeBody(s, w, r, clova.DecodeTurns)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), r.PathValue("model"))
	if err != nil {
		return err
	}
	defer release()
	if m.Info().Remote {
		return llm.ErrNoTokens
	}
	out := clova.CountedMessages{Messages: []clova.CountedMessage{}}
	for _, t := range turns {
		out.Messages = append(out.Messages, clova.CountedMessage{Role: t.Role, Content: t.Content, Count: len(m.Tokenize(t.Content, false, false))})
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(out))
}

func (s *Server) clovaSliding(w http.ResponseWriter, r *http.Request) error {
	turns, room, err := decodePair(s, w, r, clova.DecodeSliding)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), r.PathValue("model"))
	if err != nil {
		return err
	}
	defer release()
	if turns, err = studio.Slide(m, turns, room); err != nil {
		return err
	}
	out := clova.PlainMessages{Messages: []clova.PlainMessage{}}
	for _, t := range turns {
		out.Messages = append(out.Messages, clova.PlainMessage{Role: t.Role, Content: t.Content})
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(out))
}

func (s *Server) clovaSegmentation(w http.ResponseWriter, r *http.Request) error {
	asked, err := decodeBody(s, w, r, clova.DecodeSegmentation)
	if err != nil {
		return err
	}
	o := studio.Segmenting{Alpha: *asked.Alpha, Auto: *asked.Alpha == clova.AutoAlpha, Fit: asked.PostProcess, MinSize: *asked.MinSize, MaxSize: *asked.MaxSize}
	if *asked.Count != clova.AutoCount {
		o.Count = *asked.Count
	}
	found, err := studio.Segment(r.Context(), asked.Text, o, s.vectorsIfAny(callOf(r)))
	if err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(clova.NewSegments(found.Sentences, found.Ends, found.Tokens)))
}

func (s *Server) clovaSummary(w http.ResponseWriter, r *http.Request) error {
	asked, err := decodeBody(s, w, r, clova.DecodeSummary)
	if err != nil {
		return err
	}
	o := studio.Summarising{MinSize: *asked.MinSize, MaxSize: *asked.MaxSize, Whole: !*asked.AutoSplit}
	if *asked.Count > 0 {
		o.Count = *asked.Count
	}
	m, release, err := s.acquire(r.Context(), callOf(r), "")
	if err != nil {
		return err
	}
	defer release()
	// Syllable pairs, not vectors: a second model may not fit beside this one,
	// which is held until the summary is written.
	text, usage, err := studio.Summarise(r.Context(), m, asked.Texts, o, nil)
	if err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(clova.SummaryResult{Text: text, InputTokens: usage.PromptTokens}))
}

func (s *Server) clovaRerank(w http.ResponseWriter, r *http.Request) error {
	asked, err := decodeBody(s, w, r, clova.DecodeRerank)
	if err != nil {
		return err
	}
	passages := make([]studio.Passage, len(asked.Documents))
	for i, d := range asked.Documents {
		passages[i] = studio.Passage{ID: d.ID, Text: d.Doc}
	}
	ranked, err := studio.Rank(r.Context(), asked.Query, passages, s.vectorsIfAny(callOf(r)))
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), "")
	if err != nil {
		return err
	}
	defer release()
	answer, err := studio.AnswerFrom(r.Context(), m, asked.Query, ranked, *asked.MaxTokens)
	if err != nil {
		return err
	}
	out := clova.RerankResult{Result: answer.Text, CitedDocuments: []clova.Document{}, SuggestedQueries: []string{}, Usage: clova.NewUsage(answer.Usage)}
	for _, p := range answer.Cited {
		out.CitedDocuments = append(out.CitedDocuments, clova.Document{ID: p.ID, Doc: p.Text})
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(out))
}
