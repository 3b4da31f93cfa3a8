package chat

// Thinking switches a model's thinking on or off: Qwen3 and EXAONE read
// enable_thinking, HyperCLOVA X reads skip_reasoning or thinking. A variable
// that a template lacks does nothing.
func Thinking(on bool) map[string]any {
	return map[string]any{"enable_thinking": on, "thinking": on, "skip_reasoning": !on}
}
