//go:build !amd64 || purego

package kernel

// Without assembly cpu.Current is always Portable; these names only let the
// dispatch compile.

func addScaledAsm(dst, x []float32, s float32)      { addScaledGeneric(dst, x, s) }
func scaleAsm(x []float32, s float32)               { scaleGeneric(x, s) }
func mulScaledAsm(dst, x, w []float32, s float32)   { mulScaledGeneric(dst, x, w, s) }
func sumSquaresAsm(x []float32) float64             { return sumSquares(x) }
func expAsm(dst, x []float32)                       { expGeneric(dst, x) }
func capScoresAsm(x []float32, limit float32)       { capScoresGeneric(x, limit) }
func siluAsm(dst, x []float32)                      { siluGeneric(dst, x) }
func siluMulAsm(dst, gate, up []float32)            { siluMulGeneric(dst, gate, up) }
func geluTanhAsm(dst, x []float32)                  { geluTanhGeneric(dst, x) }
func geluTanhMulAsm(dst, gate, up []float32)        { geluTanhMulGeneric(dst, gate, up) }
func geluAsm(dst, x []float32)                      { geluGeneric(dst, x) }
func ropeHalvesAsm(a, b, cos, sin []float32)        { ropeHalvesGeneric(a, b, cos, sin) }
func ropePairsAsm(x, cos, sin []float32)            { ropePairsGeneric(x, cos, sin) }
func maxOfAsm(x []float32) float32                  { return maxOfGeneric(x) }
func expSumAsm(dst, x []float32, m float32) float64 { return expSumGeneric(dst, x, m) }
func narrowAsm(dst []byte, x []float32) int         { return 0 }
func narrowColumnAsm(dst []byte, x []float32) int   { return 0 }
