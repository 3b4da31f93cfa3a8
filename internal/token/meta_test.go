package token

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// fakeMeta is GGUF metadata in memory.
type fakeMeta map[string]any

func get[T any](m fakeMeta, key string) (T, bool) {
	v, ok := m["tokenizer.ggml."+strings.TrimPrefix(key, "tokenizer.ggml.")].(T)
	return v, ok
}

func (m fakeMeta) String(key string) (string, bool)    { return get[string](m, key) }
func (m fakeMeta) Int(key string) (int64, bool)        { return get[int64](m, key) }
func (m fakeMeta) Bool(key string) (bool, bool)        { return get[bool](m, key) }
func (m fakeMeta) Strings(key string) ([]string, bool) { return get[[]string](m, key) }
func (m fakeMeta) Floats(key string) ([]float32, bool) { return get[[]float32](m, key) }
func (m fakeMeta) Ints(key string) ([]int64, bool)     { return get[[]int64](m, key) }

func meta(pairs ...any) fakeMeta {
	m := fakeMeta{}
	for i := 0; i < len(pairs); i += 2 {
		m["tokenizer.ggml."+pairs[i].(string)] = pairs[i+1]
	}
	return m
}

// convert writes a fixture as the metadata that llama.cpp's converter makes of it.
func convert(t testing.TB, name string, tok *Tokenizer) fakeMeta {
	t.Helper()
	var f struct {
		Model struct{ Merges [][2]string }
	}
	if !strings.HasPrefix(name, "unigram") {
		readFixture(t, name+".json", &f)
	}
	tokens := make([]string, tok.Size())
	types := make([]int64, tok.Size())
	for id := range tokens {
		tokens[id], types[id] = tok.Piece(int32(id)), typeNormal
		switch {
		case tok.is(int32(id), control):
			types[id] = typeControl
		case len(tokens[id]) == 6 && strings.HasPrefix(tokens[id], "<0x"):
			types[id] = typeByte
		}
	}
	for _, a := range tok.added.list {
		if !a.special {
			types[a.id] = typeUser
		}
	}
	merges := make([]string, len(f.Model.Merges))
	for i, m := range f.Model.Merges {
		merges[i] = m[0] + " " + m[1]
	}
	return meta("tokens", tokens, "token_type", types, "merges", merges)
}

// TestConverted compares tokenizers from GGUF metadata with the same from
// tokenizer.json, on the fixtures' strings.
func TestConverted(t *testing.T) {
	for name, change := range map[string]func(m fakeMeta){
		"bpe_llama3":      func(m fakeMeta) { m["tokenizer.ggml.model"], m["tokenizer.ggml.pre"] = "gpt2", "llama-bpe" },
		"bpe_hyperclovax": func(m fakeMeta) { m["tokenizer.ggml.model"], m["tokenizer.ggml.pre"] = "gpt2", "hyperclovax" },
		"bert_uncased":    respellBert,
	} {
		t.Run(name, func(t *testing.T) {
			want := openFixture(t, name)
			m := convert(t, name, want)
			if bos, ok := want.BOS(); ok {
				m["tokenizer.ggml.bos_token_id"] = int64(bos)
			}
			change(m)
			got, err := FromGGUF(m)
			if err != nil {
				t.Fatal(err)
			}
			var f struct{ Cases []struct{ Text string } }
			readFixture(t, name+".cases.json", &f)
			for _, c := range f.Cases {
				if name == "bert_uncased" && len(c.Text) > 45 && !strings.Contains(c.Text, " ") {
					continue // the fixture gives longer words up sooner than GGUF can say
				}
				for _, special := range []bool{true, false} {
					w, g := want.WithSpecials(want.Encode(c.Text, special)), got.WithSpecials(got.Encode(c.Text, special))
					if !slices.Equal(w, g) {
						t.Errorf("%q, special %v:\n got %v\nwant %v", c.Text, special, g, w)
					}
				}
			}
		})
	}
}

// respellBert marks the beginning of words instead of their continuation.
func respellBert(m fakeMeta) {
	m["tokenizer.ggml.model"] = "bert"
	m["tokenizer.ggml.unknown_token_id"], m["tokenizer.ggml.bos_token_id"] = int64(1), int64(2)
	m["tokenizer.ggml.seperator_token_id"] = int64(3)
	tokens, types := m["tokenizer.ggml.tokens"].([]string), m["tokenizer.ggml.token_type"].([]int64)
	for i, tok := range tokens {
		if types[i] == typeNormal {
			if rest, ok := strings.CutPrefix(tok, "##"); ok {
				tokens[i] = rest
			} else {
				tokens[i] = spaceMark + tok
			}
		}
	}
}

