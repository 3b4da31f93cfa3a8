package safety

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Group is a kind of language.
type Group string

// The groups.
const (
	Profanity Group = "profanity" // 욕설
	Hate      Group = "hate"      // 비하, 차별, 혐오
	Sexual    Group = "sexual"    // 성희롱, 음란
)

// Groups are all groups.
var Groups = []Group{Profanity, Hate, Sexual}

// Score says how sure a finding is.
type Score int

// The scores.
const (
	Clean    Score = iota // nothing was found
	Possible              // a word that is also used without ill will
	Likely
)

// Level says from which score on a group is acted on. The zero value is off.
type Level int

// The levels.
const (
	Off    Level = iota
	Low          // only what is likely
	Strict       // also what is possible
)

// Levels say how strict each group is; a missing one is off.
type Levels map[Group]Level

// Finding is a word that was found.
type Finding struct {
	Group Group
	Score Score
	Word  string // as the list has it
}

// Verdict is what was found in a text, at most one Finding per pattern.
type Verdict []Finding

// Score is the highest of a group.
func (v Verdict) Score(g Group) Score {
	top := Clean
	for _, f := range v {
		if f.Group == g {
			top = max(top, f.Score)
		}
	}
	return top
}

// Blocked are the groups to act on at the given levels.
func (v Verdict) Blocked(l Levels) []Group {
	var out []Group
	for _, g := range Groups {
		s := v.Score(g)
		if l[g] == Low && s >= Likely || l[g] == Strict && s >= Possible {
			out = append(out, g)
		}
	}
	return out
}

// Filter is a list of patterns, safe for concurrent use.
type Filter struct{ patterns []pattern }

type pattern struct {
	group    Group
	score    Score
	word     string
	begins   bool // only at the beginning of a word
	ends     bool // only at its end
	harmless []string
}

//go:embed words.txt
var words string

// New reads the list that comes with the program, and more lines in the same
// form, one pattern a line, which an office may add.
func New(more string) (*Filter, error) {
	f := &Filter{}
	for i, line := range strings.Split(words+"\n"+more, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		p, err := parse(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("safety: line %d of the word list: %w", i+1, err)
		}
		f.patterns = append(f.patterns, p...)
	}
	return f, nil
}

// parse reads GROUP SCORE WORD[,WORD…] [HARMLESS,…]. ^ before a word ties it
// to the beginning of a word, $ behind it to the end.
func parse(fields []string) ([]pattern, error) {
	if len(fields) < 3 || len(fields) > 4 {
		return nil, fmt.Errorf("want GROUP SCORE WORDS [HARMLESS], got %d fields", len(fields))
	}
	p := pattern{group: Group(fields[0])}
	switch fields[0] {
	case string(Profanity), string(Hate), string(Sexual):
	default:
		return nil, fmt.Errorf("unknown group %q", fields[0])
	}
	switch fields[1] {
	case "1":
		p.score = Possible
	case "2":
		p.score = Likely
	default:
		return nil, fmt.Errorf("score %q is not 1 or 2", fields[1])
	}
	if len(fields) == 4 {
		p.harmless = strings.Split(strings.ReplaceAll(fields[3], "_", " "), ",")
	}
	var out []pattern
	for _, w := range strings.Split(fields[2], ",") {
		q := p
		w, q.begins = strings.CutPrefix(w, "^")
		q.word, q.ends = strings.CutSuffix(w, "$")
		if q.word = strings.ReplaceAll(q.word, "_", " "); q.word == "" {
			return nil, fmt.Errorf("an empty word in %q", fields[2])
		}
		out = append(out, q)
	}
	return out, nil
}

// Check judges a text.
func (f *Filter) Check(text string) Verdict {
	flat := Normalise(text)
	var out Verdict
	for i := range f.patterns {
		if p := &f.patterns[i]; p.in(flat) {
			out = append(out, Finding{p.group, p.score, p.word})
		}
	}
	return out
}

// in reports whether the pattern stands anywhere in a normalised text, outside
// the harmless words.
func (p *pattern) in(flat string) bool {
	for at := 0; ; {
		i := strings.Index(flat[at:], p.word)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(p.word)
		if p.stands(flat, from, to) && !p.excused(flat, from, to) {
			return true
		}
		_, n := utf8.DecodeRuneInString(flat[from:])
		at = from + n
	}
}

func (p *pattern) stands(flat string, from, to int) bool {
	if c := p.word[0]; c >= 'a' && c <= 'z' && !latinWord(flat, from, to) {
		return false
	}
	if p.begins && from > 0 && flat[from-1] != ' ' {
		return false
	}
	return !p.ends || to == len(flat) || flat[to] == ' '
}

// excused reports whether the place lies within one of the harmless words.
func (p *pattern) excused(flat string, from, to int) bool {
	for _, h := range p.harmless {
		low, high := max(0, to-len(h)), min(len(flat), from+len(h))
		if low < high && strings.Contains(flat[low:high], h) {
			return true
		}
	}
	return false
}

// endings are what may follow a Latin word that is still that word.
var endings = map[string]bool{"": true, "s": true, "es": true, "er": true, "ers": true, "ed": true, "ing": true, "in": true, "y": true, "ty": true}

// latinWord reports whether a place is a word by itself, or with an ending:
// Scunthorpe, assets and random letters hold rude words that nobody wrote.
func latinWord(flat string, from, to int) bool {
	part := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
	if from > 0 && part(flat[from-1]) {
		return false
	}
	end := to
	for end < len(flat) && part(flat[end]) {
		end++
	}
	return endings[flat[to:end]]
}
