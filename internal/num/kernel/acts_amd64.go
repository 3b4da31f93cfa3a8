//go:build !purego

package kernel

import "malmoi/internal/num/cpu"

//go:generate sh -c "cd _asm/q && go run . -level acts -out ../../acts_q_amd64.s -stubs ../../acts_q_amd64.go -pkg kernel"

// quantizeRow writes the records of a row.
func quantizeRow(records []byte, row []float32) {
	whole := len(row) / blockCols
	if cpu.Current() >= cpu.AVX2 && whole > 0 {
		_ = records[whole*recordBytes-1]
		quantizeBlocks(&records[0], &row[0], whole)
		records, row = records[whole*recordBytes:], row[whole*blockCols:]
	}
	quantizeRowGeneric(records, row)
}