// TestSentencePieceGGUF checks merging by score, byte fallback, the dummy space and
// user-defined runs of spaces.
func TestSentencePieceGGUF(t *testing.T) {
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int64{typeUnknown, typeControl, typeControl}
	scores := []float32{0, 0, 0}
	for b := range 256 {
		tokens = append(tokens, fmt.Sprintf("<0x%02X>", b))
		types, scores = append(types, typeByte), append(scores, 0)
	}
	for i, piece := range []string{"▁", "a", "b", "▁a", "ab", "▁ab", "가"} {
		tokens, types, scores = append(tokens, piece), append(types, typeNormal), append(scores, float32(-i))
	}
	tokens, types, scores = append(tokens, "  "), append(types, typeUser), append(scores, -1000)
	build := func(prefix bool) *Tokenizer {
		tok, err := FromGGUF(meta("model", "llama", "tokens", tokens, "token_type", types, "scores", scores,
			"add_space_prefix", prefix, "bos_token_id", int64(1), "eos_token_id", int64(2), "unknown_token_id", int64(0)))
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	plain := build(false)
	const mark, a, b, markA, ab, whole, ga, spaces = 259, 260, 261, 262, 263, 264, 265, 266
	for text, want := range map[string][]int32{
		"":       {},
		"ab":     {ab},
		" ab":    {whole}, // over ▁a, which has a better score than ab
		"b a":    {b, markA},
		"  a":    {spaces, a},
		"▁▁a":    {spaces, a},
		"가나":     {ga, 3 + 0xEB, 3 + 0x82, 3 + 0x98},
		"<s>a":   {1, a},
		"\xffab": {3 + 0xFF, ab},
	} {
		if got := plain.Encode(text, true); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if got := plain.WithSpecials([]int32{a}); !slices.Equal(got, []int32{1, a}) {
		t.Errorf("specials: got %v", got)
	}
	prefixed := build(true)
	if got := prefixed.Encode("ab<s>a", true); !slices.Equal(got, []int32{whole, 1, markA}) {
		t.Errorf("dummy space: got %v", got)
	}
	if got := prefixed.Decode([]int32{markA, b, mark, ga}); got != "ab 가" {
		t.Errorf("decode: got %q", got)
	}
}

func TestUnigramGGUF(t *testing.T) {
	tok, err := FromGGUF(meta("model", "t5", "tokens", []string{"<pad>", "</s>", "<unk>", "▁", "a", "▁a", "▁ab", "b"},
		"token_type", []int64{3, 3, 2, 1, 1, 1, 1, 1}, "scores", []float32{0, 0, 0, -3, -4, -2, -2.5, -4},
		"remove_extra_whitespaces", true, "eos_token_id", int64(1), "unknown_token_id", int64(2)))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{
		"ab": {6, 1}, "  a   ab ": {5, 6, 1}, "axyb": {5, 2, 7, 1}, "</s>": {3, 2, 1}, "": {1},
	} {
		if got := tok.WithSpecials(tok.Encode(text, false)); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestBadGGUF wants an error for each vocabulary that makes no sense.
func TestBadGGUF(t *testing.T) {
	two := []string{"a", "b"}
	for name, m := range map[string]fakeMeta{
		"nothing":         meta(),
		"unknown model":   meta("model", "rwkv", "tokens", two),
		"no tokens":       meta("model", "gpt2"),
		"no merges":       meta("model", "gpt2", "tokens", two),
		"unknown pre":     meta("model", "gpt2", "pre", "nobody", "tokens", two, "merges", []string{}),
		"one piece":       meta("model", "gpt2", "tokens", two, "merges", []string{"ab"}),
		"unknown piece":   meta("model", "gpt2", "tokens", two, "merges", []string{"a b"}),
		"types too short": meta("model", "gpt2", "tokens", two, "merges", []string{}, "token_type", []int64{1}),
		"no scores":       meta("model", "llama", "tokens", two),
		"scores short":    meta("model", "llama", "tokens", two, "scores", []float32{1}),
		"t5 without unk":  meta("model", "t5", "tokens", two, "scores", []float32{1, 2}, "unknown_token_id", int64(9)),
		"bad charsmap": meta("model", "t5", "tokens", two, "scores", []float32{1, 2}, "unknown_token_id", int64(0),
			"precompiled_charsmap", []int64{1, 2, 3}),
	} {
		if tok, err := FromGGUF(m); err == nil {
			t.Errorf("%s: no error, %d tokens", name, tok.Size())
		}
	}
	ok := meta("model", "gpt2", "tokens", two, "merges", []string{}, "bos_token_id", int64(99), "eos_token_id", int64(-1))
	tok, err := FromGGUF(ok)
	if err != nil {
		t.Fatal(err)
	}
	if _, has := tok.BOS(); has {
		t.Error("BOS beyond the vocabulary was taken")
	}
	if got := tok.Encode("axb", false); !slices.Equal(got, []int32{0, 1}) {
		t.Errorf("bytes without tokens: got %v", got)
	}
}
