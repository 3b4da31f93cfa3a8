package token

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// TestSegments checks that a template and a user's text joined give the ids of the
// whole, with special tokens only where the template has them.
func TestSegments(t *testing.T) {
	tok := openFixture(t, "bpe_llama3")
	seg := func(parts ...any) []int32 {
		var list []Segment
		for i := 0; i < len(parts); i += 2 {
			list = append(list, Segment{parts[i].(string), parts[i+1].(bool)})
		}
		return tok.EncodeSegments(nil, list)
	}
	whole := tok.Encode("<|im_start|>user\n\n안녕<|im_end|>\n", true)
	if got := seg("<|im_start|>user\n", true, "\n안녕", false, "<|im_end|>\n", true); !slices.Equal(got, whole) {
		t.Errorf("seam inside a token: got %v, want %v", got, whole)
	}
	start, _ := tok.ID("<|im_start|>")
	for _, ids := range [][]int32{
		seg("a", true, "<|im_start|>", false, "b", true),
		seg("<|im_", true, "start|>", false),
		seg("<|im_", false, "start|>", true),
		seg("<|im_", false, "", true, "start|>", false),
	} {
		if slices.Contains(ids, start) {
			t.Errorf("user text became a special token: %v", ids)
		}
	}
	if got := seg("<|im_start|>", true, "<|im_start|>", false, "<|im_start|>", true); got[0] != start || got[len(got)-1] != start || len(got) < 5 {
		t.Errorf("specials beside user text: %v", got)
	}
}

func TestStreamHoldsSyllables(t *testing.T) {
	tok := openFixture(t, "bpe_llama3")
	text := "한글 \u1112\u1161\u11ab\u1100\u1173\u11af 👩\u200d👩 끝"
	d := tok.Decoder(false)
	got := ""
	for _, id := range tok.Encode(text, true) {
		part := d.Push(id)
		if !utf8.ValidString(part) {
			t.Errorf("part %q is cut inside a code point", part)
		}
		if r, _ := utf8.DecodeLastRuneInString(part); openJamo(r) {
			t.Errorf("part %q is cut inside a syllable", part)
		}
		got += part
	}
	if got += d.Flush(); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	// Jamo that never become a syllable must not wait for ever.
	long := strings.Repeat("\u1100", 100)
	got = ""
	for _, id := range tok.Encode(long, true) {
		got += d.Push(id)
	}
	if len(long)-len(got) > maxJamo+utf8.UTFMax {
		t.Errorf("%d of %d bytes are held", len(long)-len(got), len(long))
	}
	if got += d.Flush(); got != long {
		t.Errorf("got %q", got)
	}
}

