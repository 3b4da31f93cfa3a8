package model

import (
	"fmt"
	"strings"

	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
	"malmoi/internal/num/mem"
	"malmoi/internal/num/quant"
	"malmoi/internal/weights"
)

// Loader hands a family its layers by their GGUF names ("blk.3.attn_q"), also
// where the file is safetensors: Names says what they are called there. Like
// Config it keeps the first error. Weights are packed after the family has
// asked for all of them, in parallel.
type Loader struct {
	*Config
	src   weights.Source
	opt   Options
	names Names
	// prefix stands before every tensor name in checkpoints that wrap the
	// language model ("language_model.", "bert.").
	prefix string
	arena  *mem.Arena
	jobs   []job
}

// Names maps the last parts of GGUF names to safetensors names, layers apart:
// "attn_q" to "model.layers.%d.self_attn.q_proj". An entry of a family replaces
// the usual one.
type Names map[string]string

// usual are the names that most decoders share in safetensors checkpoints.
var usual = Names{
	"token_embd":  "model.embed_tokens",
	"output_norm": "model.norm",
	"output":      "lm_head",
	"attn_norm":   "model.layers.%d.input_layernorm",
	"attn_q":      "model.layers.%d.self_attn.q_proj",
	"attn_k":      "model.layers.%d.self_attn.k_proj",
	"attn_v":      "model.layers.%d.self_attn.v_proj",
	"attn_output": "model.layers.%d.self_attn.o_proj",
	"attn_q_norm": "model.layers.%d.self_attn.q_norm",
	"attn_k_norm": "model.layers.%d.self_attn.k_norm",
	"ffn_norm":    "model.layers.%d.post_attention_layernorm",
	"ffn_gate":    "model.layers.%d.mlp.gate_proj",
	"ffn_up":      "model.layers.%d.mlp.up_proj",
	"ffn_down":    "model.layers.%d.mlp.down_proj",
}

// job is one weight to pack: parts become the rows of one matrix.
type job struct {
	name  string
	parts []weights.Tensor
	C     int
	into  *nn.Linear
	head  bool // rows are logits
}

// screenedRows is the least number of logits worth screening: of a smaller head
// there is little to save.
const screenedRows = 32 << 10

// fileName is what the file calls a GGUF name, without ".weight".
func (l *Loader) fileName(name string) string {
	if l.GGUF() {
		return name
	}
	layer, rest := -1, name
	if after, ok := strings.CutPrefix(name, "blk."); ok {
		if _, err := fmt.Sscanf(after, "%d.", &layer); err == nil {
			_, rest, _ = strings.Cut(after, ".")
		}
	}
	pattern, ok := l.names[rest]
	if !ok {
		pattern, ok = usual[rest]
	}
	if !ok {
		return name
	}
	if layer >= 0 {
		pattern = fmt.Sprintf(pattern, layer)
	}
	return l.prefix + pattern
}

// findPrefix sets prefix so that the embedding is found.
func (l *Loader) findPrefix() {
	name := l.fileName("token_embd") + ".weight"
	if _, ok := l.src.Tensor(name); ok {
		return
	}
	for _, n := range l.src.Names() {
		if p, ok := strings.CutSuffix(n, "."+name); ok {
			l.prefix = p + "."
			return
		}
	}
}

// Has reports whether the file holds name's weight.
func (l *Loader) Has(name string) bool {
	_, ok := l.src.Tensor(l.fileName(name) + ".weight")
	return ok
}

// tensor returns a tensor and checks its shape.
func (l *Loader) tensor(name, suffix string, shape ...int) (weights.Tensor, bool) {
	full := l.fileName(name) + suffix
	t, ok := l.src.Tensor(full)
	if !ok {
		l.Fail("tensor %q is missing", full)
		return t, false
	}
	if len(t.Shape) != len(shape) {
		l.Fail("tensor %q has shape %v, want %v", full, t.Shape, shape)
		return t, false
	}
	for i, d := range shape {
		if t.Shape[i] != d {
			l.Fail("tensor %q has shape %v, want %v", full, t.Shape, shape)
			return t, false
		}
	}
	return t, true
}

// Vector returns a one-dimensional tensor as float32, (n), or nil after an error.
func (l *Loader) Vector(name, suffix string, n int) []float32 {
	t, ok := l.tensor(name, suffix, n)
	if !ok {
		return nil
	}
	out := make([]float32, n)
	if err := quant.Decode(t.Type, out, t.Data); err != nil {
		l.Fail("tensor %q: %v", t.Name, err)
	}
	return out
}

// Norm returns a root-mean-square norm over C values; plus is added to its
// weights (Gemma's checkpoints store w-1).
func (l *Loader) Norm(name string, C int, eps, plus float32) *nn.Norm {
	w := l.Vector(name, ".weight", C)
	if plus != 0 {
		for i := range w {
			w[i] += plus
		}
	}
	return &nn.Norm{W: w, Eps: eps}
}

