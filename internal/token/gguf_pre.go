package token

import (
	"fmt"
	"sort"
	"strings"

	"malmoi/internal/token/pretok"
)

// pre is what a name in tokenizer.ggml.pre stands for.
type pre struct {
	patterns   []string
	wholeWords bool // ignore_merges
	nfc        bool // the original tokenizer normalises; converters lose that
	addBOS     bool // where the file does not say
	addSEP     bool
}

// preTokenizers is the table of names. Source: the chkhsh names of llama.cpp's
// converter and the tokenizer.json files they were taken from.
func preTokenizers() map[string]pre {
	gpt2 := pre{patterns: []string{pretok.GPT2}}
	digits := pre{patterns: []string{pretok.Digit, pretok.GPT2}}
	llama3 := pre{patterns: []string{pretok.Llama3}, wholeWords: true, addBOS: true}
	plainLlama3 := pre{patterns: []string{pretok.Llama3}}
	qwen2 := pre{patterns: []string{pretok.Qwen2}}
	qwen2NFC := pre{patterns: []string{pretok.Qwen2}, nfc: true}
	o200k := pre{patterns: []string{pretok.O200K}}
	deepseek := pre{patterns: []string{pretok.Digits3, pretok.Kana, pretok.DeepSeek}}
	hyperclova := pre{patterns: []string{pretok.Digit, pretok.Kana, pretok.DeepSeek}}
	roberta := pre{patterns: []string{pretok.GPT2}, addSEP: true}
	fallback := pre{patterns: []string{pretok.Plain, pretok.GPT2, pretok.DigitRun, pretok.Three}}
	return map[string]pre{
		"": fallback, "default": fallback,
		"gpt-2": gpt2, "gpt2": gpt2, "phi-2": gpt2, "mpt": gpt2, "olmo": gpt2, "jais": gpt2, "trillion": gpt2,
		"exaone4": gpt2, "a.x-4.0": gpt2, "gigachat": gpt2, "mellum": gpt2, "modern-bert": gpt2, "granite-docling": gpt2,
		"jina-es": gpt2, "jina-de": gpt2, "jina-v2-es": gpt2, "jina-v2-de": gpt2,
		"roberta-bpe": roberta, "jina-v1-en": roberta, "jina-v2-code": roberta,
		"smollm": digits, "exaone": digits, "starcoder": digits, "refact": digits, "command-r": digits,
		"codeshell": digits, "minerva-7b": digits, "mellum2": digits,
		"llama-bpe": llama3, "llama3": llama3, "llama-v3": llama3, "falcon3": llama3, "falcon-h1": llama3,
		"pixtral": llama3, "midm-2.0": llama3, "lfm2": llama3, "jina-v5-nano": llama3,
		"dbrx": plainLlama3, "smaug-bpe": plainLlama3, "glm4": plainLlama3, "chatglm-bpe": plainLlama3,
		"cl100k": plainLlama3, "hyperclovax-seed": plainLlama3,
		"qwen2": qwen2NFC, "qwen35": {patterns: []string{pretok.Qwen35}, nfc: true},
		"deepseek-r1-qwen": qwen2, "kormo": qwen2, "f2llmv2": qwen2, "megrez": qwen2, "stablelm2": qwen2,
		"hunyuan": qwen2, "solar-open": qwen2, "grok-2": qwen2,
		"gpt-4o": o200k, "llama4": o200k, "kanana2": o200k, "talkie": o200k, "minimax-m2": o200k, "o200k": o200k,
		"tekken":     {patterns: []string{pretok.Tekken}, wholeWords: true, addBOS: true},
		"exaone-moe": {patterns: []string{pretok.ExaoneMoE}}, "seed-coder": {patterns: []string{pretok.SeedCoder}},
		"bailingmoe": {patterns: []string{pretok.Bailing}}, "bailingmoe2": {patterns: []string{pretok.Bailing}},
		"llada-moe":   {patterns: []string{pretok.Bailing}},
		"deepseek-v3": deepseek, "hunyuan-dense": deepseek, "joyai-llm": deepseek, "hy_v4": deepseek,
		"hyperclovax": hyperclova, "mu-choco": hyperclova,
		"falcon": {patterns: []string{pretok.PlainTick, pretok.GPT2, pretok.Three}},
	}
}

func preTokenizer(name string) (pre, error) {
	table := preTokenizers()
	if p, ok := table[name]; ok {
		return p, nil
	}
	known := make([]string, 0, len(table))
	for k := range table {
		known = append(known, k)
	}
	sort.Strings(known)
	return pre{}, fmt.Errorf("pre-tokenizer %q is not supported; known are %s", name, strings.Join(known[1:], ", "))
}

// chain compiles the patterns, which are applied one after the other.
func (p pre) chain() (pretok.Chain, error) {
	var c pretok.Chain
	for _, expression := range p.patterns {
		re, err := pretok.Compile(expression)
		if err != nil {
			return nil, err
		}
		c = append(c, pretok.Split{Pattern: re})
	}
	return c, nil
}
