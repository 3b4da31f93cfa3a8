//go:build !purego

package kernel

import "malmoi/internal/num/cpu"

//go:generate sh -c "cd _asm/q && go run . -level acts -out ../../acts_q_amd64.s -stubs ../../acts_q_amd64.go -pkg kernel"

// quantizeRow writes the records of a row. quantizeFours ends early at values
// out of range, which quantizeBlocks then meets.
func quantizeRow(records []byte, row []float32) {
	whole := len(row) / blockCols
	if cpu.Current() == cpu.AVX512 && whole >= 4 {
		_ = records[whole*recordBytes-1]
		done := 4 * quantizeFours(&records[0], &row[0], whole/4)
		records, row, whole = records[done*recordBytes:], row[done*blockCols:], whole-done
	}
	if cpu.Current() >= cpu.AVX2 && whole > 0 {
		_ = records[whole*recordBytes-1]
		quantizeBlocks(&records[0], &row[0], whole)
		records, row = records[whole*recordBytes:], row[whole*blockCols:]
	}
	quantizeRowGeneric(records, row)
}
