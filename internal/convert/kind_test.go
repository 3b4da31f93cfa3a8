package convert

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/token"
)

// TestRealTokenizers checks the names that published tokenizers get.
func TestRealTokenizers(t *testing.T) {
	for name, c := range map[string]struct {
		pre   string
		vocab int
	}{
		"smollm2": {"smollm", 49152}, "qwen2.5": {"qwen2", 151936}, "gpt2": {"gpt-2", 50257},
	} {
		t.Run(name, func(t *testing.T) {
			z, err := gzip.NewReader(bytes.NewReader(golden.File(t, "tokenizers/vocab/"+name+".tokenizer.json.gz")))
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			want, err := token.FromJSON(data, nil)
			if err != nil {
				t.Fatal(err)
			}
			var f tokenizerFile
			if err := json.Unmarshal(data, &f); err != nil {
				t.Fatal(err)
			}
			p := newPairs()
			if err := f.pieces(p, c.vocab); err != nil {
				t.Fatal(err)
			}
			if err := ids(p, want, f, nil); err != nil {
				t.Fatal(err)
			}
			if err := f.kind(p, want, "llama"); err != nil {
				t.Fatal(err)
			}
			if pre, _ := p.String("tokenizer.ggml.pre"); pre != c.pre {
				t.Errorf("pre is %q, want %q", pre, c.pre)
			}
		})
	}
}
