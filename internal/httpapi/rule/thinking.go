package rule

import (
	"malmoi/internal/chat"
	"malmoi/internal/httpapi/wire"
)

// Effort says a reasoning effort in the words of chat templates; nil for "".
func Effort(effort, param string) (map[string]any, error) {
	switch effort {
	case "":
		return nil, nil
	case "none", "minimal", "low", "medium", "high", "xhigh", "max":
	default:
		return nil, wire.Invalid(param, "%q is not one of none, minimal, low, medium, high, xhigh, max", wire.Shorten(effort))
	}
	kwargs := chat.Thinking(effort != "none" && effort != "minimal")
	kwargs["reasoning_effort"] = effort
	return kwargs, nil
}
