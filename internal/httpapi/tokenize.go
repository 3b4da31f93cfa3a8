package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// chatTokenizer is a llm.Generator that can show the tokens of a chat prompt
// and not only their number.
type chatTokenizer interface {
	TokenizeChat(r llm.ChatRequest) ([]int32, error)
}

// tokenize is POST /tokenize.
func (s *Server) tokenize(w http.ResponseWriter, r *http.Request) error {
	body, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	asked, chat, err := openai.DecodeTokenize(body)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	answer := openai.TokenizeResponse{MaxModelLen: m.Info().Context}
	if chat == nil {
		answer.Tokens = m.Tokenize(*asked.Prompt, asked.ParseSpecial, asked.AddSpecial())
		answer.Count = len(answer.Tokens)
	} else if err := tokenizeChat(m, *chat, &answer); err != nil {
		return err
	}
	if asked.ReturnTokenStrs {
		answer.TokenStrs = make([]string, len(answer.Tokens))
		for i, id := range answer.Tokens {
			answer.TokenStrs[i] = m.Detokenize([]int32{id})
		}
	}
	return s.writeJSON(w, http.StatusOK, answer)
}

// tokenizeChat leaves Tokens null for a model that can only count.
func tokenizeChat(m llm.Generator, chat llm.ChatRequest, answer *openai.TokenizeResponse) (err error) {
	if t, ok := m.(chatTokenizer); ok {
		answer.Tokens, err = t.TokenizeChat(chat)
		answer.Count = len(answer.Tokens)
		return err
	}
	answer.Count, err = m.CountTokens(chat)
	return err
}

// detokenize is POST /detokenize.
func (s *Server) detokenize(w http.ResponseWriter, r *http.Request) error {
	body, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	asked, ids, err := openai.DecodeDetokenize(body)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	return s.writeJSON(w, http.StatusOK, openai.DetokenizeResponse{Prompt: m.Detokenize(ids)})
}
