package studio

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Embedder turns texts into vectors of unit length. llm.Generator.Embed is one.
type Embedder func(ctx context.Context, texts []string) ([][]float32, int, error)

// Segmenting says how a text is split. Sizes are in characters.
type Segmenting struct {
	Alpha   float64 // -1.5 to 1.5: higher gives more segments
	Auto    bool    // Alpha is chosen by the text's own contrast
	Count   int     // number of segments, 0: as the text has topics
	MinSize int     // with Fit: smaller segments are joined with a neighbour
	MaxSize int     // with Fit: larger ones are split between sentences
	Fit     bool
}

// Segments are runs of sentences that speak about one thing.
type Segments struct {
	Sentences []string
	Ends      []int // for each segment, one past its last sentence
	Tokens    int   // read by the embedding model
}

// window is how many sentences before and after a gap are compared.
const window = 3

// maxSentences bounds the work of one text.
const maxSentences = 10_000

// Segment splits a text where what is said before and after a gap between
// sentences differs most (Hearst, TextTiling, 1997), with vectors of an
// embedding model, or, if embed is nil, with counts of syllable pairs.
func Segment(ctx context.Context, text string, o Segmenting, embed Embedder) (Segments, error) {
	s := Segments{Sentences: Sentences(text)}
	if len(s.Sentences) > maxSentences {
		s.Sentences = append(s.Sentences[:maxSentences-1:maxSentences-1], strings.Join(s.Sentences[maxSentences-1:], " "))
	}
	if len(s.Sentences) == 0 {
		return s, nil
	}
	vectors, tokens, err := vectorsOf(ctx, s.Sentences, embed)
	if err != nil {
		return s, err
	}
	s.Tokens = tokens
	depth := depths(vectors)
	s.Ends = cuts(depth, o)
	if o.Fit {
		s.Ends = fit(s.Sentences, s.Ends, o.MinSize, o.MaxSize)
	}
	return s, nil
}

// Topics are the sentences of each segment.
func (s Segments) Topics() [][]string {
	var out [][]string
	start := 0
	for _, end := range s.Ends {
		out = append(out, s.Sentences[start:end])
		start = end
	}
	return out
}

func vectorsOf(ctx context.Context, sentences []string, embed Embedder) ([]vector, int, error) {
	out := make([]vector, len(sentences))
	if embed == nil {
		for i, s := range sentences {
			out[i] = pairs(s)
		}
		return out, 0, nil
	}
	dense, tokens, err := embed(ctx, sentences)
	if err != nil {
		return nil, 0, err
	}
	for i, v := range dense {
		out[i] = vector{}
		for k, x := range v {
			out[i][uint64(k)] = float64(x)
		}
	}
	return out, tokens, nil
}

// depths says for each gap how deep the similarity of its two sides lies
// below the hills to its left and right.
func depths(v []vector) []float64 {
	n := len(v) - 1
	similar := make([]float64, n)
	for gap := range n {
		before, after := sum(v[max(0, gap+1-window):gap+1]), sum(v[gap+1:min(len(v), gap+1+window)])
		similar[gap] = cosine(before, after)
	}
	depth := make([]float64, n)
	for gap := range n {
		depth[gap] = hill(similar, gap, -1) + hill(similar, gap, 1) - 2*similar[gap]
	}
	return depth
}

// hill climbs from a gap to the first peak in one direction.
func hill(similar []float64, at, step int) float64 {
	top := similar[at]
	for i := at + step; i >= 0 && i < len(similar) && similar[i] >= top; i += step {
		top = similar[i]
	}
	return top
}

// cuts chooses the gaps to cut at, as ends of segments.
func cuts(depth []float64, o Segmenting) []int {
	var chosen []int
	if o.Count > 0 {
		order := make([]int, len(depth))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(depth[b], depth[a]) })
		chosen = order[:min(o.Count-1, len(order))]
	} else {
		mean, deviation := spread(depth)
		limit := mean - o.Alpha*deviation
		if o.Auto {
			limit = mean + deviation/2
		}
		for i, d := range depth {
			if d > 0 && d >= limit {
				chosen = append(chosen, i)
			}
		}
	}
	ends := []int{}
	for _, gap := range chosen {
		ends = append(ends, gap+1)
	}
	slices.Sort(ends)
	return append(ends, len(depth)+1)
}

func spread(x []float64) (mean, deviation float64) {
	if len(x) == 0 {
		return 0, 0
	}
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(len(x)))
}

// fit joins small segments with the next one and splits large ones, always
// between sentences. A single sentence longer than most stays whole.
func fit(sentences []string, ends []int, least, most int) []int {
	var out []int
	start, size := 0, 0
	for i, s := range sentences {
		n := utf8.RuneCountInString(s)
		if size > 0 && size+n > most {
			out = append(out, i)
			start, size = i, 0
		}
		size += n
		if slices.Contains(ends, i+1) && size >= least {
			out = append(out, i+1)
			start, size = i+1, 0
		}
	}
	if start == len(sentences) {
		return out
	}
	if len(out) > 0 && size < least {
		before := 0
		if len(out) > 1 {
			before = out[len(out)-2]
		}
		if length(sentences[before:]) <= most {
			out = out[:len(out)-1]
		}
	}
	return append(out, len(sentences))
}

func length(sentences []string) int {
	n := 0
	for _, s := range sentences {
		n += utf8.RuneCountInString(s)
	}
	return n
}
