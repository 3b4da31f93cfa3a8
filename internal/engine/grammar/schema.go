package grammar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// JSONSchema compiles a JSON Schema (draft 2020-12 and its predecessors, the
// part that describes structure). Properties come in the order of the schema.
// A keyword that restricts values in a way that is not enforced is an error,
// never ignored: what is promised holds.
func JSONSchema(schema []byte) (*Grammar, error) {
	if len(schema) > maxSource {
		return nil, fmt.Errorf("json schema: %d bytes, at most %d", len(schema), maxSource)
	}
	root, err := parseOrdered(schema)
	if err != nil {
		return nil, fmt.Errorf("json schema: %w", err)
	}
	b := &builder{}
	start := b.declare()
	c := &schemaCompiler{b: b, j: newJSONRules(b), root: root, refs: map[string]int32{}}
	b.define(start, c.compile(root, "#", 0))
	return b.finish(start)
}

type schemaCompiler struct {
	b    *builder
	j    *jsonRules
	root any
	refs map[string]int32 // by pointer: rules of $ref, for recursion
}

func (c *schemaCompiler) fail(at, format string, args ...any) expr {
	return c.b.fail("json schema: %s: "+format, append([]any{at}, args...)...)
}

// annotations do not restrict values, or are handled beside their keyword.
var annotations = map[string]bool{
	"title": true, "description": true, "default": true, "examples": true, "example": true, "deprecated": true, "readOnly": true, "writeOnly": true,
	"$schema": true, "$id": true, "$comment": true, "$defs": true, "definitions": true, "$anchor": true, "id": true, "contentMediaType": true, "contentEncoding": true,
}

// enforced lists the keywords that compile understands.
var enforced = map[string]bool{
	"type": true, "enum": true, "const": true, "anyOf": true, "oneOf": true, "allOf": true, "$ref": true, "nullable": true,
	"properties": true, "required": true, "additionalProperties": true, "items": true, "prefixItems": true, "minItems": true, "maxItems": true,
	"minLength": true, "maxLength": true, "pattern": true, "format": true, "minimum": true, "maximum": true, "exclusiveMinimum": true, "exclusiveMaximum": true,
}

// compile turns the schema at a JSON pointer into a grammar.
func (c *schemaCompiler) compile(schema any, at string, depth int) expr {
	if c.b.err != nil {
		return empty()
	}
	if depth > maxDepth {
		return c.fail(at, "nested deeper than %d", maxDepth)
	}
	if yes, ok := schema.(bool); ok {
		if yes {
			return c.j.value
		}
		return none()
	}
	s, ok := schema.(*ordered)
	if !ok {
		return c.fail(at, "a schema is an object or a boolean, this is %T", schema)
	}
	for _, key := range s.keys {
		if !annotations[key] && !enforced[key] {
			return c.fail(at, "keyword %q is not supported; remove it, or describe the restriction in the prompt", key)
		}
	}
	e := c.structure(s, at, depth)
	if s.get("nullable") == true {
		e = either(e, literal("null"))
	}
	return e
}

// structure picks the keyword that determines the form.
func (c *schemaCompiler) structure(s *ordered, at string, depth int) expr {
	switch {
	case s.has("$ref"):
		return c.reference(s, at, depth)
	case s.has("const"):
		return c.constant(s.get("const"))
	case s.has("enum"):
		return c.enum(s, at)
	case s.has("anyOf"):
		return c.alternatives(s, "anyOf", at, depth)
	case s.has("oneOf"):
		return c.alternatives(s, "oneOf", at, depth)
	case s.has("allOf"):
		return c.merged(s, at, depth)
	}
	switch t := s.get("type").(type) {
	case string:
		return c.typed(s, t, at, depth)
	case []any:
		var out expr
		for _, name := range t {
			text, ok := name.(string)
			if !ok {
				return c.fail(at, "type %v is not a name", name)
			}
			out = either(out, c.typed(s, text, at, depth))
		}
		return out
	case nil:
		switch {
		case s.has("properties") || s.has("additionalProperties") || s.has("required"):
			return c.typed(s, "object", at, depth)
		case s.has("items") || s.has("prefixItems") || s.has("minItems") || s.has("maxItems"):
			return c.typed(s, "array", at, depth)
		case s.has("pattern") || s.has("format") || s.has("minLength") || s.has("maxLength"):
			return c.typed(s, "string", at, depth)
		case s.has("minimum") || s.has("maximum") || s.has("exclusiveMinimum") || s.has("exclusiveMaximum"):
			return c.typed(s, "number", at, depth)
		}
		return c.j.value
	}
	return c.fail(at, "type %v is neither a name nor a list", s.get("type"))
}

func (c *schemaCompiler) typed(s *ordered, t, at string, depth int) expr {
	switch t {
	case "null":
		return literal("null")
	case "boolean":
		return either(literal("true"), literal("false"))
	case "string":
		return c.text(s, at)
	case "integer":
		return c.integer(s, at)
	case "number":
		return c.number(s, at)
	case "array":
		return c.array(s, at, depth)
	case "object":
		return c.object(s, at, depth)
	}
	return c.fail(at, "unknown type %q", t)
}

// constant is exactly one value.
func (c *schemaCompiler) constant(v any) expr {
	return literal(string(encode(v)))
}

