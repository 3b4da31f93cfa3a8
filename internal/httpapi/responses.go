package httpapi

import (
	"fmt"
	"net/http"
	"slices"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/openai"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// responses is POST /v1/responses.
func (s *Server) responses(w http.ResponseWriter, r *http.Request) error {
	asked, request, err := decodePair(s, w, r, openai.DecodeResponse)
	if err != nil {
		return err
	}
	before, err := s.turnsBefore(asked, callOf(r).owner)
	if err != nil {
		return err
	}
	turns := slices.Concat(before, request.Messages)
	request.Messages = slices.Concat(asked.System(), turns)
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	st, err := m.Chat(r.Context(), request)
	if err != nil {
		return err
	}
	head := openai.ReplyHead{ID: newID("resp_"), Created: s.opt.Now().Unix(), Model: callOf(r).model}
	answer := openai.NewResponseStream(head, asked, &request.Params)
	// The response is stored before its end is told: a client may refer to it
	// at once.
	end := func() ([]openai.ResponseEvent, error) {
		events := answer.End(st.Usage(), s.opt.Now().Unix())
		if !asked.Keep() {
			return events, nil
		}
		return events, s.keep(answer, turns, callOf(r).owner)
	}
	if asked.Stream {
		return s.streamResponse(w, r, st, answer, end)
	}
	if err := s.follow(r.Context(), st, func(e llm.Event) error { answer.Add(e); return nil }, noIdle); err != nil {
		return err
	}
	if _, err := end(); err != nil {
		return err
	}
	return s.writeJSON(w, http.StatusOK, answer.Response())
}

func (s *Server) streamResponse(w http.ResponseWriter, r *http.Request, st llm.Stream, answer *openai.ResponseStream, end func() ([]openai.ResponseEvent, error)) error {
	out := s.events(w)
	sendAll := func(events []openai.ResponseEvent) error {
		for _, e := range events {
			if err := out.send(e.Type, e); err != nil {
				return err
			}
		}
		return nil
	}
	start := func() error {
		if out.Begun() {
			return nil
		}
		return sendAll(answer.Start())
	}
	take := func(e llm.Event) error {
		if err := start(); err != nil {
			return err
		}
		return sendAll(answer.Add(e))
	}
	idle := func() error {
		if err := start(); err != nil {
			return err
		}
		return out.comment("waiting")
	}
	err := s.follow(r.Context(), st, take, idle)
	if err == nil {
		err = start() // an answer may have had no event
	}
	if err == nil {
		var last []openai.ResponseEvent
		if last, err = end(); err == nil {
			return sendAll(last)
		}
	}
	if e := wireError(err); out.Begun() && e.Status != statusGone {
		sendAll(answer.Fail(e))
	}
	return err
}

// turnsBefore is the conversation that previous_response_id names.
func (s *Server) turnsBefore(asked *openai.ResponseRequest, o owner) ([]chat.Message, error) {
	if asked.PreviousResponseID == nil || *asked.PreviousResponseID == "" {
		return nil, nil
	}
	k, ok := s.history.get(*asked.PreviousResponseID, o)
	if !ok {
		e := wire.Invalid("previous_response_id", "response %q is not stored here any more; send the whole conversation as input", wire.Shorten(*asked.PreviousResponseID))
		e.Code = "previous_response_not_found"
		return nil, e
	}
	return k.turns, nil
}

func (s *Server) keep(answer *openai.ResponseStream, turns []chat.Message, o owner) error {
	body, err := encode(answer.Response())
	if err != nil {
		return fmt.Errorf("httpapi: encode response: %w", err)
	}
	s.history.put(&kept{
		id: answer.Response().ID, owner: o, body: body,
		turns: slices.Concat(turns, []chat.Message{answer.Turn()}),
	})
	return nil
}

// getResponse is GET /v1/responses/{id}.
func (s *Server) getResponse(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("stream") == "true" {
		return wire.Unsupported("stream", "a finished response cannot be streamed again")
	}
	k, ok := s.history.get(r.PathValue("id"), callOf(r).owner)
	if !ok {
		return noResponse(r)
	}
	return s.writeRaw(w, http.StatusOK, k.body)
}

// deletedBody is the answer of DELETE /v1/responses/{id}.
type deletedBody struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

func (s *Server) deleteResponse(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if !s.history.remove(id, callOf(r).owner) {
		return noResponse(r)
	}
	return s.writeJSON(w, http.StatusOK, deletedBody{id, "response", true})
}

func noResponse(r *http.Request) error {
	return &wire.Error{
		Status: http.StatusNotFound, Type: wire.TypeInvalid, Code: "response_not_found", Param: "id",
		Message: fmt.Sprintf("there is no response %q", wire.Shorten(r.PathValue("id"))),
	}
}
