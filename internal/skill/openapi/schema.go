package openapi

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"malmoi/internal/skill"
)

func skill200(s string) string { return skill.Cut(oneLine(s), 200) }

// schemas writes OpenAPI's schemas as JSON Schema without references, which is
// what models are given. Recursion and size end at the limits: what lies deeper
// is told as "anything", and still checked when a call is made.
type schemas struct{ left int }

func (s *schemas) of(x *openapi3.Schema, depth int) map[string]any {
	out := map[string]any{}
	s.left--
	if x == nil || s.left < 0 || depth > maxNesting {
		return out
	}
	if x.Type != nil {
		types := slices.Clone([]string(*x.Type))
		if x.Nullable && !slices.Contains(types, "null") {
			types = append(types, "null")
		}
		switch len(types) {
		case 0:
		case 1:
			out["type"] = types[0]
		default:
			out["type"] = types
		}
	}
	set := func(name string, value any, there bool) {
		if there {
			out[name] = value
		}
	}
	set("description", skill200(x.Description), x.Description != "")
	set("format", x.Format, x.Format != "")
	set("pattern", x.Pattern, x.Pattern != "")
	set("enum", x.Enum, len(x.Enum) > 0)
	set("const", x.Const, x.Const != nil)
	set("default", x.Default, x.Default != nil)
	set("example", x.Example, x.Example != nil)
	set("minimum", x.Min, x.Min != nil)
	set("maximum", x.Max, x.Max != nil)
	set("minLength", x.MinLength, x.MinLength > 0)
	set("maxLength", x.MaxLength, x.MaxLength != nil)
	set("minItems", x.MinItems, x.MinItems > 0)
	set("maxItems", x.MaxItems, x.MaxItems != nil)
	if x.Items != nil {
		out["items"] = s.of(x.Items.Value, depth+1)
	}
	for name, list := range map[string]openapi3.SchemaRefs{"oneOf": x.OneOf, "anyOf": x.AnyOf, "allOf": x.AllOf} {
		if len(list) > 0 {
			out[name] = s.each(list, depth)
		}
	}
	s.properties(x, depth, out)
	return out
}

func (s *schemas) each(list openapi3.SchemaRefs, depth int) []any {
	var out []any
	for _, ref := range list {
		if ref != nil && s.left > 0 {
			out = append(out, s.of(ref.Value, depth+1))
		}
	}
	return out
}

// properties leaves out what only the service itself writes.
func (s *schemas) properties(x *openapi3.Schema, depth int, out map[string]any) {
	if len(x.Properties) == 0 {
		return
	}
	properties, required := map[string]any{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(x.Properties)) {
		ref := x.Properties[name]
		if ref == nil || ref.Value == nil || ref.Value.ReadOnly || s.left <= 0 {
			continue
		}
		properties[name] = s.of(ref.Value, depth+1)
		if slices.Contains(x.Required, name) {
			required = append(required, name)
		}
	}
	out["properties"] = properties
	if len(required) > 0 {
		out["required"] = required
	}
}