// LayerNorm returns a norm with mean and bias.
func (l *Loader) LayerNorm(name string, C int, eps float32) *nn.Norm {
	return &nn.Norm{W: l.Vector(name, ".weight", C), B: l.Vector(name, ".bias", C), Eps: eps, Centre: true}
}

// Table returns an embedding of width C and as many rows as the file has.
func (l *Loader) Table(name string, C int) *nn.Table {
	full := l.fileName(name) + ".weight"
	t, ok := l.src.Tensor(full)
	if !ok || len(t.Shape) != 2 || t.Shape[1] != C || t.Shape[0] < 1 || t.Shape[0] > maxDim {
		l.Fail("tensor %q is missing or not of width %d", full, C)
		return &nn.Table{V: 1, C: C}
	}
	return &nn.Table{Type: t.Type, Data: t.Data, V: t.Shape[0], C: C}
}

// Rows is one weight of a Linear that several weights form together.
type Rows struct {
	Name string
	OC   int
}

// Linear returns the layer of one weight (OC, C) with its bias, if it has one.
func (l *Loader) Linear(name string, OC, C int) *nn.Linear { return l.Fused(C, Rows{name, OC}) }

// Fused returns one layer whose outputs are those of the given weights in
// order, so that a step reads its input once.
func (l *Loader) Fused(C int, parts ...Rows) *nn.Linear {
	lin := &nn.Linear{}
	j := job{name: parts[0].Name, C: C, into: lin}
	var bias []float32
	biased := false
	for _, p := range parts {
		t, ok := l.tensor(p.Name, ".weight", p.OC, C)
		if !ok {
			return lin
		}
		j.parts = append(j.parts, t)
		if _, ok := l.src.Tensor(l.fileName(p.Name) + ".bias"); ok {
			biased = true
			bias = append(bias, l.Vector(p.Name, ".bias", p.OC)...)
		} else {
			bias = append(bias, make([]float32, p.OC)...)
		}
	}
	if biased {
		lin.Bias = bias
	}
	l.jobs = append(l.jobs, j)
	return lin
}

// Head returns the output layer: its own weight, or the embedding's where the
// two are tied.
func (l *Loader) Head(t *nn.Table) *nn.Linear {
	name := "output"
	if !l.Has(name) {
		name = "token_embd"
	}
	lin := l.Linear(name, t.V, t.C)
	if n := len(l.jobs); n > 0 && l.jobs[n-1].into == lin {
		l.jobs[n-1].head = true
	}
	return lin
}

// pack runs one job, in pieces that run shares out; nil means one after the
// other. Running out of memory is an error like any other.
func (l *Loader) pack(j job, run func(n int, do func(i int))) error {
	if err := l.packParts(j, run); err != nil {
		return fmt.Errorf("packing %s: %w", j.name, err)
	}
	return nil
}

// packParts never has more of the file in memory than the pieces under way.
func (l *Loader) packParts(j job, run func(n int, do func(i int))) (err error) {
	defer mem.Catch(&err)
	o := kernel.Options{Exact: l.opt.Exact, Alloc: l.arena.Alloc, Run: run, Reading: mem.PageIn, Read: mem.DropPages}
	o.Screen = j.head && !l.opt.NoScreening && j.parts[0].Shape[0] >= screenedRows
	var parts []kernel.Part
	for _, t := range j.parts {
		p, again, err := l.requantised(t)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if again {
			o.Reading, o.Read = nil, nil // some parts are no longer the file's
		}
		parts = append(parts, p)
	}
	m, err := kernel.PackRows(parts, j.C, o)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", j.parts[0].Name, err)
	}
	j.into.W = m
	for _, t := range j.parts {
		mem.DropPages(t.Data) // pages that two pieces share
	}
	return nil
}

// requantised returns the tensor's rows, in the type that Options.Quant asks
// for where the file holds floats and the rows fill whole blocks; again says
// that they are no longer the file's bytes.
func (l *Loader) requantised(t weights.Tensor) (p kernel.Part, again bool, err error) {
	p = kernel.Part{Type: t.Type, Data: t.Data, Rows: t.Shape[0]}
	to := l.opt.Quant
	isFloat := t.Type == quant.F32 || t.Type == quant.F16 || t.Type == quant.BF16
	if !isFloat || to == quant.F32 || l.opt.Exact {
		return p, false, nil
	}
	C := t.Shape[1]
	if C%to.BlockLen() != 0 {
		to = quant.Q8_0
	}
	if C%to.BlockLen() != 0 {
		return p, false, nil
	}
	from, err := t.Type.RowBytes(C)
	if err != nil {
		return p, false, err
	}
	size, err := to.RowBytes(C)
	if err != nil {
		return p, false, err
	}
	row := make([]float32, C)
	p.Type, p.Data = to, make([]byte, size*p.Rows)
	for r := range p.Rows {
		if err := quant.Decode(t.Type, row, t.Data[r*from:(r+1)*from]); err != nil {
			return p, false, err
		}
		if err := quant.Encode(to, p.Data[r*size:(r+1)*size], row); err != nil {
			return p, false, err
		}
	}
	return p, true, nil
}
