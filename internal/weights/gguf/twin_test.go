package gguf

import (
	"bytes"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/num/quant"
	"malmoi/internal/weights"
	"malmoi/internal/weights/safetensors"
)

// sameInBoth maps the names of tensors that converters only rename.
var sameInBoth = strings.NewReplacer(
	"token_embd", "model.embed_tokens",
	"blk.", "model.layers.",
	"attn_v.", "self_attn.v_proj.",
	"attn_output.", "self_attn.o_proj.",
	"ffn_gate.", "mlp.gate_proj.",
	"ffn_up.", "mlp.up_proj.",
	"ffn_down.", "mlp.down_proj.",
)

func decode(t *testing.T, tensor weights.Tensor) []float32 {
	t.Helper()
	out := make([]float32, tensor.Len())
	if err := quant.Decode(tensor.Type, out, tensor.Data); err != nil {
		t.Fatalf("tensor %q: %v", tensor.Name, err)
	}
	return out
}

// The reference checkpoints exist in both formats. Through either reader they
// must have the same shapes and values, and encoding the checkpoint's values as
// Q8_0 must give the bytes of its quantised twin.
func TestGoldenTwins(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(golden.Dir(t), "tiny", "*", "*.gguf"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no models in the reference folder: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			d, err := safetensors.OpenDir(filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			compared := 0
			for _, name := range f.Names() {
				got, _ := f.Tensor(name)
				want, ok := d.Tensor(sameInBoth.Replace(name))
				if !ok {
					continue
				}
				compared++
				compareTwins(t, got, want)
			}
			if compared < 10 {
				t.Errorf("only %d of %d tensors were compared", compared, len(f.Names()))
			}
		})
	}
}

func compareTwins(t *testing.T, got, want weights.Tensor) {
	t.Helper()
	if len(got.Shape) != len(want.Shape) || got.Len() != want.Len() || got.Shape[0] != want.Shape[0] {
		t.Errorf("tensor %q: shape %v, the checkpoint has %v", got.Name, got.Shape, want.Shape)
		return
	}
	values := decode(t, want)
	if got.Type == quant.Q8_0 {
		blocks := make([]byte, len(got.Data))
		if err := quant.Encode(quant.Q8_0, blocks, values); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(blocks, got.Data) {
			t.Errorf("tensor %q: encoding the checkpoint gives other bytes", got.Name)
		}
		return
	}
	for i, v := range decode(t, got) {
		if math.Float32bits(v) != math.Float32bits(values[i]) {
			t.Errorf("tensor %q: value %d is %v, the checkpoint has %v", got.Name, i, v, values[i])
			return
		}
	}
}
