package token

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"malmoi/internal/token/bpe"
	"malmoi/internal/token/bytelevel"
	"malmoi/internal/token/pretok"
)

// encoding is what the name of a rank file says.
type encoding struct {
	pattern  string
	specials map[string]int32
}

// encodings are OpenAI's. Source: tiktoken_ext/openai_public.py.
func encodings() map[string]encoding {
	const eot = "<|endoftext|>"
	r50k := encoding{pretok.GPT2, map[string]int32{eot: 50256}}
	harmony := map[string]int32{"<|startoftext|>": 199998, eot: 199999, "<|return|>": 200002, "<|constrain|>": 200003,
		"<|channel|>": 200005, "<|start|>": 200006, "<|end|>": 200007, "<|message|>": 200008, "<|call|>": 200012, "<|endofprompt|>": 200018}
	for _, id := range []int32{200000, 200001, 200004, 200009, 200010, 200011} {
		harmony[fmt.Sprintf("<|reserved_%d|>", id)] = id
	}
	for id := int32(200013); id <= 201087; id++ {
		if id != 200018 {
			harmony[fmt.Sprintf("<|reserved_%d|>", id)] = id
		}
	}
	return map[string]encoding{
		"r50k_base": r50k, "p50k_base": r50k,
		"p50k_edit": {pretok.GPT2, map[string]int32{eot: 50256, "<|fim_prefix|>": 50281, "<|fim_middle|>": 50282, "<|fim_suffix|>": 50283}},
		"cl100k_base": {pretok.CL100K, map[string]int32{eot: 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259,
			"<|fim_suffix|>": 100260, "<|endofprompt|>": 100276}},
		"o200k_base":    {pretok.O200K, map[string]int32{eot: 199999, "<|endofprompt|>": 200018}},
		"o200k_harmony": {pretok.O200K, harmony},
	}
}

// FromTiktoken reads a rank file: lines of a token in base64 and its rank, which is
// its id. The name, with or without folder and extensions, says how text is split
// and which special tokens there are.
func FromTiktoken(data []byte, name string) (*Tokenizer, error) {
	name, _, _ = strings.Cut(filepath.Base(name), ".")
	t, err := fromTiktoken(data, name)
	if err != nil {
		return nil, fmt.Errorf("token: tiktoken %s: %w", clip(name), err)
	}
	return t, nil
}

func fromTiktoken(data []byte, name string) (*Tokenizer, error) {
	enc, ok := encodings()[name]
	if !ok {
		return nil, fmt.Errorf("unknown encoding; known are r50k_base, p50k_base, p50k_edit, cl100k_base, o200k_base, o200k_harmony (the file's name tells)")
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("%d bytes are more than %d", len(data), maxFileBytes)
	}
	p := &pieces{byteLevel: true}
	if err := readRanks(p, data); err != nil {
		return nil, err
	}
	ranked := len(p.text)
	var list []addedToken
	for text, id := range enc.specials {
		if err := p.set(id, text, control); err != nil {
			return nil, err
		}
		list = append(list, addedToken{id: id, text: text, special: true})
	}
	t, err := p.build()
	if err != nil {
		return nil, err
	}
	rank := make([]int32, t.Size())
	for id := range rank {
		rank[id] = int32(id)
		if id >= ranked || t.IsControl(int32(id)) || t.vocab.Piece(int32(id)) == "" {
			rank[id] = bpe.NoRank
		}
	}
	m, err := bpe.ByRank(t.vocab, bpe.Options{ByteLevel: true, Unk: none, WholeWords: true}, rank)
	if err != nil {
		return nil, err
	}
	re, err := pretok.Compile(enc.pattern)
	if enc.pattern == pretok.CL100K {
		re = pretok.Tiktoken()
	}
	if err != nil {
		return nil, err
	}
	t.model, t.chain, t.added = m, pretok.Chain{pretok.Split{Pattern: re}}, newAddedTokens(list, nil)
	t.eos, _ = t.ID("<|endoftext|>")
	t.invalid = t.unstable
	t.setEnds()
	return t, nil
}

func readRanks(p *pieces, data []byte) error {
	var raw []byte
	for n := 1; len(data) > 0; n++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		text, number, ok := bytes.Cut(line, []byte(" "))
		id, err := strconv.ParseUint(string(number), 10, 31)
		if !ok || err != nil {
			return fmt.Errorf("line %d is not a token and its rank", n)
		}
		if raw, err = base64.StdEncoding.AppendDecode(raw[:0], text); err != nil || len(raw) == 0 {
			return fmt.Errorf("line %d: the token is not base64", n)
		}
		if err := p.set(int32(id), bytelevel.Visible(string(raw)), 0); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(p.text) == 0 {
		return errNoTokens
	}
	return nil
}

// unstable encodes text that is not UTF-8 as the reference does: what is valid up to
// the first bad byte as usual, then the last word of it together with all that
// follows as one word, so that cut-off text gets the tokens its whole would have.
func (t *Tokenizer) unstable(dst []int32, text string) []int32 {
	valid := 0
	for valid < len(text) {
		r, n := utf8.DecodeRuneInString(text[valid:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		valid += n
	}
	var buf pretok.Buffer
	words := t.chain.Split(&buf, text[:valid], true)
	tail := valid
	if n := len(words); n > 0 {
		tail -= len(words[n-1])
		blank := func(ids []int32) bool {
			for _, id := range ids {
				if strings.Trim(t.vocab.Piece(id), " \n\t") != "" {
					return false
				}
			}
			return true
		}
		start := len(dst)
		for _, w := range words[:n-1] {
			dst = t.model.Append(dst, w)
		}
		last := t.model.Append(nil, words[n-1])
		if len(last) > 0 && blank(last[:1]) {
			for len(dst) > start && blank(dst[len(dst)-1:]) {
				tail -= len(t.vocab.Piece(dst[len(dst)-1]))
				dst = dst[:len(dst)-1]
			}
		}
	}
	return t.model.Append(dst, text[tail:])
}
