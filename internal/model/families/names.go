package families

import (
	"fmt"
	"math"
)

// blk is the GGUF name of a layer's tensor, without ".weight".
func blk(layer int, part string) string { return fmt.Sprintf("blk.%d.%s", layer, part) }

func invSqrt(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }
