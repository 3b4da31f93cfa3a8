package llm

import (
	"strings"

	"malmoi/internal/chat"
)

// stopMatcher finds the caller's stop strings in a stream of text. Text that
// may be the beginning of one is held back until it is decided.
type stopMatcher struct {
	stops []string
	held  string
	found string // the stop string that was found
}

// push returns the text that is certainly before any stop string, and whether
// one was found; after that nothing more comes.
func (m *stopMatcher) push(text string) (emit string, stopped bool) {
	if len(m.stops) == 0 {
		return text, false
	}
	m.held += text
	if at := m.find(); at >= 0 {
		emit, m.held = m.held[:at], ""
		return emit, true
	}
	keep := chat.Held(m.held, m.stops)
	emit = m.held[:len(m.held)-keep]
	m.held = m.held[len(m.held)-keep:]
	return emit, false
}

// flush returns what was held back, at the end of generation.
func (m *stopMatcher) flush() string {
	text := m.held
	m.held = ""
	return text
}

// find is the start of the earliest stop string in held, or -1. It notes which
// one that is.
func (m *stopMatcher) find() int {
	first := -1
	for _, s := range m.stops {
		if at := strings.Index(m.held, s); at >= 0 && (first < 0 || at < first) {
			first, m.found = at, s
		}
	}
	return first
}
