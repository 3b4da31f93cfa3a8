package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"malmoi/internal/llm"
)

// Error is what went wrong with another server. It unwraps to the sentinel of
// package llm that says what it means to the caller.
type Error struct {
	Upstream string
	Status   int           // of the HTTP answer, 0 without one
	Message  string        // without addresses and keys
	After    time.Duration // how long the server asked to be left alone
	Kind     error         // llm.ErrBusy, llm.ErrUnavailable, …
	cause    error         // for the log and errors.Is: a context's error, a time-out
}

func (e *Error) Error() string {
	return fmt.Sprintf("upstream %s: %s", e.Upstream, e.Message)
}

// Unwrap gives the sentinel and, if there is one, the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// RetryAfter implements what llm.RetryAfter looks for.
func (e *Error) RetryAfter() time.Duration { return e.After }

const (
	maxErrorBody = 64 << 10 // bytes of an error answer that are read
	maxMessage   = 300      // characters of a foreign message that are repeated
	maxAfter     = 10 * time.Minute
)

// answerError reads an answer that is no success.
func (u *Server) answerError(res *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	w := readErrorBody(u.cfg.Key.hide(body))
	e := &Error{Upstream: u.name, Status: res.StatusCode, Message: w.message, After: after(res.Header.Get("Retry-After"))}
	return w.classify(e)
}

// errorBody is what the servers we know say about an error.
type errorBody struct {
	message, kind, code string
	prompt, limit       int // llama.cpp
}

// readErrorBody understands OpenAI's envelope, the older one of vLLM, Ollama's
// plain text and FastAPI's detail.
func readErrorBody(body []byte) errorBody {
	var w struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Type    string          `json:"type"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &w) != nil {
		return errorBody{}
	}
	e := errorBody{message: w.Message, kind: w.Type}
	var inner struct {
		Message string          `json:"message"`
		Type    string          `json:"type"`
		Code    json.RawMessage `json:"code"`
		Prompt  int             `json:"n_prompt_tokens"`
		Limit   int             `json:"n_ctx"`
	}
	switch trimmed := bytes.TrimSpace(w.Error); {
	case len(trimmed) > 0 && trimmed[0] == '{':
		if json.Unmarshal(trimmed, &inner) == nil {
			e = errorBody{message: inner.Message, kind: inner.Type, code: strings.Trim(string(inner.Code), `"`), prompt: inner.Prompt, limit: inner.Limit}
		}
	case len(trimmed) > 0 && trimmed[0] == '"':
		_ = json.Unmarshal(trimmed, &e.message)
	}
	if e.message == "" && len(w.Detail) > 0 && json.Unmarshal(w.Detail, &e.message) != nil {
		e.message = string(w.Detail)
	}
	e.message = shorten(e.message)
	return e
}

// classify says what a status means to whoever asked us.
func (w errorBody) classify(e *Error) error {
	switch s := e.Status; {
	case s == http.StatusTooManyRequests:
		e.Kind = llm.ErrBusy
		e.say("is busy")
	case s == http.StatusUnauthorized || s == http.StatusForbidden || s == http.StatusPaymentRequired:
		// The message may hold parts of our key; it helps no user anyway.
		e.Kind, e.Message = llm.ErrUnavailable, fmt.Sprintf("does not let us in (status %d); check the key in the configuration", s)
	case s == http.StatusNotFound:
		e.Kind = llm.ErrUnknownModel
		e.say("does not know the model or the path")
	case s == http.StatusRequestTimeout || s >= 500:
		e.Kind = llm.ErrUnavailable
		e.say("failed with status " + strconv.Itoa(s))
	case s >= 400:
		if full := w.context(); full != nil {
			return fmt.Errorf("upstream %s: %w", e.Upstream, full)
		}
		e.Kind = llm.ErrBadRequest
		e.say("refused the request with status " + strconv.Itoa(s))
	default:
		e.Kind, e.Message = llm.ErrUnavailable, fmt.Sprintf("answered with status %d; check its address", s)
	}
	return e
}

// say sets a message where the server gave none.
func (e *Error) say(text string) {
	if e.Message == "" {
		e.Message = text
	}
}

