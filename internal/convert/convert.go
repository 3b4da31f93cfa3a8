package convert

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"malmoi/internal/model"
	"malmoi/internal/num/quant"
	"malmoi/internal/weights/gguf"
	"malmoi/internal/weights/safetensors"
)

// Options say what to write.
type Options struct {
	Type    quant.Type // of matrices: F32, F16, BF16, Q8_0 or Q4_K (llama.cpp's Q4_K_M mixture)
	Threads int        // at least 1
	Name    string     // general.name
	// Progress, if set, is told how many of all values are written.
	Progress func(done, total int64)
}

// fileTypes are the values of general.file_type.
var fileTypes = map[quant.Type]uint32{quant.F32: 0, quant.F16: 1, quant.Q8_0: 7, quant.Q4_K: 15, quant.BF16: 32}

// ToGGUF writes the checkpoint as a GGUF file at path, which appears only once
// it is complete; nothing is left of a conversion that ctx or an error ends.
func ToGGUF(ctx context.Context, dir *safetensors.Dir, families []model.Family, path string, o Options) error {
	if err := toGGUF(ctx, dir, families, path, o); err != nil {
		return fmt.Errorf("convert: %w", err)
	}
	return nil
}

func toGGUF(ctx context.Context, dir *safetensors.Dir, families []model.Family, path string, o Options) error {
	fileType, ok := fileTypes[o.Type]
	if !ok {
		return fmt.Errorf("type %s is not one to convert to; use f32, f16, bf16, q8_0 or q4_k", o.Type)
	}
	c, err := model.ConfigOf(dir)
	if err != nil {
		return err
	}
	fam, err := model.Find(families, c)
	if err != nil {
		return err
	}
	if fam.Name == "bert" {
		return fmt.Errorf("%s is an encoder; malmoi uses its folder in place and writes no GGUF of it", c.Arch())
	}
	named, err := model.GGUFNames(fam, c, dir)
	if err != nil {
		return err
	}
	d := c.Dims()
	if err := c.Err(); err != nil {
		return err
	}
	arch := fam.GGUF[0]
	tensors, err := plan(named, d, arch, o.Type)
	if err != nil {
		return err
	}
	vocab := 0
	for _, n := range named {
		if n.Part == "token_embd" {
			vocab = n.Tensor.Shape[0]
		}
	}
	p := newPairs()
	p.set("general.architecture", arch)
	p.set("general.type", "model")
	p.set("general.name", o.Name)
	p.set("general.file_type", fileType)
	p.set("general.quantization_version", uint32(2))
	if err := hyper(p, c, arch, vocab); err != nil {
		return err
	}
	if err := tokenizer(p, dir, arch, vocab); err != nil {
		return err
	}
	return writeFile(ctx, path, p, tensors, divisors(c, d.D), o)
}

// divisors are what Llama 3's scaling divides the rotary frequencies by, or nil.
func divisors(c *model.Config, rot int) []float32 {
	r := c.RopeParams("full_attention")
	if r.Kind != "llama3" {
		return nil
	}
	scaled := r.Rope(rot, false).Freq
	r.Kind = "default"
	out := slices.Clone(r.Rope(rot, false).Freq)
	for i := range out {
		out[i] /= scaled[i]
	}
	return out
}

func writeFile(ctx context.Context, path string, p *pairs, tensors []tensor, rope []float32, o Options) error {
	w, err := gguf.Create(path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := p.writeTo(w); err != nil {
		return err
	}
	const ropeName = "rope_freqs.weight"
	if rope != nil {
		if err := w.Declare(ropeName, quant.F32, []int{len(rope)}); err != nil {
			return err
		}
	}
	var total, done int64
	for _, t := range tensors {
		if err := w.Declare(t.name, t.typ, t.from.Shape); err != nil {
			return err
		}
		total += int64(t.from.Len())
	}
	if rope != nil {
		var data []byte
		for _, f := range rope {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f))
		}
		if err := w.WriteData(ropeName, data); err != nil {
			return err
		}
	}
	for _, t := range tensors {
		err := t.write(w, o.Threads, func(values int) error {
			if done += int64(values); o.Progress != nil {
				o.Progress(done, total)
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return w.Close()
}

// ParseType reads the type of a command line.
func ParseType(s string) (quant.Type, error) {
	t, err := quant.ParseType(strings.ToUpper(s))
	if _, ok := fileTypes[t]; err != nil || !ok {
		return t, fmt.Errorf("type %q: convert writes f32, f16, bf16, q8_0 and q4_k", s)
	}
	return t, nil
}
