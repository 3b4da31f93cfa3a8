//go:build !amd64 || purego

package kernel

// quantizeRow writes the records of a row.
func quantizeRow(records []byte, row []float32) { quantizeRowGeneric(records, row) }
