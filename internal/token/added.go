package token

import (
	"unicode/utf8"

	"malmoi/internal/token/textnorm"
	"malmoi/internal/token/trie"
	"malmoi/internal/token/uni"
)

// addedToken is a piece that is found in the text itself, before it is cut.
type addedToken struct {
	id      int32
	text    string
	special bool // only where the caller reads special tokens
	word    bool // not inside a word
	left    bool // takes the white space before it
	right   bool // takes the white space after it
	norm    bool // is looked for after normalisation
}

// addedTokens finds added tokens, the longest first at each place.
type addedTokens struct {
	list []addedToken
	raw  *trie.Trie // values are indexes into list
	norm *trie.Trie // nil if no token is looked for in normalised text
}

func newAddedTokens(list []addedToken, n textnorm.Normalizer) *addedTokens {
	a := &addedTokens{list: list}
	var keys [2][]string
	var values [2][]int32
	for i, tok := range list {
		k := 0
		if tok.norm && n != nil {
			k = 1
		}
		keys[k], values[k] = append(keys[k], tok.text), append(values[k], int32(i))
	}
	a.raw = trie.New(keys[0], values[0])
	if len(keys[1]) > 0 {
		a.norm = trie.New(keys[1], values[1])
	}
	return a
}

// find calls text for each stretch without tokens and token for each token, in
// order. plain says of a byte range of s whether special tokens in it stay text; it
// may be nil.
func (a *addedTokens) find(t *trie.Trie, s string, plain func(start, end int) bool,
	text func(start, end int), token func(id int32)) {
	done := 0
	for i := 0; i < len(s); {
		if !t.Starts(s[i]) {
			i++
			continue
		}
		v, n := t.Longest(s[i:])
		if n == 0 {
			i++
			continue
		}
		tok := &a.list[v]
		start, end := i, i+n
		i = end
		if start < done || tok.special && plain != nil && plain(start, end) || tok.word && insideWord(s, start, end) {
			continue
		}
		if tok.left {
			start = max(done, skipBack(s, start))
		}
		if tok.right {
			end = skipSpace(s, end)
		}
		if done < start {
			text(done, start)
		}
		token(tok.id)
		done = end
	}
	if done < len(s) {
		text(done, len(s))
	}
}

func insideWord(s string, start, end int) bool {
	before, n := utf8.DecodeLastRuneInString(s[:start])
	after, m := utf8.DecodeRuneInString(s[end:])
	return n > 0 && uni.Of(before)&uni.Word != 0 || m > 0 && uni.Of(after)&uni.Word != 0
}

func skipBack(s string, i int) int {
	for i > 0 {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if uni.Of(r)&uni.Space == 0 {
			break
		}
		i -= n
	}
	return i
}

func skipSpace(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if uni.Of(r)&uni.Space == 0 {
			break
		}
		i += n
	}
	return i
}
