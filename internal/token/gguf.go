package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"malmoi/internal/token/bpe"
	"malmoi/internal/token/pretok"
	"malmoi/internal/token/textnorm"
	"malmoi/internal/token/unigram"
	"malmoi/internal/token/wordpiece"
)

// Meta is the metadata of a GGUF file; getters return false for a key that is
// absent or of another type.
type Meta interface {
	String(key string) (string, bool)
	Int(key string) (int64, bool)
	Bool(key string) (bool, bool)
	Strings(key string) ([]string, bool)
	Floats(key string) ([]float32, bool)
	Ints(key string) ([]int64, bool)
}

// Token types of GGUF (tokenizer.ggml.token_type).
const (
	typeNormal  = 1
	typeUnknown = 2
	typeControl = 3
	typeUser    = 4
	typeByte    = 6
)

// ggufVocab is the vocabulary of a GGUF file.
type ggufVocab struct {
	meta   Meta
	tokens []string
	types  []int64   // as long as tokens, or nil
	scores []float32 // as long as tokens, or nil
	list   []addedToken
}

// FromGGUF reads the tokenizer.ggml keys of a GGUF file: byte-level BPE ("gpt2"),
// SentencePiece BPE ("llama") and unigram ("t5"), WordPiece ("bert").
func FromGGUF(m Meta) (*Tokenizer, error) {
	t, err := fromGGUF(m)
	if err != nil {
		return nil, fmt.Errorf("token: gguf: %w", err)
	}
	return t, nil
}

func fromGGUF(m Meta) (*Tokenizer, error) {
	name, ok := m.String("tokenizer.ggml.model")
	if !ok {
		return nil, errors.New("the file has no tokenizer (tokenizer.ggml.model)")
	}
	v, err := readGGUF(m)
	if err != nil {
		return nil, err
	}
	var t *Tokenizer
	switch name {
	case "gpt2":
		t, err = v.byteLevel()
	case "llama":
		t, err = v.sentencePiece()
	case "t5":
		t, err = v.unigram()
	case "bert":
		t, err = v.wordPiece()
	default:
		err = fmt.Errorf("tokenizer model %q is not supported; known are gpt2, llama, t5, bert", name)
	}
	if err != nil {
		return nil, err
	}
	t.guard(v.list)
	t.added = newAddedTokens(v.list, t.norm)
	t.setEnds()
	v.addEnds(t)
	return t, nil
}

// addEnds adds the ends of turns and messages that the file names by id.
func (v *ggufVocab) addEnds(t *Tokenizer) {
	for _, key := range []string{"eot_token_id", "eom_token_id"} {
		if id := v.id(key, none); id != none {
			t.eogs = append(t.eogs, id)
		}
	}
	slices.Sort(t.eogs)
	t.eogs = slices.Compact(t.eogs)
}

func readGGUF(m Meta) (*ggufVocab, error) {
	v := &ggufVocab{meta: m}
	v.tokens, _ = m.Strings("tokenizer.ggml.tokens")
	v.types, _ = m.Ints("tokenizer.ggml.token_type")
	v.scores, _ = m.Floats("tokenizer.ggml.scores")
	n := len(v.tokens)
	switch {
	case n == 0:
		return nil, errNoTokens
	case n > maxTokens:
		return nil, fmt.Errorf("%d tokens are more than %d", n, maxTokens)
	case v.types != nil && len(v.types) != n:
		return nil, fmt.Errorf("%d token types for %d tokens", len(v.types), n)
	case v.scores != nil && len(v.scores) != n:
		return nil, fmt.Errorf("%d scores for %d tokens", len(v.scores), n)
	}
	return v, nil
}

func (v *ggufVocab) typeOf(id int) int64 {
	if v.types == nil {
		return typeNormal
	}
	return v.types[id]
}

// build indexes the tokens, respelled by spell, and collects the added ones.
func (v *ggufVocab) build(byteLevel bool, spell func(id int, token string) string) (*Tokenizer, error) {
	n := len(v.tokens)
	p := &pieces{byteLevel: byteLevel, text: make([]string, 0, n), kind: make([]kind, 0, n)}
	for id, token := range v.tokens {
		if spell != nil {
			token = spell(id, token)
		}
		k, added := kind(0), false
		switch kindOf := v.typeOf(id); {
		case kindOf == typeControl && spareName(token):
			added = true // Gemma's converters call them control, its tokenizer does not
		case kindOf == typeControl, kindOf == typeUnknown:
			k, added = control, true
		case kindOf == typeUser:
			added = true
		}
		if marks[token].guard && v.typeOf(id) == typeNormal {
			added = true // a converter that lost the type
		}
		if err := p.set(int32(id), token, k); err != nil {
			return nil, err
		}
		if added && token != "" {
			v.list = append(v.list, addedToken{id: int32(id), text: strings.Clone(token), special: k == control})
		}
	}
	return p.build()
}

