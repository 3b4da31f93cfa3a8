package token

import (
	"errors"
	"fmt"
	"sync"

	"malmoi/internal/token/bytelevel"
	"malmoi/internal/token/pretok"
	"malmoi/internal/token/textnorm"
	"malmoi/internal/token/vocab"
)

// Limits on what a file may bring.
const (
	maxFileBytes  = 256 << 20 // a tokenizer.json; the largest known has 33 MB
	maxTokens     = 1 << 22
	maxPieceBytes = 16 << 10
	maxVocabBytes = 64 << 20 // all pieces together
)

// Tokenizer encodes and decodes text with one vocabulary.
type Tokenizer struct {
	vocab     *vocab.Vocab     // byteLevel: raw bytes; else pieces as spelled
	byteLevel bool             // pieces spell bytes in the visible alphabet
	kind      []kind           // of each id
	named     map[string]int32 // pieces that the index of vocab leaves out
	added     *addedTokens
	norm      textnorm.Normalizer // or nil
	chain     pretok.Chain
	model     model
	decoder   decoder
	pre, post []int32 // what WithSpecials adds
	bos, eos  int32   // or none
	eogs      []int32
	invalid   func(dst []int32, text string) []int32 // encodes text that is not UTF-8, or nil
	scratch   sync.Pool
}

// model encodes one word.
type model interface {
	Append(dst []int32, word string) []int32
}

// kind is what an id is, as bits.
type kind uint8

const (
	control kind = 1 << iota // never text: the special tokens
	guarded                  // marks turns, though its file does not call it special
	literal                  // the piece is text, not an alphabet of bytes
)

const none = int32(-1)

// Size is the number of ids: every id is below it.
func (t *Tokenizer) Size() int { return t.vocab.Size() }

func (t *Tokenizer) is(id int32, k kind) bool {
	return id >= 0 && int(id) < len(t.kind) && t.kind[id]&k != 0
}

// IsControl says whether an id is a special token, one that stands for no text.
// Tokens that mark turns count even where the file forgets to say so.
func (t *Tokenizer) IsControl(id int32) bool { return t.is(id, control|guarded) }

// ID returns the id of a piece, spelled as Piece returns it.
func (t *Tokenizer) ID(piece string) (int32, bool) {
	if id, ok := t.named[piece]; ok {
		return id, true
	}
	if t.byteLevel {
		raw, ok := bytelevel.Raw(piece)
		if !ok {
			return 0, false
		}
		piece = raw
	}
	return t.vocab.ID(piece)
}

// Piece returns the piece of an id as the vocabulary's file spells it: a
// byte-level vocabulary has Ġ for a space. It is "" for ids that have none.
func (t *Tokenizer) Piece(id int32) string {
	piece := t.vocab.Piece(id)
	if t.byteLevel && !t.is(id, literal) {
		return bytelevel.Visible(piece)
	}
	return piece
}

// Bytes returns exactly the bytes that a token stands for, nil for control tokens
// and unknown ids. Text that a decoder adds or removes by position (WordPiece's
// spaces, a dummy space at the beginning) is not in it.
func (t *Tokenizer) Bytes(id int32) []byte {
	if t.IsControl(id) || t.vocab.Piece(id) == "" {
		return nil
	}
	return t.appendBytes(nil, id)
}

// BOS returns the token that begins a text, if the vocabulary has one.
func (t *Tokenizer) BOS() (int32, bool) { return t.bos, t.bos != none }

// EOS returns the token that ends a text, if the vocabulary has one.
func (t *Tokenizer) EOS() (int32, bool) { return t.eos, t.eos != none }

// EOGs returns the tokens at which generation stops, EOS among them. The caller
// must not change the slice.
func (t *Tokenizer) EOGs() []int32 { return t.eogs }

// AddBOS says whether WithSpecials puts BOS in front.
func (t *Tokenizer) AddBOS() bool {
	return t.bos != none && len(t.pre) > 0 && t.pre[0] == t.bos
}

// WithSpecials returns ids with the tokens around them that the model's tokenizer
// adds to a text: BOS, CLS, SEP, EOS. The argument is not changed.
func (t *Tokenizer) WithSpecials(ids []int32) []int32 {
	out := make([]int32, 0, len(t.pre)+len(ids)+len(t.post))
	return append(append(append(out, t.pre...), ids...), t.post...)
}

var errNoTokens = errors.New("the vocabulary is empty")

// pieces collects a vocabulary and its kinds before the index is built.
type pieces struct {
	text      []string
	kind      []kind
	byteLevel bool
	bytes     int
}

// set gives an id its piece. The strings are copied at build, so that they do not
// keep the file alive.
func (p *pieces) set(id int32, piece string, k kind) error {
	switch {
	case id < 0 || id >= maxTokens:
		return fmt.Errorf("token %q: id %d is not below %d", clip(piece), id, maxTokens)
	case len(piece) > maxPieceBytes:
		return fmt.Errorf("token %d has %d bytes; the limit is %d", id, len(piece), maxPieceBytes)
	}
	if p.bytes += len(piece); p.bytes > maxVocabBytes {
		return fmt.Errorf("the vocabulary has more than %d bytes", maxVocabBytes)
	}
	if int(id) >= len(p.text) {
		p.text = append(p.text, make([]string, int(id)+1-len(p.text))...)
		p.kind = append(p.kind, make([]kind, int(id)+1-len(p.kind))...)
	}
	p.text[id], p.kind[id] = piece, p.kind[id]|k
	return nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// build makes the index. In a byte-level vocabulary pieces that spell no bytes
// stay as they are and only ID finds them.
func (p *pieces) build() (*Tokenizer, error) {
	if len(p.text) == 0 {
		return nil, errNoTokens
	}
	t := &Tokenizer{byteLevel: p.byteLevel, kind: p.kind, named: map[string]int32{}, bos: none, eos: none}
	arena := make([]byte, 0, p.bytes)
	ends := make([]uint32, len(p.text)) // maxVocabBytes fit
	for id, piece := range p.text {
		ok := false
		if p.byteLevel {
			arena, ok = bytelevel.AppendRaw(arena, piece)
		}
		if !ok {
			arena = append(arena, piece...)
			if p.byteLevel && piece != "" {
				t.kind[id] |= literal
				t.named[string(arena[len(arena)-len(piece):])] = int32(id)
			}
		}
		ends[id] = uint32(len(arena))
	}
	t.vocab = vocab.FromText(string(arena), ends, func(id int) bool { return t.kind[id]&literal != 0 })
	return t, nil
}
