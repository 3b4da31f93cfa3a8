package pretok

import (
	"strings"
	"unicode/utf8"

	"malmoi/internal/token/uni"
)

// The patterns of real vocabularies, as their files spell them.
const (
	GPT2      = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	Llama3    = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	Qwen2     = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	Qwen35    = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	CL100K    = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`
	O200K     = o200kWords + `(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` + o200kCaps + `(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}` + o200kRest
	Tekken    = o200kWords + `|` + o200kCaps + `|\p{N}` + o200kRest
	ExaoneMoE = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+`
	SeedCoder = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+`
	Bailing   = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`
	DeepSeek  = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|" + `[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	Kana      = `[一-龥぀-ゟ゠-ヿ]+` // Chinese characters and Japanese syllables
	Digit     = `\p{N}`
	Digits3   = `\p{N}{1,3}`
	DigitRun  = `\p{N}+`
	Three     = `[0-9][0-9][0-9]`
	Plain     = `[\p{P}\$\+<=>\^~\|]+`       // llama.cpp's default
	PlainTick = "[\\p{P}\\$\\+<=>\\^~\\|`]+" // Falcon
	Lines     = `[^\n]+|[\n]+`

	o200kWords = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
	o200kCaps  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
	o200kRest  = `| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// handWritten returns the scanner of a pattern that is known by its text.
func handWritten(pattern string) scanner {
	switch canonical(pattern) {
	case GPT2, `'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
		strings.TrimSuffix(GPT2, `|\s+`):
		return gpt2
	case Llama3:
		return modern{letters: uni.L, digits: 3, tail: "\r\n"}.scan
	case Qwen2, canonical(Bailing), `[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`:
		plain := strings.HasPrefix(pattern, `[^\r\n`)
		return modern{letters: uni.L, digits: 1, tail: "\r\n", noContractions: plain}.scan
	case `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`:
		return modern{letters: uni.L, tail: "\r\n"}.scan
	case Qwen35:
		return modern{letters: uni.L | uni.M, digits: 1, tail: "\r\n"}.scan
	case canonical(CL100K):
		return modern{letters: uni.L, tail: "\r\n", endRun: true}.scan
	case ExaoneMoE:
		return modern{letters: uni.L, joined: true, digits: 1, tail: "\r\n/", tailMax: 1}.scan
	case SeedCoder:
		return modern{letters: uni.L, digits: 1}.scan
	case O200K:
		return cased{contractions: true, digits: 3, tail: "\r\n/"}.scan
	case Tekken:
		return cased{digits: 1, tail: "\r\n/"}.scan
	case canonical(DeepSeek):
		return deepseek
	}
	return runs(pattern)
}

// Tiktoken returns the scanner of cl100k as tiktoken reads the pattern: there {1,3}+
// is at most three digits, while in a tokenizer.json it repeats.
func Tiktoken() Pattern {
	return scanner(modern{letters: uni.L, digits: 3, tail: "\r\n", endRun: true}.scan)
}

// canonical drops what does not change a match of these patterns: possessive
// quantifiers, and the spelled-out case folding of llama.cpp.
func canonical(pattern string) string {
	return strings.NewReplacer(
		`{1,3}+`, `+`, `?+`, `?`, `++`, `+`, `*+`, `*`,
		`(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])`, `(?i:'s|'t|'re|'ve|'m|'ll|'d)`,
	).Replace(pattern)
}

// runs returns the scanner of a simple pattern: a stretch of one kind.
func runs(pattern string) scanner {
	class := func(set uni.Class, limit int) scanner {
		return func(c *classes, s string, i int) int { return c.runMax(s, i, set, limit) }
	}
	switch pattern {
	case Digit:
		return class(uni.N, 1)
	case Digits3:
		return class(uni.N, 3)
	case DigitRun:
		return class(uni.N, 0)
	case Three:
		return func(_ *classes, s string, i int) int {
			if end := runBytes(s, i, "0123456789", 3); end == i+3 {
				return end
			}
			return i
		}
	case Kana:
		return kana
	case ` {2,}`:
		return func(_ *classes, s string, i int) int {
			if end := runBytes(s, i, " ", 0); end > i+1 {
				return end
			}
			return i
		}
	case Plain, PlainTick:
		symbols := "$+<=>^~|"
		if pattern == PlainTick {
			symbols += "`"
		}
		return func(c *classes, s string, i int) int { return c.punctuation(s, i, symbols) }
	case Lines:
		return func(_ *classes, s string, i int) int {
			if end := runBytes(s, i, "\n", 0); end > i {
				return end
			}
			if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
				return i + n
			}
			return len(s)
		}
	}
	return nil
}

// punctuation skips \p{P} and the given ASCII symbols.
func (c *classes) punctuation(s string, i int, symbols string) int {
	for {
		k, n := c.at(s, i)
		if n == 0 || k&uni.P == 0 && !strings.Contains(symbols, s[i:i+n]) {
			return i
		}
		i += n
	}
}

// kana skips Chinese characters and Japanese syllables.
func kana(_ *classes, s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !(0x4E00 <= r && r <= 0x9FA5 || 0x3040 <= r && r <= 0x30FF) {
			break
		}
		i += n
	}
	return i
}
