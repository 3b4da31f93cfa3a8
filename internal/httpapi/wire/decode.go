package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays of a body may nest. Real requests
// stay under 30 (a tool's JSON Schema); deeper ones only cost stack.
const MaxDepth = 128

// maxNameLen bounds a client's text that is repeated in an error message.
const maxNameLen = 64

// Decode reads a JSON object into dst, a pointer to a struct. It refuses text
// that is not UTF-8, values nested deeper than MaxDepth, and top-level names
// that the struct does not have: a misspelt parameter that was silently
// ignored would give wrong answers instead of an error. Errors are *Error.
func Decode(body []byte, dst any) error {
	if err := CheckText(body); err != nil {
		return err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return jsonError(err, "")
	}
	if object == nil {
		return notObject()
	}
	if err := checkNames(object, dst); err != nil {
		return err
	}
	if err := json.Unmarshal(body, dst); err != nil {
		return jsonError(err, "")
	}
	return nil
}

// Value decodes one nested value leniently: unknown names are ignored, since
// clients send back whole messages with fields of other servers. param names
// the value in errors.
func Value(raw json.RawMessage, dst any, param string) error {
	if err := json.Unmarshal(raw, dst); err != nil {
		return jsonError(err, param)
	}
	return nil
}

// Kind is the first character of a JSON value that tells its type: one of
// { [ " t f n 0, where 0 stands for every number; 0x00 means there is none.
func Kind(raw json.RawMessage) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	if c := raw[0]; c == '-' || c >= '0' && c <= '9' {
		return '0'
	}
	return raw[0]
}

// Null reports whether a value is absent or the JSON null.
func Null(raw json.RawMessage) bool { k := Kind(raw); return k == 0 || k == 'n' }

// CheckText refuses what no JSON body may be: empty, not UTF-8, nested too deep.
func CheckText(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return Invalid("", "the request body is empty, a JSON object is expected")
	}
	if !utf8.Valid(body) {
		// Old Windows shells send CP949; replaced characters would reach the model.
		return Invalid("", "the request body is not UTF-8 text; encode it as UTF-8")
	}
	if depth(body) > MaxDepth {
		return Invalid("", "the request body nests deeper than %d levels", MaxDepth)
	}
	return nil
}

// depth is the deepest nesting of brackets outside strings. It need not judge
// whether the text is JSON; the decoder does that afterwards.
func depth(body []byte) int {
	now, most := 0, 0
	quoted := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}

func checkNames(object map[string]json.RawMessage, dst any) error {
	known := map[string]bool{}
	collectNames(reflect.TypeOf(dst).Elem(), known)
	var unknown []string
	for name := range object {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown) // the same body gives the same message
	name := Shorten(unknown[0])
	e := Invalid(name, "unknown parameter: %q", name)
	e.Code = "unknown_parameter"
	return e
}

func collectNames(t reflect.Type, into map[string]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			collectNames(f.Type, into)
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			into[name] = true
		}
	}
}

// Shorten cuts a client's text to what may be repeated in a message or a log.
func Shorten(s string) string {
	if len(s) <= maxNameLen {
		return s
	}
	cut := maxNameLen
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

func notObject() *Error { return Invalid("", "the request body must be a JSON object") }

func jsonError(err error, param string) error {
	var own *Error
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &syntax):
		return Invalid(param, "not valid JSON: %s at byte %d", syntax.Error(), syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return Invalid(param, "not valid JSON: it ends too early")
	case errors.As(err, &typed):
		return typeError(typed, param)
	}
	return Invalid(param, "not valid JSON")
}

func typeError(err *json.UnmarshalTypeError, param string) *Error {
	path := joinPath(param, err.Field)
	if path == "" {
		return notObject()
	}
	e := Invalid(path, "expected %s, got %s", typeName(err.Type), article(err.Value))
	e.Code = "invalid_type"
	return e
}

// joinPath prints encoding/json's path to a field without the names of
// embedded structs, which are ours and not the client's.
func joinPath(param, field string) string {
	parts := []string{}
	if param != "" {
		parts = append(parts, param)
	}
	for _, p := range strings.Split(field, ".") {
		if p != "" && (p[0] < 'A' || p[0] > 'Z') {
			parts = append(parts, Shorten(p))
		}
	}
	return strings.Join(parts, ".")
}

func typeName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "an integer"
}

func article(value string) string {
	// encoding/json says "number 1.5" or "number" and so on.
	value = Shorten(value)
	switch {
	case value == "bool":
		return "true or false"
	case strings.HasPrefix(value, "array"), strings.HasPrefix(value, "object"):
		return "an " + value
	}
	return fmt.Sprintf("a %s", value)
}

// Accepts reports whether an Accept header names a media type.
func Accepts(header, mediaType string) bool {
	for _, item := range strings.Split(header, ",") {
		name, _, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(name), mediaType) {
			return true
		}
	}
	return false
}