func (c *schemaCompiler) enum(s *ordered, at string) expr {
	list, ok := s.get("enum").([]any)
	if !ok || len(list) == 0 {
		return c.fail(at, "enum is not a list of values")
	}
	var out expr
	for _, v := range list {
		out = either(out, c.constant(v))
	}
	return out
}

func (c *schemaCompiler) alternatives(s *ordered, key, at string, depth int) expr {
	list, ok := s.get(key).([]any)
	if !ok || len(list) == 0 {
		return c.fail(at, "%s is not a list of schemas", key)
	}
	var out expr
	for i, sub := range list {
		full, err := merge(s.without(key), sub)
		if err != nil {
			return c.fail(at, "%s/%d: %v", key, i, err)
		}
		out = either(out, c.named(c.compile(full, fmt.Sprintf("%s/%s/%d", at, key, i), depth+1)))
	}
	return out
}

func (c *schemaCompiler) named(e expr) expr { return c.b.named(e) }

// merged compiles the conjunction of allOf by merging its schemas.
func (c *schemaCompiler) merged(s *ordered, at string, depth int) expr {
	list, ok := s.get("allOf").([]any)
	if !ok {
		return c.fail(at, "allOf is not a list of schemas")
	}
	var all any = s.without("allOf")
	for i, sub := range list {
		if o, ok := sub.(*ordered); ok && o.has("$ref") && len(list) > 1 {
			target, err := c.resolve(o)
			if err != nil {
				return c.fail(at, "%v", err)
			}
			sub = target
		}
		var err error
		if all, err = merge(all, sub); err != nil {
			return c.fail(at, "allOf/%d: %v", i, err)
		}
	}
	return c.compile(all, at, depth+1)
}

// reference compiles the schema that $ref names, once for all its uses.
func (c *schemaCompiler) reference(s *ordered, at string, depth int) expr {
	pointer, _ := s.get("$ref").(string)
	if r, ok := c.refs[pointer]; ok {
		return ref(r)
	}
	target, err := c.resolve(s)
	if err != nil {
		return c.fail(at, "%v", err)
	}
	r := c.b.declare()
	c.refs[pointer] = r
	c.b.define(r, c.compile(target, pointer, depth+1))
	return ref(r)
}

func (c *schemaCompiler) resolve(s *ordered) (any, error) {
	pointer, ok := s.get("$ref").(string)
	if !ok || !strings.HasPrefix(pointer, "#") {
		return nil, fmt.Errorf("$ref %v: only references into the same schema (#/…) are followed", s.get("$ref"))
	}
	var at any = c.root
	for _, part := range strings.Split(pointer, "/")[1:] {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		o, ok := at.(*ordered)
		if !ok || !o.has(part) {
			return nil, fmt.Errorf("$ref %q leads nowhere", pointer)
		}
		at = o.get(part)
	}
	return at, nil
}

func (c *schemaCompiler) array(s *ordered, at string, depth int) expr {
	lo, hi, ok := c.bounds(s, "minItems", "maxItems", at)
	if !ok {
		return empty()
	}
	item := c.j.value
	more := true // whether items beyond the prefix are allowed
	if s.has("items") {
		more = s.get("items") != false
		if more {
			item = c.named(c.compile(s.get("items"), at+"/items", depth+1))
		}
	}
	prefix, _ := s.get("prefixItems").([]any)
	if len(prefix) == 0 {
		if !more {
			hi = 0
		}
		return c.j.arrayOf(item, lo, hi)
	}
	b := c.b
	var rest expr
	switch {
	case !more || hi >= 0 && hi <= len(prefix):
		rest = empty()
	default:
		rest = b.repeat(b.seq(literal(","), c.j.ws, item), max(0, lo-len(prefix)), max(-1, hi-len(prefix)))
	}
	parts := []expr{literal("["), c.j.ws}
	for i, p := range prefix {
		if i > 0 {
			parts = append(parts, literal(","), c.j.ws)
		}
		parts = append(parts, c.named(c.compile(p, fmt.Sprintf("%s/prefixItems/%d", at, i), depth+1)))
	}
	return b.seq(append(parts, rest, c.j.ws, literal("]"))...)
}

// bounds reads a pair of counts; hi is -1 without an upper one.
func (c *schemaCompiler) bounds(s *ordered, loKey, hiKey, at string) (lo, hi int, ok bool) {
	hi = -1
	for _, k := range []struct {
		key string
		to  *int
	}{{loKey, &lo}, {hiKey, &hi}} {
		if !s.has(k.key) {
			continue
		}
		n, isNum := s.get(k.key).(json.Number)
		f, err := n.Float64()
		if !isNum || err != nil || f < 0 || f != math.Trunc(f) || f > maxRepeat {
			c.fail(at, "%s %v is not a count up to %d", k.key, s.get(k.key), maxRepeat)
			return 0, 0, false
		}
		*k.to = int(f)
	}
	if hi >= 0 && lo > hi {
		c.fail(at, "%s %d is more than %s %d", loKey, lo, hiKey, hi)
		return 0, 0, false
	}
	return lo, hi, true
}

// encode is compact JSON with keys in order and without HTML escapes.
func encode(v any) []byte {
	switch v := v.(type) {
	case *ordered:
		out := []byte("{")
		for i, k := range v.keys {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(append(out, encode(k)...), ':'), encode(v.vals[k])...)
		}
		return append(out, '}')
	case []any:
		out := []byte("[")
		for i, e := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, encode(e)...)
		}
		return append(out, ']')
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil // strings, numbers, booleans and null always encode
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
