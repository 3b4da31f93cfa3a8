package textnorm

import (
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
	return f.form.String(text)
}

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
