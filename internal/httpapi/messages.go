package httpapi

import (
	"errors"
	"net/http"

	"malmoi/internal/httpapi/anthropic"
	"malmoi/internal/llm"
)

// messages is POST /v1/messages, in Anthropic's dialect.
func (s *Server) messages(w http.ResponseWriter, r *http.Request) error {
	asked, request, err := decodePair(s, w, r, anthropic.Decode)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	tokens, err := m.CountTokens(request)
	if err != nil && !errors.Is(err, llm.ErrNoTokens) { // another server counts at the end
		return err
	}
	st, err := m.Chat(r.Context(), request)
	if err != nil {
		return err
	}
	answer := anthropic.NewStream(newID("msg_"), callOf(r).model, tokens)
	if asked.Stream {
		return s.streamMessage(w, r, st, answer)
	}
	add := func(e llm.Event) error { answer.Add(e); return nil }
	if err := s.follow(r.Context(), st, add, noIdle); err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, answer.Reply(st.Usage()))
}

func (s *Server) streamMessage(w http.ResponseWriter, r *http.Request, st llm.Stream, answer *anthropic.Stream) error {
	out := s.events(w)
	sendAll := func(events ...anthropic.Event) error {
		for _, e := range events {
			if err := out.send(e.Name, e.Data); err != nil {
				return err
			}
		}
		return nil
	}
	start := func() error {
		if out.Begun() {
			return nil
		}
		return sendAll(answer.Start(), anthropic.Ping())
	}
	take := func(e llm.Event) error {
		if err := start(); err != nil {
			return err
		}
		return sendAll(answer.Add(e)...)
	}
	idle := func() error {
		if err := start(); err != nil {
			return err
		}
		return sendAll(anthropic.Ping())
	}
	err := s.follow(r.Context(), st, take, idle)
	if err == nil {
		if err = start(); err == nil { // an answer without any event
			err = sendAll(answer.End(st.Usage())...)
		}
		return err
	}
	if e := wireError(err); out.Begun() && e.Status != statusGone {
		out.send("error", anthropic.NewError(e, callOf(r).ID))
	}
	return err
}

// countTokens is POST /v1/messages/count_tokens.
func (s *Server) countTokens(w http.ResponseWriter, r *http.Request) error {
	asked, request, err := decodePair(s, w, r, anthropic.DecodeCount)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	n, err := m.CountTokens(request)
	if err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, anthropic.CountResponse{InputTokens: n})
}
