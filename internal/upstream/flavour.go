package upstream

import (
	"fmt"

	"malmoi/internal/llm"
)

// flavour says what a server understands beside what all of them do. It is
// found from the owned_by of the server's model list, or configured.
type flavour struct {
	extras    bool   // top_k, min_p, repetition penalty, ignore_eos
	penalty   string // what it calls the repetition penalty
	kwargs    bool   // chat_template_kwargs
	effort    bool   // reasoning_effort
	thoughts  string // the field of an assistant message's reasoning, "" for none
	developer bool   // the role
	newMax    bool   // max_completion_tokens instead of max_tokens
	regex     string // where a regular expression goes, "" for nowhere
	grammar   string // where a GBNF grammar goes
}

// structured is vLLM's object of constraints; other values are field names.
const structured = "structured_outputs"

// flavours by the names that configurations use. "" is a server that we know
// nothing of: what most open servers ignore when they do not know it.
var flavours = map[string]flavour{
	"":         {extras: true, penalty: "repetition_penalty", kwargs: true, thoughts: "reasoning_content"},
	"malmoi":   {extras: true, penalty: "repetition_penalty", kwargs: true, thoughts: "reasoning_content", developer: true, regex: structured, grammar: "grammar"},
	"vllm":     {extras: true, penalty: "repetition_penalty", kwargs: true, thoughts: "reasoning", regex: structured, grammar: structured},
	"llamacpp": {extras: true, penalty: "repeat_penalty", kwargs: true, thoughts: "reasoning_content", grammar: "grammar"},
	"ollama":   {effort: true},
	"openai":   {effort: true, developer: true, newMax: true},
}

// owners maps owned_by to a flavour.
var owners = map[string]string{
	"malmoi": "malmoi", "vllm": "vllm", "llamacpp": "llamacpp", "library": "ollama",
	"openai": "openai", "openai-internal": "openai", "system": "openai",
}

// putFormat asks for a form of the answer, or says that the server cannot.
func (b *body) putFormat(f llm.Format, fl flavour) error {
	switch {
	case f.JSONSchema != nil:
		b.ResponseFormat = &responseFormat{Type: "json_schema", Schema: &schemaSpec{Name: "answer", Strict: true, Schema: f.JSONSchema}}
	case f.JSONObject:
		b.ResponseFormat = &responseFormat{Type: "json_object"}
	case f.Regex != "" && fl.regex == structured:
		b.Structured = &structuredOutputs{Regex: f.Regex}
	case f.GBNF != "" && fl.grammar == structured:
		b.Structured = &structuredOutputs{Grammar: f.GBNF}
	case f.GBNF != "" && fl.grammar != "":
		b.Grammar = f.GBNF
	case f.Regex != "" || f.GBNF != "":
		return fmt.Errorf("%w: the server that has this model cannot hold its answer to a regular expression or grammar; use a JSON schema", llm.ErrBadRequest)
	}
	return nil
}
