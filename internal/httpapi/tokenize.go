package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// tokenize is POST /tokenize.
func (s *Server) tokenize(w http.ResponseWriter, r *http.Request) error {
	asked, chat, err := decodePair(s, w, r, openai.DecodeTokenize)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	if m.Info().Remote {
		return llm.ErrNoTokens
	}
	answer := openai.TokenizeResponse{MaxModelLen: m.Info().Context}
	if chat == nil {
		answer.Tokens = m.Tokenize(*asked.Prompt, asked.ParseSpecial, asked.AddSpecial())
	} else if answer.Tokens, err = m.TokenizeChat(*chat); err != nil {
		return err
	}
	answer.Count = len(answer.Tokens)
	if asked.ReturnTokenStrs {
		answer.TokenStrs = make([]string, len(answer.Tokens))
		for i, id := range answer.Tokens {
			answer.TokenStrs[i] = m.Detokenize([]int32{id})
		}
	}
	return s.writeJSON(w, http.StatusOK, answer)
}

// detokenize is POST /detokenize.
func (s *Server) detokenize(w http.ResponseWriter, r *http.Request) error {
	asked, ids, err := decodePair(s, w, r, openai.DecodeDetokenize)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	if m.Info().Remote {
		return llm.ErrNoTokens
	}
	return s.writeJSON(w, http.StatusOK, openai.DetokenizeResponse{Prompt: m.Detokenize(ids)})
}
