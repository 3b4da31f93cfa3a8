package studio

import (
	"math"
	"unicode"
)

// vector is sparse: what is not there is 0.
type vector map[uint64]float64

// single is the weight of a letter beside that of a pair: enough to find words
// of one syllable, too little to drown the rest.
const single = 0.5

// pairs counts the pairs of letters that stand beside each other, and, for
// less, the letters. For Korean, where most nouns have two syllables and
// particles stick to them, that finds common words without a dictionary.
func pairs(text string) vector {
	v := vector{}
	last := rune(0)
	for _, r := range text {
		r = unicode.ToLower(r)
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			last = 0
			continue
		}
		v[uint64(r)] += single
		if last != 0 {
			v[uint64(last)<<32|uint64(r)]++
		}
		last = r
	}
	return v
}

func sum(list []vector) vector {
	out := vector{}
	for _, v := range list {
		for k, x := range v {
			out[k] += x
		}
	}
	return out
}

// cosine of the angle between two vectors, 0 if one is empty.
func cosine(a, b vector) float64 {
	var dot, aa, bb float64
	for k, x := range a {
		dot += x * b[k]
		aa += x * x
	}
	for _, x := range b {
		bb += x * x
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return dot / math.Sqrt(aa*bb)
}
