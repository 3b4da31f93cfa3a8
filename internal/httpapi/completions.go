package httpapi

import (
	"context"
	"net/http"

	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// completions is POST /v1/completions.
func (s *Server) completions(w http.ResponseWriter, r *http.Request) error {
	asked, requests, err := decodePair(s, w, r, openai.DecodeCompletion)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	st, err := complete(r.Context(), m, requests)
	if err != nil {
		return err
	}
	head := openai.ReplyHead{ID: newID("cmpl-"), Created: s.opt.Now().Unix(), Model: callOf(r).model}
	reply := openai.NewCompletionReply(head, len(requests)*requests[0].N, asked.IncludeUsage())
	if asked.Stream {
		return streamChunks(s, w, r, st, reply, asked.IncludeUsage())
	}
	add := func(e llm.Event) error { reply.Add(e); return nil }
	if err := s.follow(r.Context(), st, add, noIdle); err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, reply.Response(st.Usage()))
}

func complete(ctx context.Context, m llm.Generator, requests []llm.CompletionRequest) (llm.Stream, error) {
	if len(requests) == 1 {
		return m.Complete(ctx, requests[0])
	}
	return completeAll(ctx, m, requests), nil
}
