package kernel

func quantizeRow(quad []byte, slot int, row []float32) { quantizeRowGeneric(quad, slot, row) }
