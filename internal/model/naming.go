package model

import (
	"fmt"
	"strconv"
	"strings"

	"malmoi/internal/weights"
)

// Named is one tensor of a safetensors checkpoint and its name in GGUF.
type Named struct {
	Name   string // GGUF's, with ".weight" or ".bias"
	Layer  int    // -1 outside layers
	Part   string // the name's last part: "attn_q", "token_embd"
	Bias   bool
	Tensor weights.Tensor
}

// GGUFNames lists the language model's tensors of a safetensors source under
// their GGUF names, in file order. A tensor that fam does not know is an error:
// leaving it out would change what the model computes.
func GGUFNames(fam Family, c *Config, src weights.Source) ([]Named, error) {
	l := &Loader{Config: c, src: src, names: fam.Names}
	l.findPrefix()
	parts := inverse(fam.Names)
	var list []Named
	for _, name := range src.Names() {
		bare, ours := strings.CutPrefix(name, l.prefix)
		if !ours || strings.HasSuffix(name, ".inv_freq") {
			continue // another model's part; a table that is computed
		}
		stem, bias := strings.CutSuffix(bare, ".bias")
		if !bias {
			stem = strings.TrimSuffix(bare, ".weight")
		}
		pattern, layer := layerPattern(stem)
		part, ok := parts[pattern]
		if !ok {
			return nil, fmt.Errorf("tensor %q has no place in family %s", name, fam.Name)
		}
		n := Named{Layer: layer, Part: part, Bias: bias, Name: part}
		if layer >= 0 {
			n.Name = fmt.Sprintf("blk.%d.%s", layer, part)
		}
		if n.Name += ".weight"; bias {
			n.Name = strings.TrimSuffix(n.Name, ".weight") + ".bias"
		}
		n.Tensor, _ = src.Tensor(name)
		list = append(list, n)
	}
	return list, nil
}

// inverse maps safetensors patterns to parts; a family's entries win.
func inverse(names Names) map[string]string {
	out := map[string]string{}
	for part, pattern := range usual {
		if _, replaced := names[part]; !replaced {
			out[pattern] = part
		}
	}
	for part, pattern := range names {
		out[pattern] = part
	}
	return out
}

// layerPattern replaces the layer's number in a name by %d.
func layerPattern(stem string) (pattern string, layer int) {
	fields := strings.Split(stem, ".")
	for i, f := range fields {
		if n, err := strconv.Atoi(f); err == nil && n >= 0 && n <= maxDim && strconv.Itoa(n) == f {
			fields[i] = "%d"
			return strings.Join(fields, "."), n
		}
	}
	return stem, -1
}
