package openai

import (
	"encoding/json"
	"regexp"
	"strings"

	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// ResponseFormat is OpenAI's response_format of a chat request.
type ResponseFormat struct {
	Type       string          `json:"type"`
	JSONSchema *SchemaSpec     `json:"json_schema"`
	Schema     json.RawMessage `json:"schema"` // llama.cpp: beside json_object
}

// SchemaSpec is a named JSON Schema.
type SchemaSpec struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"schema"`
	Strict      *bool           `json:"strict"`
}

// Structure holds every way to constrain the answer's form. Beside OpenAI's
// response_format these are the names that vLLM and llama.cpp use, so that
// their clients work unchanged. At most one may be set.
type Structure struct {
	ResponseFormat    *ResponseFormat `json:"response_format"`
	Regex             string          `json:"regex"`
	Grammar           string          `json:"grammar"`     // GBNF
	JSONSchemaText    json.RawMessage `json:"json_schema"` // llama.cpp: the schema itself
	GuidedJSON        json.RawMessage `json:"guided_json"`
	GuidedRegex       string          `json:"guided_regex"`
	GuidedChoice      []string        `json:"guided_choice"`
	GuidedGrammar     string          `json:"guided_grammar"`
	StructuredOutputs *Structured     `json:"structured_outputs"`
}

// Structured is vLLM's newer name for the same constraints.
type Structured struct {
	JSON    json.RawMessage `json:"json"`
	Regex   string          `json:"regex"`
	Choice  []string        `json:"choice"`
	Grammar string          `json:"grammar"`
}

// format is the constraint asked for, the zero Format if none.
func (s *Structure) format() (llm.Format, error) {
	var f formatBuilder
	f.responseFormat(s.ResponseFormat)
	f.schema("json_schema", s.JSONSchemaText)
	f.regex("regex", s.Regex)
	f.grammar("grammar", s.Grammar)
	f.schema("guided_json", s.GuidedJSON)
	f.regex("guided_regex", s.GuidedRegex)
	f.choice("guided_choice", s.GuidedChoice)
	f.grammar("guided_grammar", s.GuidedGrammar)
	if o := s.StructuredOutputs; o != nil {
		f.schema("structured_outputs.json", o.JSON)
		f.regex("structured_outputs.regex", o.Regex)
		f.choice("structured_outputs.choice", o.Choice)
		f.grammar("structured_outputs.grammar", o.Grammar)
	}
	return f.out, f.err
}

// formatBuilder keeps the first error and the name of the constraint that is
// already set, so that a second one can be refused.
type formatBuilder struct {
	out llm.Format
	by  string
	err error
}

// claim reports whether param may set the format.
func (f *formatBuilder) claim(param string, size int) bool {
	switch {
	case f.err != nil:
		return false
	case f.by != "":
		f.err = wire.Invalid(param, "cannot be combined with %s", f.by)
		return false
	case size > rule.MaxPatternBytes:
		f.err = wire.Invalid(param, "at most %d bytes, got %d", rule.MaxPatternBytes, size)
		return false
	}
	f.by = param
	return true
}

func (f *formatBuilder) responseFormat(r *ResponseFormat) {
	if r == nil || f.err != nil {
		return
	}
	switch r.Type {
	case "text":
	case "json_object":
		if !wire.Null(r.Schema) {
			f.schema("response_format.schema", r.Schema)
		} else if f.claim("response_format", 0) {
			f.out.JSONObject = true
		}
	case "json_schema":
		if r.JSONSchema == nil {
			f.err = wire.Missing("response_format.json_schema")
		} else if wire.Null(r.JSONSchema.Schema) {
			f.err = wire.Missing("response_format.json_schema.schema")
		} else {
			f.schema("response_format.json_schema.schema", r.JSONSchema.Schema)
		}
	default:
		f.err = wire.Invalid("response_format.type", "%q is not one of text, json_object, json_schema", wire.Shorten(r.Type))
	}
}

func (f *formatBuilder) schema(param string, raw json.RawMessage) {
	if wire.Null(raw) || !f.claim(param, len(raw)) {
		return
	}
	if wire.Kind(raw) == '"' { // some clients send the schema as text
		var text string
		if f.err = wire.Value(raw, &text, param); f.err != nil {
			return
		}
		raw = json.RawMessage(text)
	}
	f.out.JSONSchema, f.err = rule.Schema(raw, param)
}

func (f *formatBuilder) regex(param, pattern string) {
	if pattern != "" && f.claim(param, len(pattern)) {
		f.out.Regex = pattern
	}
}

func (f *formatBuilder) grammar(param, gbnf string) {
	if gbnf != "" && f.claim(param, len(gbnf)) {
		f.out.GBNF = gbnf
	}
}

func (f *formatBuilder) choice(param string, choices []string) {
	if len(choices) == 0 {
		return
	}
	quoted := make([]string, len(choices))
	size := 0
	for i, c := range choices {
		if c == "" {
			f.err = wire.Invalid(param, "a choice must not be empty")
			return
		}
		quoted[i] = regexp.QuoteMeta(c)
		size += len(quoted[i]) + 1
	}
	if f.claim(param, size) {
		f.out.Regex = "(" + strings.Join(quoted, "|") + ")"
	}
}
