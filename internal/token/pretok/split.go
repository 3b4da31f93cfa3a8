package pretok

import "fmt"

// Pattern finds matches in text.
type Pattern interface {
	// Find returns the leftmost match that begins at or after from, or start < 0.
	// An empty match only cuts. state is nil at the first call for a text and what
	// the last call returned after that.
	Find(s string, from int, state any) (start, end int, next any)
}

// Behavior says what becomes of the text that a pattern matched.
type Behavior int

// The behaviours of the Hugging Face format.
const (
	Isolated       Behavior = iota // a piece of its own
	Removed                        // dropped
	MergedWithPrev                 // the end of the piece before
	MergedWithNext                 // the beginning of the piece after
	Contiguous                     // joined with matches that touch it
)

// ParseBehavior reads the name as tokenizer.json spells it.
func ParseBehavior(name string) (Behavior, error) {
	switch name {
	case "Isolated", "isolated", "":
		return Isolated, nil
	case "Removed", "removed":
		return Removed, nil
	case "MergedWithPrevious", "merged_with_previous":
		return MergedWithPrev, nil
	case "MergedWithNext", "merged_with_next":
		return MergedWithNext, nil
	case "Contiguous", "contiguous":
		return Contiguous, nil
	}
	return 0, fmt.Errorf("unknown split behavior %q", name)
}

// Split cuts at the matches of a pattern. Invert swaps matched and unmatched text.
type Split struct {
	Pattern  Pattern
	Behavior Behavior
	Invert   bool
}

type segment struct {
	start, end int
	match      bool
}

// Split implements Stage.
func (p Split) Split(dst []string, s string, _ bool) []string {
	if scan, ok := p.Pattern.(scanner); ok && p.Behavior == Isolated && !p.Invert {
		return scan.isolate(dst, s)
	}
	segments := p.Behavior.arrange(p.segments(s))
	for _, seg := range segments {
		if seg.start < seg.end {
			dst = append(dst, s[seg.start:seg.end])
		}
	}
	return dst
}

// segments covers the whole of s with matched and unmatched stretches.
func (p Split) segments(s string) []segment {
	var out []segment
	var state any
	done, from := 0, 0
	for from <= len(s) {
		start, end, next := p.Pattern.Find(s, from, state)
		if start < 0 {
			break
		}
		state = next
		if start > done {
			out = append(out, segment{done, start, p.Invert})
		}
		out = append(out, segment{start, end, !p.Invert})
		done, from = end, end
		if start == end {
			from++
		}
	}
	if done < len(s) {
		out = append(out, segment{done, len(s), p.Invert})
	}
	return out
}

// arrange applies the behaviour, in place.
func (b Behavior) arrange(segments []segment) []segment {
	out := segments[:0]
	switch b {
	case Removed:
		for _, seg := range segments {
			if !seg.match {
				out = append(out, seg)
			}
		}
	case Contiguous:
		for _, seg := range segments {
			if n := len(out); n > 0 && out[n-1].match == seg.match {
				out[n-1].end = seg.end
			} else {
				out = append(out, seg)
			}
		}
	case MergedWithPrev:
		last := false
		for _, seg := range segments {
			if n := len(out); seg.match && !last && n > 0 {
				out[n-1].end = seg.end
			} else {
				out = append(out, seg)
			}
			last = seg.match
		}
	case MergedWithNext:
		return mergeWithNext(segments)
	default:
		return segments
	}
	return out
}

// mergeWithNext is MergedWithPrev seen from the end of the text.
func mergeWithNext(segments []segment) []segment {
	out := make([]segment, 0, len(segments))
	last := false
	for i := len(segments) - 1; i >= 0; i-- {
		seg := segments[i]
		if n := len(out); seg.match && !last && n > 0 {
			out[n-1].start = seg.start
		} else {
			out = append(out, seg)
		}
		last = seg.match
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
