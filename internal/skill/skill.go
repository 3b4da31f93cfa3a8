// Package skill gives models tools: what they are called, what they take, and
// the work itself. A skill says what it may touch: nothing outside, text that
// strangers wrote, the world, or the user's own page, which then does the work.
// The package does not know models or chats;
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
// back by itself. Page is work that the user's page does, shut off from
// everything: its result holds nothing that the arguments did not.
const (
	Pure Effect = iota
	Reads
	Changes
	Page
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
	// Check says what is wrong with arguments before the call is made; nil: any
	// will do.
	Check func(arguments json.RawMessage) error
	// Call does the work. Its error is told to the model, which may try again,
	// so it says what would be right. nil where the Effect is Page.
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
	x, problem := s.Ready(name, arguments)
	if problem != "" {
		return problem, false
	}
	if x.Call == nil {
		return "error: only the user's page can run this, and there is none", false
	}
	out, err := x.Call(ctx, object(arguments))
	if err != nil {
		return "error: " + err.Error(), false
	}
	return Bounded(out), true
}

// Ready returns the skill of a call that can be made, or what the model is told
// of a call that cannot.
func (s Set) Ready(name, arguments string) (x Skill, problem string) {
	x, found := s.Find(name)
	switch {
	case !found:
		return x, fmt.Sprintf("error: there is no tool %q", name)
	case len(arguments) > MaxArguments:
		return x, fmt.Sprintf("error: arguments of %d bytes, at most %d", len(arguments), MaxArguments)
	case !json.Valid(object(arguments)):
		return x, "error: the arguments are not valid JSON"
	}
	if x.Check != nil {
		if err := x.Check(object(arguments)); err != nil {
			return x, "error: " + err.Error()
		}
	}
	return x, ""
}

// object is arguments as JSON: models leave out those of skills that take none.
func object(arguments string) json.RawMessage {
	if arguments == "" {
		return json.RawMessage("{}")
	}
	return json.RawMessage(arguments)
}

// Bounded is a result as long as one may be.
func Bounded(result string) string {
	if len(result) > MaxResult {
		return Cut(result, MaxResult) + "\n[cut]"
	}
	return result
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
