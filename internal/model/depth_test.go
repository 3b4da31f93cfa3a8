package model_test

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"malmoi/internal/model"
	"malmoi/internal/nn"
)

// TestBitsAtDepth goes far enough for attention to be divided among workers by
// segments: the last positions one by one on one to five threads, alone and
// beside another sequence, against the same positions as part of a prompt.
func TestBitsAtDepth(t *testing.T) {
	const n, tail, pages = 1300, 12, 41
	for _, name := range []string{"gemma3", "llama_blocks/model-blocks.gguf"} {
		r := rand.New(rand.NewPCG(3, 4))
		ids := make([]int32, n)
		var want []float32
		for _, threads := range []int{1, 2, 5} {
			m := open(t, filepath.Join("testdata", "tiny", filepath.FromSlash(name)), model.Options{Threads: threads, Context: n})
			V := m.VocabSize()
			if err := m.Reserve(2 * pages); err != nil {
				t.Fatal(err)
			}
			tables := [2][]int32{}
			for i := range 2 * pages {
				tables[i%2] = append(tables[i%2], int32(i))
			}
			// step returns the logits of every row of the first sequence.
			step := func(pos, rows int, both bool) []float32 {
				b := &nn.Batch{Logits: make([]float32, rows*V)}
				for i := range rows {
					b.Out = append(b.Out, int32(i))
				}
				for s, table := range tables {
					if s == 0 || both {
						b.Tokens = append(b.Tokens, ids[pos:pos+rows]...)
						b.Seqs = append(b.Seqs, nn.Span{Len: rows, Pos: pos, Pages: table})
					}
				}
				if err := m.Step(b); err != nil {
					t.Fatal(err)
				}
				return b.Logits
			}
			if want == nil {
				for i := range ids {
					ids[i] = int32(r.IntN(V))
				}
				for pos := 0; pos < n-100; pos += 240 {
					step(pos, 240, false)
				}
				all := step(n-100, 100, false)
				want = all[len(all)-tail*V:]
			}
			for _, both := range []bool{false, true} {
				for pos := 0; pos < 1280; pos += 128 {
					step(pos, 128, both)
				}
				step(1280, n-tail-1280, both)
				for i := range tail {
					got := step(n-tail+i, 1, both)
					for j, x := range got {
						if math.Float32bits(x) != math.Float32bits(want[i*V+j]) {
							t.Fatalf("%s, %d threads, two sequences %v: logit %d of position %d is %v, want %v", name, threads, both, j, n-tail+i, x, want[i*V+j])
						}
					}
				}
			}
		}
	}
}
