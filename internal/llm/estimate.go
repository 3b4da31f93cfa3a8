package llm

import (
	"os"
	"path/filepath"
)

// factors are the bytes in memory per byte of the file, by the file's main type:
// packed weights, tokenizer and template after loading, rounded up. Measured on
// x86-64 as anonymous memory: SmolLM2-135M (Q4_1, 1.13), Gemma 3 270M (Q8_0,
// 1.15: a vocabulary of 262,144), Qwen2.5-Coder-0.5B (Q5_0, 0.91) and 1.5B
// (Q4_K, 0.94), all-MiniLM-L6-v2 (F32, packed smaller, 0.55).
var factors = map[string]float64{"Q4_1": 1.15, "Q4_K": 1.0, "Q5_0": 1.0, "Q8_0": 1.2, "F32": 0.7}

// unmeasured is the factor of types that nobody measured.
const unmeasured = 1.2

// fixedBytes is what any model takes: buffers of a step and first cache pages.
const fixedBytes = 64 << 20

// EstimateBytes says how much memory a model will take once loaded, keys and
// values apart, from the size of its file or folder.
func EstimateBytes(path string, info Info) int64 {
	size := info.Bytes
	if size <= 0 {
		size = sizeOf(path)
	}
	factor, ok := factors[info.Quant]
	if !ok {
		factor = unmeasured
	}
	return int64(float64(size)*factor) + fixedBytes
}

// maxFiles bounds the files of a model's folder that are looked at.
const maxFiles = 10000

// sizeOf is the size of a file, or of the files right inside a folder; what
// cannot be read counts nothing, loading will say why.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if !info.IsDir() {
		return info.Size()
	}
	entries, _ := os.ReadDir(path)
	total := int64(0)
	for _, e := range entries[:min(len(entries), maxFiles)] {
		// Stat follows links: a store keeps the files elsewhere.
		if info, err := os.Stat(filepath.Join(path, e.Name())); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	return total
}
