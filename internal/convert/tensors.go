package convert

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"malmoi/internal/model"
	"malmoi/internal/num/quant"
	"malmoi/internal/weights"
	"malmoi/internal/weights/gguf"
)

// tensor is one array to write.
type tensor struct {
	name  string
	from  weights.Tensor
	typ   quant.Type
	heads int     // rows are stored permuted by heads of this number; 0: as they are
	plus  float32 // added to each value
}

// plan decides for each tensor its type and what happens to its values.
func plan(list []model.Named, d model.Dims, arch string, to quant.Type) ([]tensor, error) {
	tied := true
	for _, n := range list {
		tied = tied && n.Part != "output"
	}
	// What stands outside layers comes first, then layer by layer.
	slices.SortStableFunc(list, func(a, b model.Named) int { return cmp.Compare(a.Layer, b.Layer) })
	var out []tensor
	for _, n := range list {
		t := tensor{name: n.Name, from: n.Tensor, typ: quant.F32}
		switch len(n.Tensor.Shape) {
		case 1:
		case 2:
			t.typ = typeOf(n, d, tied, to)
		default:
			return nil, fmt.Errorf("tensor %q has %d dimensions", n.Tensor.Name, len(n.Tensor.Shape))
		}
		if arch == "llama" && n.Part == "attn_q" {
			t.heads = d.H
		}
		if arch == "llama" && n.Part == "attn_k" {
			t.heads = d.K
		}
		if rows := n.Tensor.Shape[0]; t.heads > 0 && rows != t.heads*d.D {
			return nil, fmt.Errorf("tensor %q has %d rows, want %d heads of %d", n.Tensor.Name, rows, t.heads, d.D)
		}
		if arch == "gemma3" && len(n.Tensor.Shape) == 1 {
			t.plus = 1 // checkpoints store w-1, files w
		}
		out = append(out, t)
	}
	return out, nil
}

// typeOf is the type of a matrix: the one asked for, or where that is Q4_K the
// mixture of llama.cpp's Q4_K_M (src/llama-quant.cpp), and a type of blocks of
// 32 where rows do not fill blocks of 256.
func typeOf(n model.Named, d model.Dims, tied bool, to quant.Type) quant.Type {
	cols := n.Tensor.Shape[1]
	if to == quant.Q4_K {
		i, eighth := n.Layer, d.L/8
		more := i < eighth || i >= 7*d.L/8 || (i-eighth)%3 == 2
		switch {
		case n.Part == "output", n.Part == "token_embd" && tied:
			to = quant.Q6_K
		case (n.Part == "attn_v" || n.Part == "ffn_down") && more:
			to = quant.Q6_K
		}
		if cols%to.BlockLen() != 0 {
			to = map[quant.Type]quant.Type{quant.Q4_K: quant.Q5_0, quant.Q6_K: quant.Q8_0}[to]
		}
	}
	if cols%to.BlockLen() != 0 {
		to = quant.F16
	}
	return to
}

// source is the row of the checkpoint that becomes row r. The rotation of
// llama's files works on neighbouring rows, that of checkpoints on halves.
func (t *tensor) source(r int) int {
	if t.heads == 0 {
		return r
	}
	head := t.from.Shape[0] / t.heads
	h, i := r/head, r%head
	return h*head + i%2*(head/2) + i/2
}

// chunkValues is how many values are converted at once: 8 MiB of float32.
const chunkValues = 2 << 20

// write encodes the tensor by rows, several at a time, and writes it in order.
func (t *tensor) write(w *gguf.Writer, threads int, progress func(values int) error) error {
	rows, cols := t.from.Shape[0], 1
	if len(t.from.Shape) == 2 {
		cols = t.from.Shape[1]
	} else {
		rows, cols = 1, rows
		if t.heads > 0 {
			return t.writeVector(w, progress)
		}
	}
	size, err := t.typ.RowBytes(cols)
	if err != nil {
		return err
	}
	step := max(1, chunkValues/cols)
	buf := make([]byte, min(step, rows)*size)
	for r := 0; r < rows; r += step {
		n := min(step, rows-r)
		if err := t.encode(buf[:n*size], r, n, cols, threads); err != nil {
			return fmt.Errorf("tensor %q: %w", t.name, err)
		}
		if err := w.WriteData(t.name, buf[:n*size]); err != nil {
			return err
		}
		if err := progress(n * cols); err != nil {
			return err
		}
	}
	return nil
}

// writeVector writes a bias whose values are permuted like rows.
func (t *tensor) writeVector(w *gguf.Writer, progress func(values int) error) error {
	n := t.from.Shape[0]
	in, out, data := make([]float32, n), make([]float32, n), make([]byte, 4*n)
	if err := quant.Decode(t.from.Type, in, t.from.Data); err != nil {
		return err
	}
	for r := range out {
		out[r] = in[t.source(r)]
	}
	if err := quant.Encode(t.typ, data, out); err != nil {
		return err
	}
	if err := w.WriteData(t.name, data); err != nil {
		return err
	}
	return progress(n)
}

// encode converts n rows from row first on, dividing them among threads.
func (t *tensor) encode(dst []byte, first, n, cols, threads int) error {
	from, err := t.from.Type.RowBytes(cols)
	if err != nil {
		return err
	}
	size := len(dst) / n
	errs := make([]error, max(1, min(threads, n)))
	var group sync.WaitGroup
	for worker := range errs {
		group.Go(func() {
			row := make([]float32, cols)
			for i := worker; i < n && errs[worker] == nil; i += len(errs) {
				at := t.source(first + i)
				errs[worker] = t.encodeRow(dst[i*size:(i+1)*size], t.from.Data[at*from:(at+1)*from], row)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// maxF16 is the largest value of binary16.
const maxF16 = 65504

func (t *tensor) encodeRow(dst, src []byte, row []float32) error {
	if err := quant.Decode(t.from.Type, row, src); err != nil {
		return err
	}
	for i, v := range row {
		if v += t.plus; math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("value %v in a weight", v)
		}
		if t.typ == quant.F16 && (v > maxF16 || v < -maxF16) {
			return fmt.Errorf("value %v does not fit F16; use bf16 or q8_0", v)
		}
		row[i] = v
	}
	return quant.Encode(t.typ, dst, row)
}
