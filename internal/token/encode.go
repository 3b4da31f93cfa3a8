package token

import (
	"strings"
	"unicode/utf8"

	"malmoi/internal/token/pretok"
)

// Encode returns the ids of a text, without the tokens WithSpecials adds. Special
// tokens in it are recognised if special is set, and stay text otherwise.
func (t *Tokenizer) Encode(text string, special bool) []int32 {
	return t.EncodeAppend(make([]int32, 0, len(text)/3+4), text, special)
}

// EncodeAppend is Encode that appends to dst.
func (t *Tokenizer) EncodeAppend(dst []int32, text string, special bool) []int32 {
	if special {
		return t.encode(dst, text, nil)
	}
	return t.encode(dst, text, func(int, int) bool { return true })
}

// Segment is a part of a text with one author.
type Segment struct {
	Text    string
	Special bool // special tokens in it are recognised
}

// EncodeSegments appends the ids of the segments joined. Tokens span the seams as
// the reference's do, which encodes a rendered template in one go; but a special
// token counts only where all of it lies in segments that allow it.
func (t *Tokenizer) EncodeSegments(dst []int32, segments []Segment) []int32 {
	var text strings.Builder
	type span struct{ start, end int }
	var plain []span
	for _, seg := range segments {
		start := text.Len()
		text.WriteString(seg.Text)
		if !seg.Special && seg.Text != "" {
			plain = append(plain, span{start, text.Len()})
		}
	}
	next := 0 // ranges are asked for in order
	return t.encode(dst, text.String(), func(start, end int) bool {
		for next < len(plain) && plain[next].end <= start {
			next++
		}
		return next < len(plain) && plain[next].start < end
	})
}

// run is the state of one call: scratch and output.
type run struct {
	t   *Tokenizer
	buf pretok.Buffer
	dst []int32
}

// encode finds added tokens in text and encodes the rest. plain says which byte
// ranges are text of which no special token is read; nil is none.
func (t *Tokenizer) encode(dst []int32, text string, plain func(start, end int) bool) []int32 {
	r, _ := t.scratch.Get().(*run)
	if r == nil {
		r = &run{t: t}
	}
	r.dst = dst
	t.added.find(t.added.raw, text, plain,
		func(start, end int) { r.section(text[start:end], start, plain) },
		func(id int32) { r.dst = append(r.dst, id) })
	dst, r.dst = r.dst, nil
	r.buf.Release()
	t.scratch.Put(r)
	return dst
}

// section encodes text without raw added tokens; offset is its place in the whole.
func (r *run) section(text string, offset int, plain func(start, end int) bool) {
	t := r.t
	if t.invalid != nil && !utf8.ValidString(text) {
		r.dst = t.invalid(r.dst, text)
		return
	}
	normal := text
	if t.norm != nil {
		normal = t.norm.Normalize(text)
	}
	if t.added.norm == nil {
		r.words(normal, offset == 0)
		return
	}
	// Normalisation moves offsets, so a section counts as a whole here.
	if plain != nil {
		all := plain(offset, offset+len(text))
		plain = func(int, int) bool { return all }
	}
	t.added.find(t.added.norm, normal, plain,
		func(start, end int) { r.words(normal[start:end], offset == 0 && start == 0) },
		func(id int32) { r.dst = append(r.dst, id) })
}

// words cuts normalised text and encodes the pieces.
func (r *run) words(text string, first bool) {
	for _, word := range r.t.chain.Split(&r.buf, text, first) {
		r.dst = r.t.model.Append(r.dst, word)
	}
}
