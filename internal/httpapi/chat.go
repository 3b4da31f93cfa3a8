package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// chatCompletions is POST /v1/chat/completions.
func (s *Server) chatCompletions(w http.ResponseWriter, r *http.Request) {
	body, err := s.readBody(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	asked, request, err := openai.DecodeChat(body)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body = nil // the messages are copied; do not hold the bytes while generating
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer release()
	st, err := m.Chat(r.Context(), request)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	head := openai.ReplyHead{ID: newID("chatcmpl-"), Created: s.opt.Now().Unix(), Model: callOf(r).model}
	if asked.Stream {
		s.streamChat(w, r, st, openai.NewChatStream(head, request.N, asked.IncludeUsage()), asked.IncludeUsage())
		return
	}
	reply := openai.NewChatReply(head, request.N)
	add := func(e llm.Event) error { reply.Add(e); return nil }
	if err := s.follow(r.Context(), st, add, noIdle); err != nil {
		s.fail(w, r, err)
		return
	}
	s.writeJSON(w, http.StatusOK, reply.Response(st.Usage(), request.LogProbs))
}

func (s *Server) streamChat(w http.ResponseWriter, r *http.Request, st llm.Stream, chunks *openai.ChatStream, usage bool) {
	out := s.events(w)
	take := func(e llm.Event) error {
		for _, c := range chunks.Chunks(e) {
			if err := out.send("", c); err != nil {
				return err
			}
		}
		return nil
	}
	idle := func() error { return out.comment("waiting") }
	err := s.follow(r.Context(), st, take, idle)
	if err == nil && usage {
		err = out.send("", chunks.UsageChunk(st.Usage()))
	}
	s.endStream(r, out, err)
}

// endStream closes an OpenAI stream: an error becomes an error event, or a
// plain error answer if nothing has been sent; [DONE] comes last either way.
func (s *Server) endStream(r *http.Request, out *eventWriter, err error) {
	if err != nil {
		if !out.begun {
			s.fail(out.w, r, err)
			return
		}
		e := wireError(err)
		if e.Status == statusGone {
			return // nobody is left to read it
		}
		if e.Status >= 500 {
			callOf(r).failure = err
		}
		if out.send("", openai.NewError(e)) != nil {
			return
		}
	}
	out.raw("", []byte("[DONE]"))
}
