// Package wire reads JSON request bodies strictly and describes what is wrong
// with them. Both API dialects stand on it: they decode with Decode and return
// *Error, which each dialect then prints in its own shape.
//
// It refuses to know HTTP handlers, models and the fields of any API.
package wire

import (
	"fmt"
	"time"
)

// Error is a refusal or failure that a client sees. Message is written for the
// client and must carry nothing internal: no paths, no stack, no other request.
type Error struct {
	Status     int    // HTTP status
	Type       string // OpenAI's error.type
	Code       string // OpenAI's error.code, "" prints as null
	Param      string // the parameter at fault, "" prints as null
	Message    string
	RetryAfter time.Duration // sent as Retry-After when positive
}

func (e *Error) Error() string {
	if e.Param == "" {
		return e.Message
	}
	return e.Param + ": " + e.Message
}

// The values of Error.Type.
const (
	TypeInvalid     = "invalid_request_error"
	TypeAuth        = "authentication_error"
	TypePermission  = "permission_error"
	TypeRateLimit   = "rate_limit_error"
	TypeServer      = "server_error"
	TypeUnavailable = "service_unavailable_error"
)

// Invalid says that a parameter has a value that cannot be used.
func Invalid(param, format string, args ...any) *Error {
	return &Error{
		Status: 400, Type: TypeInvalid, Code: "invalid_value", Param: param,
		Message: fmt.Sprintf(format, args...),
	}
}

// Unsupported says that a parameter asks for something this server does not
// have. It is told apart from Invalid so that clients can fall back.
func Unsupported(param, format string, args ...any) *Error {
	e := Invalid(param, format, args...)
	e.Code = "unsupported_parameter"
	return e
}

// Missing says that a required parameter is absent.
func Missing(param string) *Error {
	e := Invalid(param, "missing required parameter: %s", param)
	e.Code = "missing_required_parameter"
	return e
}
