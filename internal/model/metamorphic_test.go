package model_test

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"malmoi/internal/model"
	"malmoi/internal/nn"
	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
)

// TestBitsDoNotDependOnTheStep runs a prompt in many ways that must not matter
// and compares every bit of every logit: cut into steps of any length, on one
// thread or two, in any pages, alone or among other sequences. In float32 and
// with 8-bit activations, since the two have kernels of their own.
func TestBitsDoNotDependOnTheStep(t *testing.T) {
	for _, name := range []string{"gemma3", "llama_blocks/model-blocks.gguf"} {
		path := filepath.Join("testdata", "tiny", filepath.FromSlash(name))
		for _, exact := range []bool{true, false} {
			t.Run(map[bool]string{true: "exact", false: "fast"}[exact]+"/"+name, func(t *testing.T) {
				cputest.ForEach(t, func(t *testing.T, _ cpu.Level) { testBits(t, path, exact) })
			})
		}
	}
}

func testBits(t *testing.T, path string, exact bool) {
	r := rand.New(rand.NewPCG(1, 2))
	var models [2]*model.Model
	for i := range models {
		models[i] = open(t, path, model.Options{Threads: 1 + i, Exact: exact})
	}
	V := models[0].VocabSize()
	ids := make([]int32, 71)
	for i := range ids {
		ids[i] = int32(r.IntN(V))
	}
	want := inSteps(t, models[0], ids, 1, 0, nil)
	// Each combination of threads and step length, the rest taking turns.
	company := [][]int{nil, {5}, {33, 1, 40}}
	for threads, m := range models {
		for i, step := range []int{1, 7, 64, 71} {
			order, others := uint64(i%2), company[(i+threads)%len(company)]
			got := inSteps(t, m, ids, step, order, others)
			for i := range want {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					t.Fatalf("steps of %d, %d threads, pages %d, beside %v: logit %d of position %d is %v, want %v",
						step, threads+1, order, others, i%V, i/V, got[i], want[i])
				}
			}
		}
	}
}

// inSteps returns the logits of ids, computed in steps of the given number of
// rows. Pages are taken in an order that depends on order; each step also
// carries the start of one other sequence per entry of others, before and after.
func inSteps(t *testing.T, m *model.Model, ids []int32, step int, order uint64, others []int) []float32 {
	t.Helper()
	V := m.VocabSize()
	const per = 4 // pages of each sequence
	if err := m.Reserve(per * (1 + len(others))); err != nil {
		t.Fatal(err)
	}
	var free []int32
	for _, p := range rand.New(rand.NewPCG(order, 3)).Perm(per * (1 + len(others))) {
		free = append(free, int32(p))
	}
	take := func() (table []int32) { table, free = free[:per], free[per:]; return table }
	mine := take()
	tables := make([][]int32, len(others))
	for i := range others {
		tables[i] = take()
	}
	out := make([]float32, 0, len(ids)*V)
	for pos := 0; pos < len(ids); pos += step {
		b := &nn.Batch{}
		other := func(i int) {
			for j := range others[i] {
				b.Tokens = append(b.Tokens, int32((i*13+j*7+pos)%V))
			}
			b.Seqs = append(b.Seqs, nn.Span{Len: others[i], Pages: tables[i]})
		}
		if len(others) > 0 {
			other(0)
		}
		n, first := min(step, len(ids)-pos), len(b.Tokens)
		b.Tokens = append(b.Tokens, ids[pos:pos+n]...)
		b.Seqs = append(b.Seqs, nn.Span{Len: n, Pos: pos, Pages: mine})
		for i := 1; i < len(others); i++ {
			other(i)
		}
		for i := range n {
			b.Out = append(b.Out, int32(first+i))
		}
		b.Logits = make([]float32, n*V)
		if err := m.Step(b); err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Logits...)
	}
	return out
}
