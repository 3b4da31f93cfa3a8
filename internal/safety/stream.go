package safety

import (
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"malmoi/internal/llm"
)

// An answer is searched every checkEvery bytes, about 200 syllables, together
// with the last overlap bytes before them, since a word may be split.
const (
	checkEvery = 600
	overlap    = 200
)

// stream watches an answer as it grows. Like every stream it has one reader.
type stream struct {
	llm.Stream
	m       *generator
	rules   Rules
	choices map[int]*watch
	left    int // choices that have not ended
}

// watch is what is watched of one choice.
type watch struct {
	content, reasoning window
	all                strings.Builder // for the judge
	ended              bool
}

func newStream(st llm.Stream, m *generator, rules Rules, choices int) *stream {
	return &stream{Stream: st, m: m, rules: rules, choices: map[int]*watch{}, left: max(1, choices)}
}

// Next implements llm.Stream.
func (s *stream) Next(ctx context.Context) (llm.Event, error) {
	for s.left > 0 {
		e, err := s.Stream.Next(ctx)
		if err != nil {
			return e, err
		}
		c := s.choices[e.Choice]
		if c == nil {
			c = &watch{}
			s.choices[e.Choice] = c
		}
		if c.ended {
			continue // the model goes on with a choice that has ended for the client
		}
		if s.passes(ctx, c, e) {
			return e, nil // also an event behind the last token, such as one that only counts
		}
		c.ended = true
		if s.left--; s.left == 0 {
			s.Stream.Close()
		}
		return llm.Event{Choice: e.Choice, Finish: llm.FinishFiltered}, nil
	}
	return llm.Event{}, io.EOF
}

// passes takes an event and reports whether the client may have it.
func (s *stream) passes(ctx context.Context, c *watch, e llm.Event) bool {
	last := e.Finish != ""
	for _, part := range []string{c.content.add(e.Content, last), c.reasoning.add(e.Reasoning, last)} {
		if part != "" && len(s.m.g.filter.Check(part).Blocked(s.rules.Levels)) > 0 {
			return false
		}
	}
	if !s.rules.Judge {
		return true
	}
	if c.all.Len() < judgeShown {
		c.all.WriteString(e.Content)
	}
	return !last || strings.TrimSpace(c.all.String()) == "" || len(s.m.judged(ctx, s.rules, c.all.String())) == 0
}

// window is the end of a growing text, of which the last fresh bytes were not
// searched yet.
type window struct {
	text  []byte // kept, so that a token costs no allocation
	fresh int
}

// add appends and returns what is to be searched now, "" for nothing.
func (w *window) add(text string, last bool) string {
	w.text = append(w.text, text...)
	w.fresh += len(text)
	if w.fresh == 0 || w.fresh < checkEvery && !last {
		return ""
	}
	out := string(w.text)
	if space := strings.LastIndexAny(out, " \n\t"); !last && space > len(out)-overlap/2 {
		out = out[:space] // a word of which more comes is searched when it is whole
	}
	w.fresh = len(w.text) - len(out)
	if from := len(out) - overlap; from > 0 {
		for from < len(out) && !utf8.RuneStart(out[from]) {
			from++
		}
		// A harmless word whose beginning is cut off would look like a bad one.
		if space := strings.IndexAny(out[from:], " \n\t"); space >= 0 {
			from += space
		}
		w.text = append(w.text[:0], w.text[from:]...)
	}
	return out
}
