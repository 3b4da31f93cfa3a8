package grammar

import (
	"sort"
	"unicode/utf8"
)

// runes is a set of code points as inclusive ranges.
type runes []runeRange

type runeRange struct{ lo, hi rune }

// normal sorts the ranges, joins neighbours and cuts what is no code point:
// surrogates have no UTF-8 form.
func (s runes) normal() runes {
	var parts runes
	for _, r := range s {
		r.lo, r.hi = max(r.lo, 0), min(r.hi, utf8.MaxRune)
		if r.lo < 0xD800 {
			parts = append(parts, runeRange{r.lo, min(r.hi, 0xD7FF)})
		}
		if r.hi > 0xDFFF {
			parts = append(parts, runeRange{max(r.lo, 0xE000), r.hi})
		}
	}
	sort.Slice(parts, func(i, j int) bool { return parts[i].lo < parts[j].lo })
	var out runes
	for _, r := range parts {
		if r.lo > r.hi {
			continue
		}
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// not is the complement.
func (s runes) not() runes {
	var out runes
	next := rune(0)
	for _, r := range s.normal() {
		out = append(out, runeRange{next, r.lo - 1})
		next = r.hi + 1
	}
	return append(out, runeRange{next, utf8.MaxRune}).normal()
}

// and is the intersection.
func (s runes) and(t runes) runes {
	var out runes
	for _, a := range s.normal() {
		for _, b := range t.normal() {
			out = append(out, runeRange{max(a.lo, b.lo), min(a.hi, b.hi)})
		}
	}
	return out.normal()
}

// expr is one code point of the set in UTF-8, byte by byte.
func (s runes) expr() expr {
	var out expr
	for _, r := range s.normal() {
		out = appendUTF8(out, r.lo, r.hi)
	}
	return mergeLast(out)
}

// appendUTF8 adds the byte sequences of lo to hi: the range is cut where the
// encoded length changes, then where a leading byte changes, until each piece
// is a product of byte ranges.
func appendUTF8(out expr, lo, hi rune) expr {
	if lo > hi {
		return out
	}
	for _, end := range []rune{0x7F, 0x7FF, 0xFFFF} {
		if lo <= end && end < hi {
			return appendUTF8(appendUTF8(out, lo, end), end+1, hi)
		}
	}
	for shift := 6; shift <= 18; shift += 6 {
		mask := rune(1)<<shift - 1
		if lo&^mask == hi&^mask || utf8.RuneLen(lo)*6 <= shift {
			break
		}
		if lo&mask != 0 {
			return appendUTF8(appendUTF8(out, lo, lo|mask), (lo|mask)+1, hi)
		}
		if hi&mask != mask {
			return appendUTF8(appendUTF8(out, lo, hi&^mask-1), hi&^mask, hi)
		}
	}
	a, b := utf8.AppendRune(nil, lo), utf8.AppendRune(nil, hi)
	seq := make([]symbol, len(a))
	for i := range a {
		seq[i].rule = -1
		seq[i].set.add(a[i], b[i])
	}
	return append(out, seq)
}

// mergeLast joins one-byte alternatives into one.
func mergeLast(e expr) expr {
	var out expr
	one := symbol{rule: -1}
	for _, seq := range e {
		if len(seq) == 1 {
			for i, w := range seq[0].set {
				one.set[i] |= w
			}
			continue
		}
		out = append(out, seq)
	}
	if one.set != (byteSet{}) {
		out = append(out, []symbol{one})
	}
	return out
}