// spareName says whether a token is one of <unused0>, <unused1>, ...
func spareName(token string) bool {
	number, ok := strings.CutPrefix(token, "<unused")
	return ok && strings.HasSuffix(number, ">") && strings.Trim(number, "0123456789") == ">"
}

// id reads one of the tokenizer.ggml.*_token_id keys.
func (v *ggufVocab) id(key string, otherwise int32) int32 {
	id, ok := v.meta.Int("tokenizer.ggml." + key)
	if !ok {
		id = int64(otherwise)
	}
	if id < 0 || id >= int64(len(v.tokens)) {
		return none
	}
	return int32(id)
}

func (v *ggufVocab) flag(key string, otherwise bool) bool {
	if b, ok := v.meta.Bool("tokenizer.ggml." + key); ok {
		return b
	}
	return otherwise
}

// surround sets BOS and EOS and what is added around a text.
func (v *ggufVocab) surround(t *Tokenizer, addBOS, addEOS, addSEP bool, bos, eos, sep int32) {
	t.bos, t.eos = v.id("bos_token_id", bos), v.id("eos_token_id", eos)
	if v.flag("add_bos_token", addBOS) && t.bos != none {
		t.pre = []int32{t.bos}
	}
	end := v.id("seperator_token_id", sep) // the key is spelled so
	switch {
	case v.flag("add_eos_token", addEOS) && t.eos != none:
		t.post = []int32{t.eos}
	case v.flag("add_sep_token", addSEP) && end != none:
		t.post = []int32{end}
	}
}

// byteLevel is tokenizer model "gpt2".
func (v *ggufVocab) byteLevel() (*Tokenizer, error) {
	pre, _ := v.meta.String("tokenizer.ggml.pre")
	how, err := preTokenizer(pre)
	if err != nil {
		return nil, err
	}
	t, err := v.build(true, nil)
	if err != nil {
		return nil, err
	}
	if t.chain, err = how.chain(); err != nil {
		return nil, err
	}
	if how.nfc {
		t.norm = textnorm.NFC()
	}
	merges, ok := v.meta.Strings("tokenizer.ggml.merges")
	if !ok {
		return nil, errors.New("tokenizer model gpt2 without tokenizer.ggml.merges")
	}
	b := bpe.NewBuilder(t.vocab, bpe.Options{ByteLevel: true, Unk: none, WholeWords: how.wholeWords, Hidden: t.IsControl})
	for i, merge := range merges {
		at := 0
		if len(merge) > 1 {
			at = strings.IndexByte(merge[1:], ' ') + 1
		}
		if at == 0 {
			return nil, fmt.Errorf("merge %d %q is not two pieces", i, clip(merge))
		}
		if err := b.Merge(merge[:at], merge[at+1:]); err != nil {
			return nil, err
		}
	}
	if t.model, err = b.Model(); err != nil {
		return nil, err
	}
	v.surround(t, how.addBOS, false, how.addSEP, none, none, none)
	return t, nil
}

const spaceMark = "\u2581"

// sentencePiece is tokenizer model "llama": merges by score.
func (v *ggufVocab) sentencePiece() (*Tokenizer, error) {
	if v.scores == nil {
		return nil, errors.New("tokenizer model llama without tokenizer.ggml.scores")
	}
	aliases := v.spaceAliases()
	t, err := v.build(false, nil)
	if err != nil {
		return nil, err
	}
	for name, id := range aliases {
		t.named[name] = id
		v.list = append(v.list, addedToken{id: id, text: name})
	}
	t.norm = textnorm.Normalizer(textnorm.ReplaceString(" ", spaceMark))
	prefix := v.flag("add_space_prefix", true)
	if prefix {
		t.norm = textnorm.Sequence{textnorm.Prepend{Text: spaceMark}, t.norm}
	}
	opt := bpe.Options{ByteFallback: true, Unk: v.id("unknown_token_id", 0)}
	include := func(id int32) bool { return v.typeOf(int(id)) == typeNormal }
	if t.model, err = bpe.ByScore(t.vocab, opt, v.scores, include); err != nil {
		return nil, err
	}
	t.decoder = spDecoder(prefix)
	v.surround(t, true, false, false, 1, 2, none)
	return t, nil
}

