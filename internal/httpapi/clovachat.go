package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/clova"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
	"malmoi/internal/safety"
)

// clovaRoutes are CLOVA Studio's paths. A trained task is a model under its
// own name here.
func (s *Server) clovaRoutes(add func(string, access, action)) {
	v1 := s.clovaChat(clova.V1, clova.DecodeChatV1)
	v3 := s.clovaChat(clova.V3, clova.DecodeChatV3)
	add("POST /v1/chat-completions/{model}", worked, v1)
	add("POST /v1/tasks/{model}/chat-completions", worked, v1)
	add("POST /v2/tasks/{model}/chat-completions", worked, v1)
	add("POST /v3/chat-completions/{model}", worked, v3)
	add("POST /v3/tasks/{model}/chat-completions", worked, v3)
	add("POST /v1/completions/{model}", worked, s.clovaCompletion)
	add("POST /v1/api-tools/rag-reasoning", worked, s.clovaChat(clova.V3, clova.DecodeReasoning))

	add("POST /v1/api-tools/embedding/{model}", worked, s.clovaEmbedding)
	add("POST /v1/api-tools/embedding/v2/tokenize", worked, s.clovaEmbeddingTokens)
	add("POST /v1/api-tools/tokenize/{model}", worked, s.clovaTokens)
	add("POST /v1/api-tools/chat-tokenize/{model}", worked, s.clovaChatTokens)
	add("POST /v3/api-tools/chat-tokenize/{model}", worked, s.clovaChatTokens)
	add("POST /v1/api-tools/sliding/chat-messages/{model}", worked, s.clovaSliding)
	add("POST /v1/api-tools/segmentation", worked, s.clovaSegmentation)
	add("POST /v1/api-tools/summarization/v2", worked, s.clovaSummary)
	add("POST /v1/api-tools/reranker", worked, s.clovaRerank)

	for _, pattern := range []string{"/tuning/", "/v1/routers/", "/v1/skillsets/"} {
		add(pattern, open, notOffered)
	}

	add("POST /v1/openai/chat/completions", worked, s.chatCompletions)
	add("POST /v1/openai/embeddings", worked, s.embeddings)
	add("GET /v1/openai/models", keyed, s.listModels)
	add("GET /v1/openai/models/{id...}", keyed, s.getModel)
}

// notOffered answers for the parts of CLOVA Studio that need its cloud:
// training, routers and skill sets. Without it the page would answer a GET.
func notOffered(_ http.ResponseWriter, r *http.Request) error {
	return &wire.Error{
		Status: http.StatusNotFound, Type: wire.TypeInvalid, Code: "unknown_path",
		Message: "training, routers and skill sets of CLOVA Studio are not offered by this server",
	}
}

// clovaChat answers a chat of either version.
func (s *Server) clovaChat(v clova.Version, decode func([]byte) (llm.ChatRequest, bool, error)) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		request, filters, err := decodePair(s, w, r, decode)
		if err != nil {
			return err
		}
		m, release, err := s.acquire(r.Context(), callOf(r), r.PathValue("model"))
		if err != nil {
			return err
		}
		defer release()
		st, err := m.Chat(r.Context(), request)
		if err != nil {
			return err
		}
		reply := clova.NewReply(v, s.opt.Now().Unix(), request.Sampling.Seed)
		if wantsEvents(r) {
			return s.clovaStream(w, r, st, reply, filters)
		}
		if err := s.follow(r.Context(), st, func(e llm.Event) error { reply.Add(e); return nil }, noIdle); err != nil {
			return err
		}
		s.judge(reply, filters)
		return s.writeJSON(w, http.StatusOK, clova.OK(reply.Result(st.Usage())))
	}
}

// clovaStream sends token events as text comes, then the whole result, then
// the signal that ends the stream.
func (s *Server) clovaStream(w http.ResponseWriter, r *http.Request, st llm.Stream, reply *clova.Reply, filters bool) error {
	out := s.events(w)
	take := func(e llm.Event) error {
		reply.Add(e)
		if t, some := reply.Token(e); some {
			return out.numbered("token", t)
		}
		return nil
	}
	err := s.follow(r.Context(), st, take, func() error { return out.comment("waiting") })
	if err == nil {
		s.judge(reply, filters)
		if err = out.numbered("result", reply.Result(st.Usage())); err == nil {
			return out.numbered("signal", clova.Done)
		}
	}
	if e := wireError(err); out.Begun() && e.Status != statusGone {
		out.numbered("error", clova.NewError(e))
	}
	return err
}

// clovaCompletion is POST /v1/completions/{model}.
func (s *Server) clovaCompletion(w http.ResponseWriter, r *http.Request) error {
	asked, request, err := decodePair(s, w, r, clova.DecodeCompletion)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), r.PathValue("model"))
	if err != nil {
		return err
	}
	defer release()
	st, err := m.Complete(r.Context(), request)
	if err != nil {
		return err
	}
	reply := clova.NewReply(clova.V1, s.opt.Now().Unix(), request.Sampling.Seed)
	filters := asked.IncludeAIFilters != nil && *asked.IncludeAIFilters
	if wantsEvents(r) {
		return s.clovaStream(w, r, st, reply, filters)
	}
	if err := s.follow(r.Context(), st, func(e llm.Event) error { reply.Add(e); return nil }, noIdle); err != nil {
		return err
	}
	s.judge(reply, filters)
	result := reply.Completion(asked, st.Usage())
	if asked.IncludeTokens {
		result.InputTokens = pieces(m, request.Prompt)
		result.OutputTokens = pieces(m, reply.Text())
	}
	return s.writeJSON(w, http.StatusOK, clova.OK(result))
}

// judge has the text filter say what it finds in an answer, if the client asked.
func (s *Server) judge(reply *clova.Reply, asked bool) {
	if !asked || s.opt.Filter == nil {
		return
	}
	v := s.opt.Filter.Check(reply.Text())
	reply.Judge(clova.Verdict{
		Insult: int(v.Score(safety.Profanity)), Discrimination: int(v.Score(safety.Hate)), Sexual: int(v.Score(safety.Sexual)),
	})
}

// pieces are the texts of a text's tokens.
func pieces(m llm.Generator, text string) []string {
	out := []string{}
	for _, id := range m.Tokenize(text, false, false) {
		out = append(out, m.Detokenize([]int32{id}))
	}
	return out
}

// wantsEvents reports whether the client asked for a stream, which CLOVA
// Studio's clients do in a header.
func wantsEvents(r *http.Request) bool {
	for _, v := range r.Header.Values("Accept") {
		if wire.Accepts(v, "text/event-stream") {
			return true
		}
	}
	return false
}
