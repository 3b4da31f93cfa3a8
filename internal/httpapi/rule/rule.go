// Package rule holds the limits and checks of requests that belong to no API
// dialect: what a stop string, a tool or a number may be, and what the server
// samples with when nobody says. Both dialects apply them, so that a request
// is treated alike whichever way it came in.
//
// It refuses to know the shape of any request. Errors are *wire.Error.
package rule

import (
	"encoding/json"
	"math"
	"strings"

	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
	"malmoi/internal/httpapi/wire"
)

// Limits of one request. They bound work and memory, not taste.
const (
	MaxStops        = 16        // stop strings
	MaxStopBytes    = 1024      // of one stop string
	MaxTools        = 512       // functions offered to the model
	MaxToolName     = 128       // bytes of a function's name
	MaxPatternBytes = 256 << 10 // of a schema, regular expression or grammar
)

// Defaults are what the server samples with where a request says nothing. The
// APIs' own default is an unfiltered temperature of 1, at which small
// quantised models write broken Korean; a request that names temperature and
// top_p gets exactly those.
func Defaults() sample.Params {
	return sample.Params{Temperature: 0.7, TopP: 0.95, RepetitionPenalty: 1}
}

// Float stores *value, if there is one and it lies in [low, high].
func Float(dst, value *float32, param string, low, high float32) error {
	if value == nil {
		return nil
	}
	if v := *value; math.IsNaN(float64(v)) || v < low || v > high {
		return wire.Invalid(param, "must be between %g and %g, got %g", low, high, v)
	}
	*dst = *value
	return nil
}

// TopP stores a nucleus size. No token lies in a nucleus of nothing, for which
// OpenAI takes the likeliest token.
func TopP(p *sample.Params, value *float32, param string) error {
	if err := Float(&p.TopP, value, param, 0, 1); err != nil {
		return err
	}
	if value != nil && *value == 0 {
		p.TopP, p.TopK = 1, 1
	}
	return nil
}

// Stops holds stop strings to the limits.
func Stops(stops []string, param string) error {
	if len(stops) > MaxStops {
		return wire.Invalid(param, "at most %d stop strings, got %d", MaxStops, len(stops))
	}
	for _, s := range stops {
		if s == "" {
			return wire.Invalid(param, "a stop string must not be empty")
		}
		if len(s) > MaxStopBytes {
			return wire.Invalid(param, "a stop string may have at most %d bytes, got %d", MaxStopBytes, len(s))
		}
	}
	return nil
}

// ToolName holds a function's name to what fits into prompts and grammars: no
// spaces, quotes, brackets or control characters. Hangul is fine.
func ToolName(name, param string) error {
	if name == "" {
		return wire.Missing(param)
	}
	if len(name) > MaxToolName {
		return wire.Invalid(param, "at most %d bytes, got %d", MaxToolName, len(name))
	}
	for _, r := range name {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("\"'\\<>{}[]()`", r) {
			return wire.Invalid(param, "must not hold spaces, quotes, brackets or control characters")
		}
	}
	return nil
}

// Parameters checks that a tool's parameters are an object or absent.
func Parameters(raw json.RawMessage, param string) (json.RawMessage, error) {
	if wire.Null(raw) {
		return nil, nil
	}
	if wire.Kind(raw) != '{' {
		return nil, wire.Invalid(param, "must be a JSON Schema object")
	}
	if len(raw) > MaxPatternBytes {
		return nil, wire.Invalid(param, "at most %d bytes, got %d", MaxPatternBytes, len(raw))
	}
	return raw, nil
}

// Schema checks a JSON Schema that the answer is to follow.
func Schema(raw json.RawMessage, param string) (json.RawMessage, error) {
	if len(raw) > MaxPatternBytes {
		return nil, wire.Invalid(param, "at most %d bytes, got %d", MaxPatternBytes, len(raw))
	}
	if !json.Valid(raw) || strings.IndexByte("{tf", wire.Kind(raw)) < 0 {
		return nil, wire.Invalid(param, "must be a JSON Schema: an object, true or false")
	}
	return raw, nil
}

// Tools checks the tools of a request as a set.
func Tools(tools []chat.Tool) error {
	if len(tools) > MaxTools {
		return wire.Invalid("tools", "at most %d tools, got %d", MaxTools, len(tools))
	}
	seen := map[string]bool{}
	for _, t := range tools {
		if seen[t.Name] {
			return wire.Invalid("tools", "two tools have the name %q", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}
