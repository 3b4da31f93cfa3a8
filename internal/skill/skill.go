// Package skill gives models tools: what they are called, what they take, and
// the work itself. A skill says what it may touch: nothing outside, text that
// strangers wrote, or the world. The package does not know models or chats;
// whoever runs the calls decides what needs a person's word.
package skill

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Effect says what a call may do beside its answer.
type Effect int

// The effects. What Reads brings text into the conversation that may hold
// instructions of strangers; what Changes does something that cannot be taken
// back by itself.
const (
	Pure Effect = iota
	Reads
	Changes
)

// Skill is one tool.
type Skill struct {
	Name        string          // as the model calls it: letters, digits and _
	Title       string          // as people see it, in Korean
	Description string          // as the model is told
	Parameters  json.RawMessage // JSON Schema of the arguments
	Effect      Effect
	// Address is where a call would go, if the model chose that and the place
	// would learn what the arguments hold; "" if not. nil: never. Once strangers'
	// text is in play such a call needs a person's word although it only reads.
	Address func(arguments json.RawMessage) string
	// Call does the work. Its error is told to the model, which may try again,
	// so it says what would be right.
	Call func(ctx context.Context, arguments json.RawMessage) (string, error)
}

// Set is a list of skills by name.
type Set []Skill

// Find returns the skill with a name.
func (s Set) Find(name string) (Skill, bool) {
	i := slices.IndexFunc(s, func(x Skill) bool { return x.Name == name })
	if i < 0 {
		return Skill{}, false
	}
	return s[i], true
}

// Limits of a call.
const (
	MaxArguments = 64 << 10 // bytes
	MaxResult    = 32 << 10 // bytes; longer results are cut and say so
)

// Run calls a skill by name. Whatever goes wrong comes back as text for the
// model; ok says whether it went well.
func (s Set) Run(ctx context.Context, name, arguments string) (result string, ok bool) {
	x, found := s.Find(name)
	if !found {
		return fmt.Sprintf("error: there is no tool %q", name), false
	}
	if len(arguments) > MaxArguments {
		return fmt.Sprintf("error: arguments of %d bytes, at most %d", len(arguments), MaxArguments), false
	}
	if arguments == "" {
		arguments = "{}"
	}
	if !json.Valid([]byte(arguments)) {
		return "error: the arguments are not valid JSON", false
	}
	out, err := x.Call(ctx, json.RawMessage(arguments))
	if err != nil {
		return "error: " + err.Error(), false
	}
	if len(out) > MaxResult {
		out = Cut(out, MaxResult) + "\n[cut]"
	}
	return out, true
}

// Cut returns at most limit bytes of a text and no half characters.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// read decodes arguments into a struct. Names the struct does not have are
// ignored: small models make some up.
func read[T any](arguments json.RawMessage) (T, error) {
	var v T
	if err := json.Unmarshal(arguments, &v); err != nil {
		return v, fmt.Errorf("the arguments do not fit: %w", err)
	}
	return v, nil
}
