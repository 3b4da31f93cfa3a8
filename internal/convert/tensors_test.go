package convert

import (
	"fmt"
	"strings"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/model"
	"malmoi/internal/num/quant"
	"malmoi/internal/weights"
	"malmoi/internal/weights/gguf"
)

// TestTypes checks the mixture of Q4_K_M and what rows of other lengths get.
func TestTypes(t *testing.T) {
	for _, c := range []struct {
		part        string
		layer, cols int
		tied        bool
		to, want    quant.Type
		layers      int
	}{
		{"output", -1, 2048, false, quant.Q4_K, quant.Q6_K, 16},
		{"token_embd", -1, 2048, false, quant.Q4_K, quant.Q4_K, 16},
		{"token_embd", -1, 2048, true, quant.Q4_K, quant.Q6_K, 16},
		{"token_embd", -1, 896, true, quant.Q4_K, quant.Q8_0, 24},
		{"attn_q", 0, 2048, true, quant.Q4_K, quant.Q4_K, 16},
		{"attn_q", 0, 896, true, quant.Q4_K, quant.Q5_0, 24},
		{"attn_v", 0, 2048, true, quant.Q4_K, quant.Q6_K, 16},
		{"attn_v", 2, 2048, true, quant.Q4_K, quant.Q4_K, 16},
		{"ffn_down", 4, 8192, true, quant.Q4_K, quant.Q6_K, 16},
		{"ffn_down", 15, 8064, true, quant.Q4_K, quant.Q8_0, 16},
		{"ffn_down", 3, 8064, true, quant.Q4_K, quant.Q5_0, 16},
		{"ffn_up", 0, 1000, true, quant.Q4_K, quant.F16, 16},
		{"ffn_up", 0, 1000, true, quant.Q8_0, quant.F16, 16},
		{"output", -1, 2048, false, quant.Q8_0, quant.Q8_0, 16},
		{"ffn_down", 0, 1000, false, quant.BF16, quant.BF16, 16},
	} {
		n := model.Named{Part: c.part, Layer: c.layer, Tensor: weights.Tensor{Shape: []int{4, c.cols}}}
		if got := typeOf(n, model.Dims{L: c.layers}, c.tied, c.to); got != c.want {
			t.Errorf("%s of layer %d/%d, rows of %d, to %s: %s, want %s", c.part, c.layer, c.layers, c.cols, c.to, got, c.want)
		}
	}
}

// TestTypesOfRealFiles compares the mixture with published Q4_K_M files.
func TestTypesOfRealFiles(t *testing.T) {
	for name, sha := range map[string]string{
		"qwen2.5-coder-0.5b": "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
		"qwen2.5-coder-1.5b": "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
		"gemma-3-270m":       "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
	} {
		t.Run(name, func(t *testing.T) {
			f, err := gguf.Open(golden.Model(t, sha))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			d := model.NewGGUFConfig(f.Arch(), f).Dims()
			_, untied := f.Tensor("output.weight")
			order := map[int]int{} // the rule counts layers in file order, which is by name here
			for _, name := range f.Names() {
				x, _ := f.Tensor(name)
				if len(x.Shape) != 2 {
					continue
				}
				n := model.Named{Layer: -1, Part: strings.TrimSuffix(name, ".weight"), Tensor: x}
				if rest, ok := strings.CutPrefix(n.Part, "blk."); ok {
					if _, err := fmt.Sscanf(rest, "%d.%s", &n.Layer, &n.Part); err != nil {
						t.Fatal(err)
					}
					if _, ok := order[n.Layer]; !ok {
						order[n.Layer] = len(order)
					}
					n.Layer = order[n.Layer]
				}
				if got := typeOf(n, d, !untied, quant.Q4_K); got != x.Type {
					t.Errorf("%s: %s, the file has %s", name, got, x.Type)
				}
			}
		})
	}
}
