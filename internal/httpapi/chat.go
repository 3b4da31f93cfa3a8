package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// chatCompletions is POST /v1/chat/completions.
func (s *Server) chatCompletions(w http.ResponseWriter, r *http.Request) error {
	asked, request, err := decodePair(s, w, r, openai.DecodeChat)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	st, err := m.Chat(llm.WithConversation(r.Context(), asked.PromptCacheKey), request)
	if err != nil {
		return err
	}
	head := openai.ReplyHead{ID: newID("chatcmpl-"), Created: s.opt.Now().Unix(), Model: callOf(r).model}
	if asked.Stream {
		chunks := openai.NewChatStream(head, request.N, asked.IncludeUsage())
		return streamChunks(s, w, r, st, chunks, asked.IncludeUsage())
	}
	reply := openai.NewChatReply(head, request.N)
	add := func(e llm.Event) error { reply.Add(e); return nil }
	if err := s.follow(r.Context(), st, add, noIdle); err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, reply.Response(st.Usage(), request.LogProbs))
}
