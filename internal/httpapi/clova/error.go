package clova

import (
	"net/http"

	"malmoi/internal/httpapi/wire"
)

// Status is the verdict that every answer carries.
type Status struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Envelope wraps every answer that is not a stream.
type Envelope struct {
	Status Status `json:"status"`
	Result any    `json:"result"`
}

// OK wraps a result.
func OK(result any) Envelope { return Envelope{Status{"20000", "OK"}, result} }

// NewError says an error in CLOVA Studio's codes. Of too many requests it says
// what CLOVA Studio says and no more: clients compare the text to know that
// they should wait.
func NewError(e *wire.Error) Envelope {
	c, message := code(e), e.Message
	if c == rateExceeded {
		message = "Too many requests - rate exceeded"
	}
	return Envelope{Status: Status{c, message}}
}

// rateExceeded answers every limit of requests: 42900 is only seen in lists,
// and clients in the wild wait at this one.
const rateExceeded = "42901"

// codes are CLOVA Studio's numbers for our words.
var codes = map[string]string{
	"unknown_parameter":       "40002",
	"unsupported_parameter":   "40002",
	"unsupported_input":       "40009",
	"context_length_exceeded": "40003",
	"empty_text":              "40004",
	"invalid_schema":          "40055",
	"model_not_found":         "40080",
	"not_an_embedding_model":  "40080",
	"not_a_generation_model":  "40080",
	"no_chat_template":        "40080",
	"quota_exceeded":          "40380",
	"unknown_path":            "40400",
	"content_filter":          "40006", // "unavailable output"
}

func code(e *wire.Error) string {
	if c, ok := codes[e.Code]; ok {
		return c
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "40001"
	case http.StatusUnauthorized:
		return "40100"
	case http.StatusForbidden:
		return "40300"
	case http.StatusNotFound:
		return "40400"
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return "40800"
	case http.StatusRequestEntityTooLarge:
		return "41300"
	case http.StatusTooManyRequests:
		return rateExceeded
	case http.StatusServiceUnavailable:
		return "50300"
	}
	if e.Status >= 500 {
		return "50000"
	}
	return "40000"
}

func unsupported(param, format string, args ...any) error {
	e := wire.Unsupported(param, format, args...)
	e.Code = "unsupported_input"
	return e
}
