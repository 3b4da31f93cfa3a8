package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"malmoi/internal/token"
)

// cut is a name of tokenizer.ggml.pre that a byte-level tokenizer may get.
type cut struct {
	name   string
	whole  bool // for tokenizers with ignore_merges
	nfc    bool // for tokenizers that normalise to NFC
	digits bool // for tokenizers that first isolate each digit
}

// cuts are tried in order after the family's own names; several stand for the
// same rule. Source: the names in llama.cpp's converter.
var cuts = []cut{
	{name: "llama-bpe", whole: true}, {name: "tekken", whole: true},
	{name: "qwen2", nfc: true}, {name: "qwen35", nfc: true},
	{name: "smollm", digits: true}, {name: "gpt-2"}, {name: "dbrx"},
	{name: "deepseek-r1-qwen"}, {name: "gpt-4o"},
	{name: "deepseek-v3"}, {name: "exaone-moe"}, {name: "seed-coder"}, {name: "bailingmoe"},
}

// familyCuts are tried first for their architecture.
var familyCuts = map[string][]cut{
	"exaone4": {{name: "exaone4"}},
	"exaone":  {{name: "exaone", digits: true}},
}

// probes are texts on which rules of cutting differ.
var probes = []string{
	"안녕하세요. 우리말을 모은다!", " don't I'M we'LL they'Re x's 'S", "HTTPServer getURLFor fooBar ABC", "1 12 123 1234567890", "a  12\n3\t4  5.6",
	"a  b   c\n\n  d \n\t e  ", "foo_bar/baz\n(x)\r\n!!!\n/ ?\n\n", "1.5kg 3월14일 v2", "漢字かなカナ 한글", "e\u0301a\u0300 สวัสดี नमस्ते",
	"<|im_start|> <s> </s> x", "👍🏽 ☃️", "", " ", "\n\n\n", "가나 다라  마바",
}

// kind writes tokenizer.ggml.model and what goes with it.
func (f *tokenizerFile) kind(p *pairs, want *token.Tokenizer, arch string) error {
	if bytes.Contains(f.PreTokenizer, []byte(`"ByteLevel"`)) {
		return f.byteLevel(p, want, arch)
	}
	if f.Model.ByteFallback {
		return f.sentencePiece(p, want)
	}
	return fmt.Errorf("a BPE tokenizer that is neither byte-level nor has byte fallback has no form in GGUF")
}

func (f *tokenizerFile) byteLevel(p *pairs, want *token.Tokenizer, arch string) error {
	p.set("tokenizer.ggml.model", "gpt2")
	merges := make([]string, len(f.Model.Merges))
	for i, raw := range f.Model.Merges {
		left, right, err := merge(raw)
		if err != nil {
			return err
		}
		merges[i] = left + " " + right
	}
	p.set("tokenizer.ggml.merges", merges)
	nfc := bytes.Contains(f.Normalizer, []byte(`"NFC"`))
	digits := bytes.Contains(f.PreTokenizer, []byte(`"Digits"`))
	var tried []string
	for _, c := range slices.Concat(familyCuts[arch], cuts) {
		if c.whole != f.Model.IgnoreMerges || c.nfc != nfc || c.digits != digits {
			continue
		}
		p.set("tokenizer.ggml.pre", c.name)
		got, err := token.FromGGUF(p)
		if err != nil {
			return err
		}
		if same(got, want) {
			return nil
		}
		tried = append(tried, c.name)
	}
	return fmt.Errorf("the tokenizer cuts text by a rule that has no name in GGUF (tried %s)", strings.Join(tried, ", "))
}

// merge reads "a b" or ["a", "b"].
func merge(raw json.RawMessage) (left, right string, err error) {
	var both []string
	var text string
	if json.Unmarshal(raw, &text) == nil {
		both = strings.Split(text, " ")
	} else if err := json.Unmarshal(raw, &both); err != nil {
		return "", "", fmt.Errorf("tokenizer.json: merges: %w", err)
	}
	if len(both) != 2 {
		return "", "", fmt.Errorf("tokenizer.json: merge %s is not two pieces", raw)
	}
	return both[0], both[1], nil
}

// sentencePiece writes scores: files have no merges for this model but join the
// pair whose result has the highest score, so the rank of the first merge that
// makes a piece becomes its score.
func (f *tokenizerFile) sentencePiece(p *pairs, want *token.Tokenizer) error {
	p.set("tokenizer.ggml.model", "llama")
	p.set("tokenizer.ggml.pre", "default")
	rank := map[string]int{}
	for i, raw := range f.Model.Merges {
		left, right, err := merge(raw)
		if err != nil {
			return err
		}
		if _, ok := rank[left+right]; !ok {
			rank[left+right] = i
		}
	}
	tokens, _ := p.Strings("tokenizer.ggml.tokens")
	types, _ := p.Ints("tokenizer.ggml.token_type")
	scores := make([]float32, len(tokens))
	for i, piece := range tokens {
		if types[i] != typeNormal {
			continue
		}
		scores[i] = -float32(len(rank) + 1)
		if r, ok := rank[piece]; ok {
			scores[i] = -float32(r)
		}
	}
	p.set("tokenizer.ggml.scores", scores)
	for _, prefix := range []bool{false, true} {
		p.set("tokenizer.ggml.add_space_prefix", prefix)
		got, err := token.FromGGUF(p)
		if err != nil {
			return err
		}
		if same(got, want) {
			return nil
		}
	}
	return fmt.Errorf("the SentencePiece tokenizer makes other tokens of text when read from GGUF")
}

// same reports whether two tokenizers agree on the probes and their frame.
func same(a, b *token.Tokenizer) bool {
	for _, text := range probes {
		for _, special := range []bool{false, true} {
			if !slices.Equal(a.Encode(text, special), b.Encode(text, special)) {
				return false
			}
		}
	}
	return slices.Equal(a.WithSpecials(nil), b.WithSpecials(nil))
}
