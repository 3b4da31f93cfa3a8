package anthropic

import "malmoi/internal/httpapi/wire"

// ErrorBody is how an error looks on the wire, also as an event of a stream.
type ErrorBody struct {
	Type      string      `json:"type"` // error
	Error     ErrorDetail `json:"error"`
	RequestID string      `json:"request_id"`
}

// ErrorDetail says what went wrong.
type ErrorDetail struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// NewError puts an error into Anthropic's shape. The shape has no field for
// the parameter at fault, so its name goes in front of the message.
func NewError(e *wire.Error, requestID string) ErrorBody {
	return ErrorBody{
		Type: "error", RequestID: requestID,
		Error: ErrorDetail{Type: errorType(e.Status), Message: e.Error()},
	}
}

func errorType(status int) string {
	switch status {
	case 401:
		return "authentication_error"
	case 403:
		return "permission_error"
	case 404:
		return "not_found_error"
	case 413:
		return "request_too_large"
	case 429:
		return "rate_limit_error"
	case 503:
		return "overloaded_error"
	case 504:
		return "timeout_error"
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}
