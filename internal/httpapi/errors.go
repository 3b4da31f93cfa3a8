package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/anthropic"
	"malmoi/internal/httpapi/clova"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/httpapi/ollama"
	"malmoi/internal/httpapi/openai"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// statusGone is logged when the client left before the answer; nobody reads it.
const statusGone = 499

// busyRetry is what a client refused for lack of room is told to wait.
const busyRetry = 2 * time.Second

// wireError says an error in words for the client. What is not understood
// becomes a bare 500; its text may name files and stays in the log.
func wireError(err error) *wire.Error {
	var own *wire.Error
	var full *llm.ContextError
	var spent *account.QuotaError
	var filtered *llm.FilteredError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &full):
		return contextError(full)
	case errors.As(err, &spent):
		return &wire.Error{Status: 429, Type: wire.TypeRateLimit, Code: "quota_exceeded", Message: spent.Error(), RetryAfter: spent.RetryAfter}
	case errors.As(err, &filtered):
		return &wire.Error{Status: 400, Type: wire.TypeInvalid, Code: "content_filter", Message: filtered.Error()}
	case errors.Is(err, llm.ErrUnknownModel):
		return &wire.Error{Status: 404, Type: wire.TypeInvalid, Code: "model_not_found", Param: "model", Message: clean(err)}
	case errors.Is(err, llm.ErrBusy):
		e := busy()
		e.RetryAfter = max(e.RetryAfter, llm.RetryAfter(err))
		return e
	case errors.Is(err, llm.ErrNoTemplate):
		return badModel("no_chat_template", "the model has no chat template: use /v1/completions, or a model made for chat")
	case errors.Is(err, llm.ErrNoEmbedding):
		return badModel("not_an_embedding_model", "the model does not make embeddings")
	case errors.Is(err, llm.ErrNoGeneration):
		return badModel("not_a_generation_model", "the model makes embeddings and cannot write text")
	case errors.Is(err, llm.ErrBadRequest):
		return wire.Invalid("", "%s", clean(err))
	case errors.Is(err, llm.ErrNoTokens):
		return badModel("tokens_unknown", "the model runs on another server; its tokens are not known here")
	case errors.Is(err, llm.ErrNoRoom):
		return &wire.Error{Status: 503, Type: wire.TypeUnavailable, Code: "not_enough_memory", Message: clean(err)}
	case errors.Is(err, llm.ErrUnavailable):
		return unavailable(err)
	case errors.Is(err, door.ErrEnded):
		return unauthorized("session_ended", "the session or key that began this request has ended; sign in again")
	case errors.Is(err, door.ErrStopping):
		return &wire.Error{Status: 503, Type: wire.TypeUnavailable, Code: "server_stopping", Message: "the server is stopping; try again", RetryAfter: busyRetry}
	case errors.Is(err, context.Canceled):
		return &wire.Error{Status: statusGone, Type: wire.TypeInvalid, Code: "request_cancelled", Message: "the request was cancelled"}
	case errors.Is(err, context.DeadlineExceeded):
		return &wire.Error{Status: 504, Type: wire.TypeServer, Code: "timeout", Message: "the model did not answer in time"}
	}
	return internal()
}

func internal() *wire.Error {
	return &wire.Error{Status: 500, Type: wire.TypeServer, Code: "internal_error", Message: "internal error; the server's log knows more under the id of this request"}
}

func busy() *wire.Error {
	return &wire.Error{Status: 429, Type: wire.TypeRateLimit, Code: "server_busy", Message: "the server is busy; try again later", RetryAfter: busyRetry}
}

// unavailable is a model whose server cannot be reached or failed. The text of
// such an error names the server as the administrator called it, nothing more.
func unavailable(err error) *wire.Error {
	return &wire.Error{
		Status: http.StatusServiceUnavailable, Type: wire.TypeUnavailable, Code: "model_unavailable",
		Message: clean(err), RetryAfter: max(busyRetry, llm.RetryAfter(err)),
	}
}

