package token

import (
	"strings"
	"unicode/utf8"
)

// Decoder turns tokens into text as they come. Whatever Push returns is final and
// whole: it ends neither inside a code point nor inside a Hangul syllable that is
// spelled in conjoining jamo. All results joined are what Decode returns for the
// same ids, but for bytes that are no UTF-8: Decode may give up a whole run of byte
// tokens, a Decoder only the bytes that are wrong.
type Decoder struct {
	t     *Tokenizer
	skip  bool
	begun bool // a token was shown
	strip int  // characters still to be taken off the beginning
	held  []byte
}

// maxJamo bounds how many bytes of jamo wait for their syllable.
const maxJamo = 24

// Decoder returns a streaming decoder; skipSpecial leaves special tokens out.
func (t *Tokenizer) Decoder(skipSpecial bool) *Decoder {
	return &Decoder{t: t, skip: skipSpecial, strip: t.decoder.stripMax}
}

// Push takes the next token and returns the text that is complete now.
func (d *Decoder) Push(id int32) string {
	piece := d.t.vocab.Piece(id)
	if piece == "" || d.skip && d.t.is(id, control) {
		return ""
	}
	d.held = d.appendToken(d.held, id, piece)
	d.begun = true
	n := complete(d.held)
	if d.t.decoder.ending && n > 0 && d.held[n-1] == ' ' {
		n--
	}
	if n == 0 {
		return ""
	}
	text := string(appendLossy(nil, d.held[:n]))
	d.held = append(d.held[:0], d.held[n:]...)
	return text
}

// Flush ends the text and returns the rest of it; bytes that wait for others in
// vain become U+FFFD. The Decoder is as new afterwards.
func (d *Decoder) Flush() string {
	text := string(appendLossy(nil, d.held))
	if d.t.decoder.ending {
		text = strings.TrimSuffix(text, " ")
	}
	*d = *d.t.Decoder(d.skip)
	return text
}

// appendToken appends the bytes of a token at its place in the text.
func (d *Decoder) appendToken(dst []byte, id int32, piece string) []byte {
	dec := &d.t.decoder
	start := len(dst)
	switch {
	case d.t.byteLevel:
	case dec.wordPiece:
		one := piece
		if d.begun {
			one = " " + piece
			if dec.join != "" && strings.HasPrefix(piece, dec.join) {
				one = piece[len(dec.join):]
			}
		}
		if dec.cleanup {
			one = cleanUp(one)
		}
		return append(dst, one...)
	case dec.mark != "" && !d.begun:
		return append(dst, strings.ReplaceAll(piece, dec.mark, "")...)
	case len(dec.steps) == 0 && !dec.plain && d.begun:
		dst = append(dst, ' ')
	}
	dst = d.t.appendBytes(dst, id)
	for d.strip > 0 && start < len(dst) {
		if dst[start] != dec.strip {
			d.strip = 0
			break
		}
		dst = append(dst[:start], dst[start+1:]...)
		d.strip--
	}
	return dst
}

// complete returns how many bytes of b can be shown.
func complete(b []byte) int {
	end := len(b)
	for i := end - 1; i >= 0 && i >= end-utf8.UTFMax; i-- {
		if !utf8.RuneStart(b[i]) {
			continue
		}
		if r, n := utf8.DecodeRune(b[i:]); r == utf8.RuneError && n == 1 {
			if n, open := subpart(b[i:]); open && i+n == end {
				end = i
			}
		}
		break
	}
	for start := end; start > 0 && end-start < maxJamo; {
		r, n := utf8.DecodeLastRune(b[:start])
		if !openJamo(r) {
			return start
		}
		start -= n
		if start == 0 || end-start >= maxJamo {
			return start
		}
	}
	return end
}

// openJamo says whether a leading consonant or a vowel may be continued by the next
// code point (Hangul Jamo, its extensions A and B).
func openJamo(r rune) bool {
	return 0x1100 <= r && r <= 0x11A7 || 0xA960 <= r && r <= 0xA97C || 0xD7B0 <= r && r <= 0xD7C6
}
