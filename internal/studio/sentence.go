package studio

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentences splits a text at line ends and after closing punctuation. Korean
// needs no dictionary for that: a sentence ends with . ? ! or … before a
// space, and a full stop between digits or Latin letters ends nothing. The
// sentences are trimmed; nothing else of the text is lost.
func Sentences(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, splitLine(strings.TrimSpace(line))...)
	}
	return out
}

func splitLine(line string) []string {
	var out []string
	start := 0
	for i, r := range line {
		if !strings.ContainsRune(".?!…。？！", r) {
			continue
		}
		end := closing(line, i+utf8.RuneLen(r))
		if end < start || end < len(line) && !breaks(line, i, end) {
			continue
		}
		if s := strings.TrimSpace(line[start:end]); s != "" {
			out = append(out, s)
		}
		start = end
	}
	if s := strings.TrimSpace(line[start:]); s != "" {
		out = append(out, s)
	}
	return out
}

// closing skips further marks and the quotes and brackets that close.
func closing(line string, at int) int {
	for at < len(line) {
		r, n := utf8.DecodeRuneInString(line[at:])
		if !strings.ContainsRune(".?!…。？！\"'”’)]」』》", r) {
			break
		}
		at += n
	}
	return at
}

// breaks reports whether the mark at i, whose sentence would end at end, is
// followed by a space and is not part of "3. " or "Mr. ".
func breaks(line string, i, end int) bool {
	next, _ := utf8.DecodeRuneInString(line[end:])
	if !unicode.IsSpace(next) {
		return !strings.ContainsRune(".?!", rune(line[i])) // ideographic marks need no space
	}
	if line[i] != '.' {
		return true
	}
	word := line[strings.LastIndexFunc(line[:i], unicode.IsSpace)+1 : i]
	return !enumerates(word)
}

// enumerates reports whether a word before a full stop counts or abbreviates:
// "3", "가", "Mr", "e.g".
func enumerates(word string) bool {
	word = strings.TrimLeft(word, "([")
	if n := utf8.RuneCountInString(word); n <= 2 {
		for _, r := range word {
			if !unicode.IsDigit(r) && !unicode.In(r, unicode.Latin) && n > 1 {
				return false
			}
		}
		return true
	}
	return strings.Contains(word, ".") && !strings.ContainsFunc(word, func(r rune) bool { return unicode.In(r, unicode.Hangul) })
}
