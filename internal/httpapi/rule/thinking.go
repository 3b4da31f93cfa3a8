package rule

import "malmoi/internal/httpapi/wire"

// Effort says a reasoning effort in the words of chat templates; nil for "".
func Effort(effort, param string) (map[string]any, error) {
	switch effort {
	case "":
		return nil, nil
	case "none", "minimal", "low", "medium", "high", "xhigh", "max":
	default:
		return nil, wire.Invalid(param, "%q is not one of none, minimal, low, medium, high, xhigh, max", wire.Shorten(effort))
	}
	kwargs := Thinking(effort != "none" && effort != "minimal")
	kwargs["reasoning_effort"] = effort
	return kwargs, nil
}

// Thinking switches a model's thinking on or off: Qwen3 and EXAONE read
// enable_thinking, HyperCLOVA X reads skip_reasoning or thinking. A variable
// that a template lacks does nothing.
func Thinking(on bool) map[string]any {
	return map[string]any{"enable_thinking": on, "thinking": on, "skip_reasoning": !on}
}
