package kernel

func quantizeRow(records []byte, row []float32) { quantizeRowGeneric(records, row) }
