package token

import (
	"strings"
	"unicode/utf8"

	"malmoi/internal/token/bytelevel"
	"malmoi/internal/token/textnorm"
)

// decoder is a sequence of steps over the pieces of a text, which are then joined.
// Without steps they are joined with spaces, unless plain is set.
type decoder struct {
	steps []step
	plain bool
	// What the steps come to for one token at a time.
	replace   []textnorm.Normalizer // rewrites of a piece
	strip     byte                  // character taken off the beginning of the text
	stripMax  int                   // how many of it
	mark      string                // Metaspace: the mark to drop from the first token
	join      string                // WordPiece: prefix of pieces that continue a word
	wordPiece bool
	cleanup   bool // WordPiece: take out spaces English does not have
	ending    bool // BPEDecoder: a space after the last word is not shown
	fallback  bool // <0xXX> pieces are bytes
}

// step rewrites the list of pieces.
type step func(pieces []string) []string

// Decode returns the text of ids as the reference library's decode does, special
// tokens spelled out. Bytes that are not UTF-8 become U+FFFD.
func (t *Tokenizer) Decode(ids []int32) string { return t.decode(ids, false) }

// DecodeText is Decode without special tokens.
func (t *Tokenizer) DecodeText(ids []int32) string { return t.decode(ids, true) }

func (t *Tokenizer) decode(ids []int32, skip bool) string {
	if t.byteLevel {
		var raw []byte
		for _, id := range ids {
			if !skip || !t.is(id, control) {
				raw = append(raw, t.vocab.Piece(id)...)
			}
		}
		if utf8.Valid(raw) {
			return string(raw)
		}
		return string(appendLossy(nil, raw))
	}
	var list []string
	for _, id := range ids {
		if piece := t.vocab.Piece(id); piece != "" && !(skip && t.is(id, control)) {
			list = append(list, piece)
		}
	}
	for _, s := range t.decoder.steps {
		list = s(list)
	}
	if len(t.decoder.steps) == 0 && !t.decoder.plain {
		return strings.Join(list, " ")
	}
	return strings.Join(list, "")
}

// appendBytes appends the bytes of one token on its own.
func (t *Tokenizer) appendBytes(dst []byte, id int32) []byte {
	piece := t.vocab.Piece(id)
	if t.byteLevel {
		return append(dst, piece...)
	}
	if b, ok := byteToken(piece); ok && t.decoder.fallback {
		return append(dst, b)
	}
	for _, n := range t.decoder.replace {
		piece = n.Normalize(piece)
	}
	if d := &t.decoder; d.wordPiece && d.join != "" {
		piece = strings.TrimPrefix(piece, d.join)
	}
	return append(dst, piece...)
}

// byteToken reads <0xXX>.
func byteToken(piece string) (byte, bool) {
	if len(piece) != 6 || piece[:3] != "<0x" || piece[5] != '>' {
		return 0, false
	}
	hi, ok1 := hexDigit(piece[3])
	lo, ok2 := hexDigit(piece[4])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// byteFallbackStep turns runs of <0xXX> into their text. A run that is not UTF-8
// as a whole becomes one U+FFFD per byte.
func byteFallbackStep(pieces []string) []string {
	var out []string
	var run []byte
	flush := func() {
		switch {
		case len(run) == 0:
		case utf8.Valid(run):
			out = append(out, string(run))
		default:
			for range run {
				out = append(out, replacement)
			}
		}
		run = run[:0]
	}
	for _, piece := range pieces {
		if b, ok := byteToken(piece); ok {
			run = append(run, b)
			continue
		}
		flush()
		out = append(out, piece)
	}
	flush()
	return out
}

// byteLevelStep joins the bytes that all pieces spell; a piece that spells none is
// taken as text.
func byteLevelStep(pieces []string) []string {
	var raw []byte
	for _, piece := range pieces {
		out, ok := bytelevel.AppendRaw(raw, piece)
		if !ok {
			out = append(raw, piece...)
		}
		raw = out
	}
	return []string{string(appendLossy(nil, raw))}
}

func fuseStep(pieces []string) []string { return []string{strings.Join(pieces, "")} }

func replaceStep(n textnorm.Normalizer) step {
	return func(pieces []string) []string {
		for i := range pieces {
			pieces[i] = n.Normalize(pieces[i])
		}
		return pieces
	}
}

// stripStep takes up to left and right of a character off the ends of each piece.
func stripStep(content string, left, right int) step {
	return func(pieces []string) []string {
		for i, p := range pieces {
			for n := 0; n < left && strings.HasPrefix(p, content); n++ {
				p = p[len(content):]
			}
			for n := 0; n < right && strings.HasSuffix(p, content); n++ {
				p = p[:len(p)-len(content)]
			}
			pieces[i] = p
		}
		return pieces
	}
}

// metaspaceStep writes the mark as a space, and drops it from the first piece if
// encoding puts one there.
func metaspaceStep(mark string, drop bool) step {
	return func(pieces []string) []string {
		for i, p := range pieces {
			space := " "
			if i == 0 && drop {
				space = ""
			}
			pieces[i] = strings.ReplaceAll(p, mark, space)
		}
		return pieces
	}
}

// suffixStep ends a word where a piece ends with the suffix.
func suffixStep(suffix string) step {
	return func(pieces []string) []string {
		for i, p := range pieces {
			space := " "
			if i == len(pieces)-1 {
				space = ""
			}
			if suffix != "" {
				pieces[i] = strings.ReplaceAll(p, suffix, space)
			}
		}
		return pieces
	}
}

// wordPieceStep joins pieces that continue a word and puts spaces elsewhere.
func wordPieceStep(prefix string, cleanup bool) step {
	return func(pieces []string) []string {
		for i, p := range pieces {
			if i > 0 {
				if prefix != "" && strings.HasPrefix(p, prefix) {
					p = p[len(prefix):]
				} else {
					p = " " + p
				}
			}
			if cleanup {
				p = cleanUp(p)
			}
			pieces[i] = p
		}
		return pieces
	}
}

// cleanUp takes out the spaces that English does not have, one rule after the other.
func cleanUp(s string) string {
	if !strings.Contains(s, " ") {
		return s
	}
	for _, rule := range [...][2]string{{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"},
		{" n't", "n't"}, {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}} {
		s = strings.ReplaceAll(s, rule[0], rule[1])
	}
	return s
}
