package app

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/store"
)

// ErrorBody is how an error looks: as the model APIs have it.
type ErrorBody struct {
	Error ErrorReason `json:"error"`
}

// ErrorReason names what went wrong. Reason refines Code where a person chose
// a value that is not acceptable, such as too_short for a password.
type ErrorReason struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    string `json:"code"`
	Param   string `json:"param,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// refusal is an error on its way through huma.
type refusal struct {
	status int
	header http.Header
	Body   ErrorReason `json:"error"`
}

// Error implements error.
func (e *refusal) Error() string { return e.Body.Message }

// GetStatus implements huma.StatusError.
func (e *refusal) GetStatus() int { return e.status }

// GetHeaders implements huma.HeadersError.
func (e *refusal) GetHeaders() http.Header { return e.header }

// refuse turns an error of a service into the answer, and keeps the cause of a
// 5xx for the log.
func refuse(ctx context.Context, err error) error {
	e := wireError(err)
	if e.Status >= http.StatusInternalServerError {
		door.Of(ctx).Failure = err
	}
	out := &refusal{status: e.Status, Body: ErrorReason{Message: e.Message, Type: e.Type, Code: e.Code, Param: e.Param}}
	if bad, ok := errors.AsType[*account.InvalidError](err); ok {
		out.Body.Reason = bad.Code
	}
	if e.RetryAfter > 0 {
		seconds := int((e.RetryAfter + time.Second - 1) / time.Second)
		out.header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	}
	return out
}

// busyRetry is what a client refused for lack of room is told to wait.
const busyRetry = 2 * time.Second

// known are the errors that have one answer each.
var known = []struct {
	err    error
	status int
	kind   string
	code   string
	text   string // "" is the error's own
	retry  time.Duration
}{
	{account.ErrNotSignedIn, 401, wire.TypeAuth, "not_signed_in", "", 0},
	{account.ErrCredentials, 401, wire.TypeAuth, "invalid_credentials", "login or password is wrong", 0},
	{account.ErrForbidden, 403, wire.TypePermission, "forbidden", "", 0},
	{account.ErrNotFound, 404, wire.TypeInvalid, "not_found", "there is no such thing here", 0},
	{account.ErrLastAdmin, 409, wire.TypeInvalid, "last_admin", "", 0},
	{account.ErrConflict, 409, wire.TypeInvalid, "conflict", "", 0},
	{store.ErrConflict, 409, wire.TypeInvalid, "conflict", "it exists already", 0},
	{converse.ErrReader, 403, wire.TypePermission, "forbidden", "the account may read and not change anything", 0},
	{converse.ErrNotFound, 404, wire.TypeInvalid, "not_found", "there is no such thing here", 0},
	{converse.ErrConflict, 409, wire.TypeInvalid, "conflict", "", 0},
	{converse.ErrNotText, 415, wire.TypeInvalid, "not_text", "", 0},
	{converse.ErrBusy, 503, wire.TypeUnavailable, "busy", "", busyRetry},
	{account.ErrBusy, 503, wire.TypeUnavailable, "busy", "", busyRetry},
	{account.ErrUnavailable, 503, wire.TypeUnavailable, "unavailable", "the directory does not answer; try again later", busyRetry},
	{store.ErrReadOnly, 503, wire.TypeUnavailable, "read_only", "nothing can be saved now: the disk of the server is full; what was saved is safe", 10 * time.Second},
	{context.Canceled, 499, wire.TypeInvalid, "request_cancelled", "the request was cancelled", 0},
}

// wireError says an error in words for the client. What is not understood
// becomes a bare 500; its text stays in the log.
func wireError(err error) *wire.Error {
	if own, ok := errors.AsType[*wire.Error](err); ok {
		return own
	}
	if bad, ok := errors.AsType[*account.InvalidError](err); ok {
		return &wire.Error{Status: 400, Type: wire.TypeInvalid, Code: "invalid_request", Param: bad.Field, Message: bad.Error()}
	}
	if bad, ok := errors.AsType[*converse.InvalidError](err); ok {
		return &wire.Error{Status: 400, Type: wire.TypeInvalid, Code: "invalid_request", Param: bad.Field, Message: bad.Error()}
	}
	if rate, ok := errors.AsType[*account.RateError](err); ok {
		return &wire.Error{Status: 429, Type: wire.TypeRateLimit, Code: "rate_limited", Message: rate.Error(), RetryAfter: rate.RetryAfter}
	}
	if spent, ok := errors.AsType[*account.QuotaError](err); ok {
		return &wire.Error{Status: 429, Type: wire.TypeRateLimit, Code: "quota_exceeded", Message: spent.Error(), RetryAfter: spent.RetryAfter}
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			text := k.text
			if text == "" {
				text = err.Error()
			}
			return &wire.Error{Status: k.status, Type: k.kind, Code: k.code, Message: text, RetryAfter: k.retry}
		}
	}
	return &wire.Error{Status: 500, Type: wire.TypeServer, Code: "internal_error",
		Message: "internal error; the server's log knows more under the id of this request"}
}

func notFound() error { return account.ErrNotFound }

func invalid(param, reason, format string, args ...any) error {
	e := wire.Invalid(param, format, args...)
	e.Code = "invalid_request"
	return e
}

func forbidden(text string) error {
	return &wire.Error{Status: 403, Type: wire.TypePermission, Code: "forbidden", Message: text}
}

// envelope puts huma's own refusals, of bodies and parameters, into our shape.
func envelope(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	ctx.SetHeader("Content-Type", "application/json")
	out := ErrorBody{ErrorReason{Message: m.Detail, Type: wire.TypeInvalid, Code: "invalid_request"}}
	switch {
	case m.Status == http.StatusRequestEntityTooLarge:
		out.Error.Code = "request_too_large"
	case m.Status >= http.StatusInternalServerError:
		out.Error.Type, out.Error.Code, out.Error.Message = wire.TypeServer, "internal_error", "internal error"
	}
	if len(m.Errors) > 0 { // the first says enough; values are not repeated
		first := m.Errors[0]
		out.Error.Message = wire.Shorten(first.Message)
		if len(first.Message) < 300 {
			out.Error.Message = first.Message
		}
		out.Error.Param = wire.Shorten(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(first.Location, "body."), "query."), "path."))
	}
	return out, nil
}

// errorResponse describes ErrorBody.
func errorResponse(schemas huma.Registry) *huma.Response {
	return &huma.Response{
		Description: "Why not",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(errorType, true, "ErrorBody")}},
	}
}