func badModel(code, message string) *wire.Error {
	return &wire.Error{Status: 400, Type: wire.TypeInvalid, Code: code, Param: "model", Message: message}
}

func contextError(e *llm.ContextError) *wire.Error {
	text := fmt.Sprintf("the prompt of %d tokens exceeds the model's context of %d tokens; shorten it", e.Prompt, e.Limit)
	if e.Max > 0 {
		text = fmt.Sprintf("the prompt of %d tokens and %d tokens to generate exceed the model's context of %d tokens; shorten the prompt or ask for fewer tokens",
			e.Prompt, e.Max, e.Limit)
	}
	return &wire.Error{Status: http.StatusBadRequest, Type: wire.TypeInvalid, Code: "context_length_exceeded", Message: text}
}

// clean is an error's own text for errors that are about the request, without
// the names of our packages in front, which mean nothing to clients.
func clean(err error) string {
	text := err.Error()
	for {
		head, rest, ok := strings.Cut(text, ": ")
		if !ok || !ours[head] {
			return text
		}
		text = rest
	}
}

// ours are the words that our errors begin with before they come to the point.
var ours = map[string]bool{
	"bad request": true, "llm": true, "engine": true, "chat": true, "jinja": true, "sample": true, "grammar": true,
}

// fail answers with an error in the shape the client's library knows. Once an
// answer has begun it only notes the error for the log.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := wireError(err)
	c := callOf(r)
	if e.Status >= 500 {
		c.Failure = err
	}
	if c.status != 0 {
		return
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	s.writeJSON(w, e.Status, errorBody(r, e)) // plain strings: cannot fail to encode
}

func errorBody(r *http.Request, e *wire.Error) any {
	if speaksAnthropic(r) {
		return anthropic.NewError(e, callOf(r).ID)
	}
	if speaksCLOVA(r) {
		return clova.NewError(e)
	}
	if ollamaPaths[r.URL.Path] {
		return ollama.Error{Error: e.Message}
	}
	return openai.NewError(e)
}

// ollamaPaths are the paths of Ollama's API, whose errors are a bare text.
var ollamaPaths = map[string]bool{
	"/api/chat": true, "/api/generate": true, "/api/embed": true, "/api/embeddings": true,
	"/api/tags": true, "/api/ps": true, "/api/show": true, "/api/pull": true,
}

// speaksCLOVA reports whether a path is one of CLOVA Studio's own.
func speaksCLOVA(r *http.Request) bool {
	for _, prefix := range []string{"/v1/chat-completions/", "/v3/", "/v1/completions/", "/v1/tasks/", "/v2/tasks/", "/v1/api-tools/", "/tuning/", "/v1/routers/", "/v1/skillsets/"} {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return true
		}
	}
	return false
}

// speaksAnthropic reports whether the client expects Anthropic's shapes, also
// from paths that both dialects have.
func speaksAnthropic(r *http.Request) bool {
	return r.Header.Get("Anthropic-Version") != "" || r.URL.Path == "/v1/messages" || strings.HasPrefix(r.URL.Path, "/v1/messages/")
}

// unknownPath tells a wrong path from a wrong method.
func (s *Server) unknownPath(mux *http.ServeMux) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		e := &wire.Error{
			Status: http.StatusNotFound, Type: wire.TypeInvalid, Code: "unknown_path",
			Message: fmt.Sprintf("there is no %s %s here", wire.Shorten(r.Method), wire.Shorten(r.URL.Path)),
		}
		if allowed := methodsOf(mux, r); len(allowed) > 0 {
			e.Status, e.Code = http.StatusMethodNotAllowed, "method_not_allowed"
			w.Header().Set("Allow", strings.Join(allowed, ", "))
		}
		return e
	}
}

// methodsOf are the methods that a path has routes for.
func methodsOf(mux *http.ServeMux, r *http.Request) []string {
	var out []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		try := &http.Request{Method: method, Host: r.Host, URL: r.URL}
		if _, pattern := mux.Handler(try); strings.HasPrefix(pattern, method+" ") {
			out = append(out, method)
		}
	}
	return out
}
