package textnorm

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"malmoi/internal/token/uni"
)

// Form is a Unicode normal form.
type Form struct{ form norm.Form }

// NFC is canonical composition.
func NFC() Form { return Form{norm.NFC} }

// NFD is canonical decomposition.
func NFD() Form { return Form{norm.NFD} }

// NFKC is compatibility composition.
func NFKC() Form { return Form{norm.NFKC} }

// NFKD is compatibility decomposition.
func NFKD() Form { return Form{norm.NFKD} }

// Normalize implements Normalizer. Frozen code points end the stretch before them
// and begin the one after: to the reference they are unassigned, so nothing
// composes with them or moves past them.
func (f Form) Normalize(text string) string {
	if isASCII(text) {
		return text
	}
	table := uni.Get()
	var out []byte
	start := 0
	for i, r := range text {
		if r < 0x800 || table.Of(r)&uni.Frozen == 0 {
			continue
		}
		n := utf8.RuneLen(r)
		out = append(out, f.whole(text[start:i])...)
		out = append(out, text[i:i+n]...)
		start = i + n
	}
	if out == nil {
		return f.whole(text)
	}
	return string(append(out, f.whole(text[start:])...))
}

func (f Form) whole(text string) string {
	if f.form.IsNormalString(text) {
		return text
	}
	out := f.form.String(text)
	if strings.Count(out, joiner) != strings.Count(text, joiner) {
		return f.slow(text)
	}
	return out
}

// joiner is what x/text puts into runs of more than 30 marks, to bound its buffers
// (UAX #15, Stream-Safe Text Format). The reference does not.
const joiner = "\u034f"

// slow is the normal form by the book, of the stretches between bytes that are not
// UTF-8.
func (f Form) slow(text string) string {
	var out []byte
	start := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			out = append(append(out, f.book(text[start:i])...), text[i])
			start = i + 1
		}
		i += n
	}
	return string(append(out, f.book(text[start:])...))
}

// book decomposes, orders marks and composes.
func (f Form) book(text string) string {
	decompose := norm.NFD
	if f.form == norm.NFKC || f.form == norm.NFKD {
		decompose = norm.NFKD
	}
	var runes []rune
	var ccc []uint8
	for _, r := range text {
		for _, d := range decompose.String(string(r)) {
			runes, ccc = append(runes, d), append(ccc, norm.NFD.PropertiesString(string(d)).CCC())
		}
	}
	orderMarks(runes, ccc)
	if f.form == norm.NFC || f.form == norm.NFKC {
		runes = compose(runes, ccc)
	}
	return string(runes)
}

// orderMarks sorts each run of code points with a combining class by that class.
func orderMarks(runes []rune, ccc []uint8) {
	type mark struct {
		r rune
		c uint8
	}
	for i := 0; i < len(runes); i++ {
		start := i
		var run []mark
		for ; i < len(runes) && ccc[i] != 0; i++ {
			run = append(run, mark{runes[i], ccc[i]})
		}
		slices.SortStableFunc(run, func(a, b mark) int { return int(a.c) - int(b.c) })
		for j, m := range run {
			runes[start+j], ccc[start+j] = m.r, m.c
		}
	}
}

// compose joins each mark with the last starter where no other mark of the same or
// a higher class stands between them.
func compose(runes []rune, ccc []uint8) []rune {
	out := runes[:0]
	starter, last := -1, uint8(0)
	for i, r := range runes {
		c := ccc[i]
		if starter >= 0 && (last < c || last == 0 && starter == len(out)-1) {
			if pair := norm.NFC.String(string([]rune{out[starter], r})); utf8.RuneCountInString(pair) == 1 {
				out[starter], _ = utf8.DecodeRuneInString(pair)
				continue
			}
		}
		if c == 0 {
			starter = len(out)
		}
		last = c
		out = append(out, r)
	}
	return out
}

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
