package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"malmoi/internal/httpapi/ollama"
	"malmoi/internal/llm"
)

// ollamaRoutes are Ollama's paths. Its clients need no key, and ours is asked
// for all the same where one is set.
func (s *Server) ollamaRoutes(add func(string, access, action)) {
	add("POST /api/chat", worked, s.ollamaChat)
	add("POST /api/generate", worked, s.ollamaGenerate)
	add("POST /api/embed", worked, s.ollamaEmbed)
	add("POST /api/embeddings", worked, s.ollamaEmbedding)
	add("GET /api/tags", keyed, s.ollamaTags)
	add("GET /api/ps", keyed, s.ollamaRunning)
	add("POST /api/show", keyed, s.ollamaShow)
	add("POST /api/pull", worked, s.ollamaPull)
	add("GET /api/version", open, s.ollamaVersion)
}

func (s *Server) ollamaChat(w http.ResponseWriter, r *http.Request) error {
	start := s.opt.Now()
	asked, request, err := decodePair(s, w, r, ollama.DecodeChat)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	if len(request.Messages) == 0 {
		return s.writeJSON(w, http.StatusOK, ollama.Loaded(callOf(r).model, s.opt.Now()))
	}
	reply := ollama.NewReply(callOf(r).model, start, s.opt.Now().Sub(start))
	st, err := m.Chat(r.Context(), request)
	if err != nil {
		return err
	}
	return s.ollamaAnswer(w, r, st, reply, asked.Streams(), func(l ollama.ChatLine) any { return l })
}

func (s *Server) ollamaGenerate(w http.ResponseWriter, r *http.Request) error {
	start := s.opt.Now()
	asked, err := decodeBody(s, w, r, ollama.DecodeGenerate)
	if err != nil {
		return err
	}
	m, release, err := s.acquire(r.Context(), callOf(r), asked.Model)
	if err != nil {
		return err
	}
	defer release()
	if asked.Prompt == "" {
		return s.writeJSON(w, http.StatusOK, ollama.Loaded(callOf(r).model, s.opt.Now()).Generated())
	}
	reply := ollama.NewReply(callOf(r).model, start, s.opt.Now().Sub(start))
	st, err := s.generate(r, m, asked)
	if err != nil {
		return err
	}
	return s.ollamaAnswer(w, r, st, reply, asked.Streams(), func(l ollama.ChatLine) any { return l.Generated() })
}

// generate asks a chat model in its template, and others, or with raw, with
// the prompt as it is.
func (s *Server) generate(r *http.Request, m llm.Generator, asked *ollama.Generate) (llm.Stream, error) {
	if asked.Raw || !m.Info().Chat {
		request, err := asked.Completion()
		if err != nil {
			return nil, err
		}
		return m.Complete(r.Context(), request)
	}
	request, err := asked.Chat()
	if err != nil {
		return nil, err
	}
	return m.Chat(r.Context(), request)
}

// ollamaAnswer sends an answer line by line or in one piece. shape says a line
// in the words of the endpoint.
func (s *Server) ollamaAnswer(w http.ResponseWriter, r *http.Request, st llm.Stream, reply *ollama.Reply, streams bool, shape func(ollama.ChatLine) any) error {
	if !streams {
		if err := s.follow(r.Context(), st, func(e llm.Event) error { reply.Add(e); return nil }, noIdle); err != nil {
			return err
		}
		return s.writeJSON(w, http.StatusOK, shape(reply.Whole(st.Usage(), s.opt.Now())))
	}
	out := s.lines(w)
	take := func(e llm.Event) error {
		if line, some := reply.Add(e); some {
			return out.send(shape(line))
		}
		return nil
	}
	err := s.follow(r.Context(), st, take, noIdle)
	if err == nil {
		return out.send(shape(reply.End(st.Usage(), s.opt.Now())))
	}
	if e := wireError(err); out.begun && e.Status != statusGone {
		out.send(ollama.Error{Error: e.Message})
	}
	return err
}

// lineWriter sends JSON values, one a line, each flushed at once.
type lineWriter struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	begun   bool
}

func (s *Server) lines(w http.ResponseWriter) *lineWriter {
	return &lineWriter{w: w, rc: http.NewResponseController(w), timeout: s.opt.WriteTimeout}
}

func (l *lineWriter) send(value any) error {
	data, err := encode(value)
	if err != nil {
		return fmt.Errorf("httpapi: encode line: %w", err)
	}
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.w.Header().Set("Cache-Control", "no-cache, no-store")
		l.w.Header().Set("X-Accel-Buffering", "no")
		l.w.WriteHeader(http.StatusOK)
	}
	l.rc.SetWriteDeadline(time.Now().Add(l.timeout))
	if _, err := l.w.Write(append(data, '\n')); err != nil {
		return err
	}
	return l.rc.Flush()
}
