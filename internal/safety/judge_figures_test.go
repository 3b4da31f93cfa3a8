package safety

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"malmoi/internal/llm"
	"malmoi/internal/num/quant"
)

// The judge's figures want a model beside the sets of -safety.sets. A judgement
// takes seconds on a processor, so a sample is judged, the same at every run.
var (
	figuresModel  = flag.String("safety.model", "", "model file that judges a sample of the sets of -safety.sets")
	figuresSample = flag.Int("safety.sample", 100, "texts of each set that the model judges")
)

// judgedSeed chooses the sample.
const judgedSeed = 20261124

// labelled is a text with people's verdict.
type labelled struct {
	text string
	bad  bool
	hate bool // the gravest label, where the set has one
}

func TestJudgeFigures(t *testing.T) {
	if *figuresDir == "" || *figuresModel == "" {
		t.Skip("figures of the judge: name a folder of sets with -safety.sets and a model with -safety.model (see the comments in figures_test.go)")
	}
	m, err := llm.Load(*figuresModel, llm.Info{}, llm.Options{Threads: runtime.GOMAXPROCS(0), Context: 8192, Quant: quant.F32, KVBytes: 512 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var comments, stereotypes []labelled
	for _, row := range rows(t, "dev.tsv") {
		comments = append(comments, labelled{row[0], row[3] != "none", row[3] == "hate"})
	}
	for _, s := range sentences(t) {
		stereotypes = append(stereotypes, labelled{text: s.Sentence, bad: s.Label == "unsafe"})
	}
	measureJudge(t, m, "dev.tsv, hate or offensive", sample(comments))
	measureJudge(t, m, "kosbi_test.json, unsafe sentence", sample(stereotypes))
}

// sample takes -safety.sample texts of a set.
func sample(all []labelled) []labelled {
	rng := rand.New(rand.NewPCG(judgedSeed, 0))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(*figuresSample, len(all))]
}

// measureJudge logs how the judge, the words and both do on the same texts.
func measureJudge(t *testing.T, m llm.Generator, name string, texts []labelled) {
	t.Helper()
	type figure struct {
		judge, words, both, judgeHate counts
	}
	var low, strict figure
	failed, began := 0, time.Now()
	f := newFilter(t)
	for _, x := range texts {
		v, err := Judge(t.Context(), m, x.text)
		if err != nil {
			failed++ // blocks nothing, as in service
			t.Logf("%q: %v", x.text, err)
		}
		for level, fig := range map[Level]*figure{Low: &low, Strict: &strict} {
			all := Levels{Profanity: level, Hate: level, Sexual: level}
			judged, found := len(v.Blocked(all)) > 0, len(f.Check(x.text).Blocked(all)) > 0
			fig.judge.add(judged, x.bad)
			fig.words.add(found, x.bad)
			fig.both.add(judged || found, x.bad)
			fig.judgeHate.add(judged, x.hate)
		}
	}
	t.Logf("%s: %d texts judged in %.1f s each, %d without a verdict", name, len(texts), time.Since(began).Seconds()/float64(len(texts)), failed)
	for level, fig := range []figure{low, strict} {
		for _, row := range []struct {
			who string
			c   counts
		}{{"judge", fig.judge}, {"words", fig.words}, {"both", fig.both}, {"judge, hate only", fig.judgeHate}} {
			if row.c.people > 0 {
				t.Logf("  level %d %-16s %3d of %d bad, found %3d: precision %s, recall %s", level+1, row.who, row.c.people, row.c.all, row.c.filter,
					share(row.c.both, row.c.filter), share(row.c.both, row.c.people))
			}
		}
	}
}

// share writes n of all with its 95 % interval (Wilson, 1927).
func share(n, all int) string {
	if all == 0 {
		return "-"
	}
	const z = 1.96
	p, k := float64(n)/float64(all), float64(all)
	mid, half := p+z*z/(2*k), z*math.Sqrt(p*(1-p)/k+z*z/(4*k*k))
	low, high := (mid-half)/(1+z*z/k), (mid+half)/(1+z*z/k)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", p, low, high)
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		n, all int
		want   string
	}{{0, 0, "-"}, {0, 10, "0.00 (0.00 to 0.28)"}, {5, 10, "0.50 (0.24 to 0.76)"}, {10, 10, "1.00 (0.72 to 1.00)"}} {
		if got := share(c.n, c.all); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.n, c.all, got, c.want)
		}
	}
}