func TestLossy(t *testing.T) {
	for in, want := range map[string]string{
		"a\xffb":             "a�b",
		"\xed\xa0\x80":       "���", // a surrogate: no byte of it begins anything
		"\xea\xb0":           "�",
		"\xea\xb0\xea\xb0x":  "��x",
		"\xf0\x9f\x98":       "�",
		"\xf0\x80\x80\x80":   "����",
		"\xf4\x90\x80\x80":   "����",
		"\xc0\xaf":           "��",
		"\xe0\x80\x80":       "���",
		"\xf0\x9f\x98\x80ok": "😀ok",
		"가\x80나":             "가�나",
		"\ufffd":             "\ufffd",
	} {
		if got := string(appendLossy(nil, []byte(in))); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// rankFile is a small rank file: all bytes, then some merges.
func rankFile(merged ...string) []byte {
	var b strings.Builder
	for i := range 256 {
		fmt.Fprintf(&b, "%s %d\n", base64.StdEncoding.EncodeToString([]byte{byte(i)}), i)
	}
	for i, m := range merged {
		fmt.Fprintf(&b, "%s %d\n", base64.StdEncoding.EncodeToString([]byte(m)), 256+i)
	}
	return []byte(b.String())
}

func TestTiktoken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cl100k_base.tiktoken")
	if err := os.WriteFile(path, rankFile("ab", "bc", "abcd", "\n\n", " \n", "\xea\xb0", "가"), 0o600); err != nil {
		t.Fatal(err)
	}
	tok, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{
		"abc":                 {256, 'c'},
		"bcd":                 {257, 'd'},
		"abcd":                {258}, // no merge makes it, but the word is a token
		"abcde":               {256, 'c', 'd', 'e'},
		"1234":                {'1', '2', '3', '4'},
		"가\xea":               {262, 0xEA},
		"a<|endoftext|>":      {'a', 100257},
		"<|endofprompt|>\xff": {100276, 0xFF},
	} {
		if got := tok.Encode(text, true); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if got := tok.Encode("<|endoftext|>", false); slices.Contains(got, 100257) {
		t.Errorf("special in plain text: %v", got)
	}
	if eos, ok := tok.EOS(); !ok || eos != 100257 || tok.Size() != 100277 || !tok.IsControl(eos) || tok.Bytes(eos) != nil {
		t.Errorf("eos %d %v, size %d", eos, ok, tok.Size())
	}
	for name, data := range map[string]string{
		"cl100k_base": "", "o200k_base": "YQ==", "p50k_base": "YQ== x\n", "r50k_base": "!! 1\n", "unknown": "YQ== 0\n",
		"o200k_harmony": "YQ== 4294967295\n", "p50k_edit": " 0\n",
	} {
		if _, err := FromTiktoken([]byte(data), name); err == nil {
			t.Errorf("%s with %q: no error", name, data)
		}
	}
}

func TestGuard(t *testing.T) {
	tok, err := FromJSON([]byte(`{"added_tokens":[{"id":0,"content":"<|im_end|>","special":false},{"id":1,"content":"<tool>","special":false}],
		"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
		"model":{"type":"BPE","vocab":{"<":2,"|":3,"i":4,"m":5,"_":6,"e":7,"n":8,"d":9,">":10,"t":11,"o":12,"l":13},"merges":[]}}`),
		[]byte(`{"eos_token":{"content":"<|im_end|>"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Encode("<|im_end|><tool>", false); len(got) != 11 || got[10] != 1 {
		t.Errorf("turn mark in user text: %v", got)
	}
	if got := tok.Encode("<|im_end|>", true); !slices.Equal(got, []int32{0}) {
		t.Errorf("turn mark in a template: %v", got)
	}
	if !tok.IsControl(0) || tok.IsControl(1) || !slices.Equal(tok.EOGs(), []int32{0}) {
		t.Errorf("control %v %v, ends %v", tok.IsControl(0), tok.IsControl(1), tok.EOGs())
	}
	if got := tok.DecodeText([]int32{0, 7}); got != "<|im_end|>e" {
		t.Errorf("the reference shows it, we got %q", got)
	}
}

func TestBadJSON(t *testing.T) {
	for _, text := range []string{
		``, `{`, `[]`, `{}`, `{"model":{}}`, `{"model":{"type":"BPE","vocab":{}}}`,
		`{"model":{"type":"BPE","vocab":{"a":-1}}}`, `{"model":{"type":"BPE","vocab":{"a":99999999}}}`,
		`{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}`, `{"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]}}`,
		`{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}`, `{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a","b","c"]]}}`,
		`{"model":{"type":"Unigram","vocab":[["a",1]]}}`, `{"model":{"type":"Unigram","vocab":[["a",1]],"unk_id":7}}`,
		`{"model":{"type":"Unigram","vocab":{"a":1},"unk_id":0}}`, `{"model":{"type":"Unigram","vocab":[["a","b"]],"unk_id":0}}`,
		`{"model":{"type":"WordPiece","vocab":{"a":1},"unk_token":"[UNK]"}}`, `{"model":{"type":"Magic","vocab":{"a":1}}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"normalizer":{"type":"Magic"}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"pre_tokenizer":{"type":"Split"}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("}}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"pre_tokenizer":{"type":"Metaspace","replacement":"ab"}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}]}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"post_processor":{"type":"BertProcessing"}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"post_processor":{"type":"BertProcessing","cls":["a",1],"sep":["b",5]}}`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"decoder":{"type":"Magic"}} `,
		`{"model":{"type":"WordLevel","vocab":{"a":1}}} x`,
		`{"model":{"type":"WordLevel","vocab":{"a":1}},"normalizer":` + strings.Repeat(`{"type":"Sequence","normalizers":[`, 40) + strings.Repeat(`]}`, 40) + `}`,
	} {
		if tok, err := FromJSON([]byte(text), nil); err == nil {
			t.Errorf("%.120s: no error, %d tokens", text, tok.Size())
		} else if !strings.HasPrefix(err.Error(), "token: ") {
			t.Errorf("error does not say where: %v", err)
		}
	}
}

func TestIDsAreTotal(t *testing.T) {
	for _, name := range fixtures(t) {
		tok := openFixture(t, name)
		for _, id := range []int32{-1 << 31, -1, int32(tok.Size()), 1<<31 - 1} {
			if tok.Piece(id) != "" || tok.Bytes(id) != nil || tok.IsControl(id) || tok.Decode([]int32{id}) != "" || tok.Decoder(false).Push(id) != "" {
				t.Errorf("%s: id %d is something", name, id)
			}
		}
		for id := range int32(tok.Size()) { // an added é is spelled like the byte E9
			piece := tok.Piece(id)
			if got, ok := tok.ID(piece); piece != "" && (!ok || tok.Piece(got) != piece) {
				t.Errorf("%s: piece %q of %d has id %d %v", name, piece, id, got, ok)
			}
		}
	}
}

func TestConcurrent(t *testing.T) {
	tok := openFixture(t, "bpe_gpt2")
	want := tok.Encode(prose, true)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 50 {
				if got := tok.Encode(prose[:len(prose)-i], true); i == 0 && !slices.Equal(got, want) {
					t.Error("another result beside others")
				}
			}
		})
	}
	wg.Wait()
}

// FuzzJSON feeds documents; whatever loads must encode and decode.
func FuzzJSON(f *testing.F) {
	const head = `{"added_tokens":[{"id":9,"content":"<s>","special":true,"lstrip":true},{"id":8,"content":"▁▁","normalized":true}],`
	for _, rest := range []string{
		`"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"a":0,"Ġ":1,"Ġa":2},"merges":["Ġ a"]}}`,
		`"normalizer":{"type":"Prepend","prepend":"▁"},"model":{"type":"BPE","byte_fallback":true,"unk_token":"a","vocab":{"a":0,"▁":1,"▁a":2,"<0x0A>":3},"merges":[["▁","a"]]},` +
			`"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}}`,
		`"pre_tokenizer":{"type":"Metaspace","replacement":"▁"},"model":{"type":"Unigram","unk_id":0,"vocab":[["u",0],["▁",-1],["▁a",-2.5]]},"decoder":{"type":"Metaspace","replacement":"▁"}}`,
		`"normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece","unk_token":"u","vocab":{"u":0,"a":1,"##1":2}},` +
			`"decoder":{"type":"WordPiece","prefix":"##"},"post_processor":{"type":"BertProcessing","cls":["a",1],"sep":["u",0]}}`,
		`"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a|\\s)++"},"behavior":"MergedWithNext"},"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1}}}`,
	} {
		f.Add([]byte(head + rest))
		if _, err := FromJSON([]byte(head+rest), nil); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		tok, err := FromJSON(data, nil)
		if err != nil {
			return
		}
		ids := tok.WithSpecials(tok.Encode("안녕 <s>a1 ▁\xff\n", true))
		tok.Decode(ids)
		d := tok.Decoder(true)
		for _, id := range ids {
			d.Push(id)
		}
		d.Flush()
	})
}

// FuzzRoundTrip checks what holds for every text: byte-level vocabularies give it
// back, streams agree with Decode, segments with the whole.
func FuzzRoundTrip(f *testing.F) {
	names := []string{"bpe_llama3", "bpe_hyperclovax", "spm_prepend", "spm_gemma", "unigram", "bert_uncased", "bpe_gpt2"}
	var toks []*Tokenizer
	for _, name := range names {
		toks = append(toks, openFixture(f, name))
	}
	for _, s := range []string{"", "안녕 world", "<|im_start|>a", " \n\n x", "\xea\xb0", "ab<mask> c", "\u1100\u1161"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		for i, tok := range toks {
			ids := tok.Encode(text, false)
			decoded := tok.Decode(ids)
			if i < 2 && decoded != string(appendLossy(nil, []byte(text))) {
				t.Errorf("%s: %q became %q", names[i], text, decoded)
			}
			stream, d := "", tok.Decoder(false)
			for _, id := range ids {
				stream += d.Push(id)
			}
			if stream += d.Flush(); stream != decoded && !strings.ContainsRune(decoded, utf8.RuneError) {
				t.Errorf("%s: stream %q, decode %q", names[i], stream, decoded)
			}
			cut := min(max(cut, 0), len(text))
			parts := []Segment{{text[:cut], false}, {text[cut:], false}}
			if got := tok.EncodeSegments(nil, parts); !slices.Equal(got, ids) {
				t.Errorf("%s: %q cut at %d: %v, whole %v", names[i], text, cut, got, ids)
			}
		}
	})
}