// spaceAliases finds user-defined tokens that converters respell from marks to
// spaces; text that has the marks must find them too, as in the original.
func (v *ggufVocab) spaceAliases() map[string]int32 {
	out := map[string]int32{}
	for id, token := range v.tokens {
		if v.typeOf(id) == typeUser && strings.HasPrefix(token, " ") && strings.Trim(token, " ") == "" {
			out[strings.ReplaceAll(token, " ", spaceMark)] = int32(id)
		}
	}
	return out
}

// spDecoder is the decoder of SentencePiece vocabularies.
func spDecoder(prefix bool) decoder {
	space := textnorm.ReplaceString(spaceMark, " ")
	d := decoder{
		steps: []step{replaceStep(space), byteFallbackStep, fuseStep},
		plain: true, fallback: true, replace: []textnorm.Normalizer{space},
	}
	if prefix {
		d.steps = append(d.steps, stripStep(" ", 1, 0))
		d.strip, d.stripMax = ' ', 1
	}
	return d
}

// unigram is tokenizer model "t5".
func (v *ggufVocab) unigram() (*Tokenizer, error) {
	if v.scores == nil {
		return nil, errors.New("tokenizer model t5 without tokenizer.ggml.scores")
	}
	t, err := v.build(false, nil)
	if err != nil {
		return nil, err
	}
	var norms textnorm.Sequence
	if charsmap, _ := v.meta.Ints("tokenizer.ggml.precompiled_charsmap"); len(charsmap) > 0 {
		data := make([]byte, len(charsmap))
		for i, b := range charsmap {
			data[i] = byte(b)
		}
		n, err := textnorm.NewCharsmap(data)
		if err != nil {
			return nil, err
		}
		norms = append(norms, n)
	}
	if v.flag("remove_extra_whitespaces", false) {
		many, err := pretok.Compile(` {2,}`)
		if err != nil {
			return nil, err
		}
		norms = append(norms, textnorm.Strip{Left: true, Right: true}, textnorm.Replace{Pattern: many, With: " "})
	}
	t.norm = norms
	prefix := pretok.PrefixAlways
	if !v.flag("add_space_prefix", true) {
		prefix = pretok.PrefixNever
	}
	t.chain = pretok.Chain{pretok.Metaspace{Mark: '\u2581', Prefix: prefix}}
	scores := make([]float64, len(v.scores))
	for i, s := range v.scores {
		scores[i] = float64(s)
	}
	if t.model, err = unigram.New(unigram.Config{Pieces: v.tokens, Scores: scores, Unk: v.id("unknown_token_id", 2),
		Include: func(id int32) bool { return v.typeOf(int(id)) == typeNormal || v.typeOf(int(id)) == typeUser },
	}); err != nil {
		return nil, err
	}
	t.decoder = spDecoder(prefix != pretok.PrefixNever)
	v.surround(t, false, true, false, none, 1, none)
	return t, nil
}

// wordPiece is tokenizer model "bert". Converters respell the vocabulary: a piece
// that begins a word has a mark in front, one that continues a word has lost its ##.
func (v *ggufVocab) wordPiece() (*Tokenizer, error) {
	t, err := v.build(false, func(id int, token string) string {
		switch {
		case v.typeOf(id) != typeNormal && v.typeOf(id) != typeUser:
			return token
		case strings.HasPrefix(token, spaceMark):
			return token[len(spaceMark):]
		}
		return "##" + token
	})
	if err != nil {
		return nil, err
	}
	lower := v.flag("normalizer.lowercase", true)
	t.norm = textnorm.Bert{Clean: true, CJK: true, Lower: lower, StripAccents: v.flag("normalizer.strip_accents", lower)}
	t.chain = pretok.Chain{pretok.Bert()}
	unk := v.id("unknown_token_id", 100)
	t.model = wordpiece.New(wordpiece.Config{Vocab: t.vocab, Unk: unk, Prefix: "##", Max: 100})
	t.decoder = decoder{steps: []step{wordPieceStep("##", true)}, plain: true, wordPiece: true, join: "##", cleanup: true}
	v.surround(t, true, false, true, 101, none, 102)
	if cls := v.id("cls_token_id", none); cls != none && len(t.pre) > 0 {
		t.pre = []int32{cls}
	}
	return t, nil
}