// sizes are the wordings of "too long" with both numbers in them, of vLLM,
// malmoi and OpenAI.
var sizes = []struct {
	re            *regexp.Regexp
	limit, prompt int // the groups
	most          int // tokens to generate, 0: no group
}{
	{regexp.MustCompile(`maximum context length is (\d+) tokens.*?(\d+) tokens? (?:in the messages|from the input|in your prompt)`), 1, 2, 0},
	{regexp.MustCompile(`maximum context length is (\d+) tokens.*?requested (?:about )?(\d+) tokens`), 1, 2, 0},
	{regexp.MustCompile(`maximum context length is (\d+) tokens.*?resulted in (\d+) tokens`), 1, 2, 0},
	{regexp.MustCompile(`prompt of (\d+) tokens exceeds the model's context of (\d+)`), 2, 1, 0},
	{regexp.MustCompile(`prompt of (\d+) tokens and (\d+) tokens to generate exceed the model's context of (\d+)`), 3, 1, 2},
}

// context recognises a prompt that is too long, nil if it is something else.
func (w errorBody) context() *llm.ContextError {
	if w.prompt > 0 && w.limit > 0 {
		return &llm.ContextError{Prompt: w.prompt, Limit: w.limit}
	}
	for _, s := range sizes {
		m := s.re.FindStringSubmatch(w.message)
		if m == nil {
			continue
		}
		e := &llm.ContextError{}
		e.Limit, _ = strconv.Atoi(m[s.limit])
		e.Prompt, _ = strconv.Atoi(m[s.prompt])
		if s.most > 0 {
			e.Max, _ = strconv.Atoi(m[s.most])
		}
		return e
	}
	return nil
}

// hide takes our key out of what a server says: some repeat the headers of a
// request in their errors.
func (s Secret) hide(body []byte) []byte {
	if s == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte(s), []byte(s.String()))
}

// eventError is an error that came inside a stream.
func eventError(name string, key Secret, body []byte) error {
	w := readErrorBody(key.hide(body))
	e := &Error{Upstream: name, Message: w.message, Kind: llm.ErrUnavailable}
	if full := w.context(); full != nil {
		return fmt.Errorf("upstream %s: %w", name, full)
	}
	if code, err := strconv.Atoi(w.code); err == nil && code >= 400 && code < 600 {
		e.Status = code
		return w.classify(e)
	}
	switch w.code {
	case "server_busy", "rate_limit_exceeded":
		e.Kind = llm.ErrBusy
	case "model_not_found":
		e.Kind = llm.ErrUnknownModel
	}
	if w.kind == "invalid_request_error" && e.Kind == llm.ErrUnavailable {
		e.Kind = llm.ErrBadRequest
	}
	e.say("ended the answer with an error")
	return e
}

// transportError is a request that got no answer, or an answer that broke off.
// what says in which of the two.
func transportError(ctx context.Context, name, what string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var late *timeout
	switch {
	case errors.As(err, &late):
		return &Error{Upstream: name, Message: late.Error(), Kind: llm.ErrUnavailable, cause: late}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err // the caller's own doing
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF // io.EOF is how a whole answer ends
	}
	return &Error{Upstream: name, Message: what, Kind: llm.ErrUnavailable, cause: err}
}

// badAnswer is an answer that does not follow the protocol.
func badAnswer(name, format string, args ...any) error {
	return &Error{Upstream: name, Message: "does not follow OpenAI's protocol: " + fmt.Sprintf(format, args...), Kind: llm.ErrUnavailable}
}

// retryable says that the same request may be sent once more, to this or to
// another replica: the server did not get to it, or does not work.
func retryable(err error) bool {
	return errors.Is(err, llm.ErrUnavailable) || errors.Is(err, llm.ErrBusy)
}

// faulty says that an error speaks against the server rather than against the
// request. Being busy does not.
func faulty(err error) bool { return errors.Is(err, llm.ErrUnavailable) }

// after reads Retry-After, in seconds; its other form, a date, is not sent by
// model servers.
func after(header string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(header))
	if err != nil || n <= 0 {
		return 0
	}
	return min(time.Duration(min(n, 1<<20))*time.Second, maxAfter)
}

// shorten keeps the beginning of a foreign message on one line.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if utf8.RuneCountInString(s) > maxMessage {
		s = string([]rune(s)[:maxMessage]) + "…"
	}
	return s
}
