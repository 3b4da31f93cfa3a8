package model_test

import (
	"encoding/binary"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var npyShape = regexp.MustCompile(`'shape': \(([^)]*)\)`)

// readNPY reads a little-endian float32 array in C order (NumPy format 1.0).
func readNPY(t *testing.T, path string) (data []float32, shape []int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 10 + int(binary.LittleEndian.Uint16(raw[8:]))
	header := string(raw[10:n])
	m := npyShape.FindStringSubmatch(header)
	if m == nil || !strings.Contains(header, "'<f4'") || strings.Contains(header, "'fortran_order': True") {
		t.Fatalf("%s: header %q", path, header)
	}
	size := 1
	for _, f := range strings.Split(m[1], ",") {
		if f = strings.TrimSpace(f); f != "" {
			d, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			shape = append(shape, d)
			size *= d
		}
	}
	data = make([]float32, size)
	for i := range data {
		data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[n+4*i:]))
	}
	return data, shape
}
