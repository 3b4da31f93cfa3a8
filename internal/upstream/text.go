package upstream

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// rawText is a JSON string whose bytes are kept as they came. encoding/json
// would replace half a syllable by U+FFFD; some servers cut a syllable between
// two events, and the other half is in the next one.
type rawText string

// UnmarshalJSON implements json.Unmarshaler. null is the empty text.
func (t *rawText) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*t = ""
		return nil
	}
	if len(raw) < 2 || raw[0] != '"' {
		return fmt.Errorf("want a string, got %.20q", raw)
	}
	if utf8.Valid(raw) {
		return json.Unmarshal(raw, (*string)(t))
	}
	var out []byte
	body := raw[1 : len(raw)-1]
	for len(body) > 0 {
		// A byte that is not UTF-8 cannot stand inside an escape sequence, so
		// what lies between two such bytes is a JSON string of its own.
		valid := validPrefix(body)
		var part string
		if err := json.Unmarshal([]byte(`"`+string(body[:valid])+`"`), &part); err != nil {
			return err
		}
		out = append(out, part...)
		body = body[valid:]
		if len(body) > 0 {
			out = append(out, body[0])
			body = body[1:]
		}
	}
	*t = rawText(out)
	return nil
}

// validPrefix is the length of the valid UTF-8 at the beginning of b.
func validPrefix(b []byte) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// joiner puts characters together that were cut between two pieces of text.
type joiner struct{ held string }

// push returns the text up to the last whole character. Bytes that can become
// no character are replaced by U+FFFD.
func (j *joiner) push(piece rawText) string {
	if j.held == "" && utf8.ValidString(string(piece)) {
		return string(piece)
	}
	s := j.held + string(piece)
	cut := len(s) - unfinished(s)
	j.held = s[cut:]
	return strings.ToValidUTF8(s[:cut], "\uFFFD")
}

// flush is what was held back when nothing more comes.
func (j *joiner) flush() string {
	s := strings.ToValidUTF8(j.held, "\uFFFD")
	j.held = ""
	return s
}

// unfinished is the length of a UTF-8 sequence at the end of s that more bytes
// may complete, 0 if there is none.
func unfinished(s string) int {
	for n := 1; n <= min(len(s), utf8.UTFMax-1); n++ {
		b := s[len(s)-n]
		if utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRuneInString(s[len(s)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
