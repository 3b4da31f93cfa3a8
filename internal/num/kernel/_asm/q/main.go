// Command q writes the assembly of the quantised products. Run it through
// `go generate` in the kernel package, whose form.go, strip.go and acts.go say
// what the layouts mean and whose matmul_q_generic.go defines the results.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

func main() {
	level := flag.String("level", "", "acts, avx2 or avx512")
	build.ConstraintExpr("!purego") // the file names say amd64
	// avo reads the remaining flags (-out, -stubs, -pkg) itself.
	flag.Parse()
	switch *level {
	case "acts":
		quantize()
		quantizeFours()
	case "avx512":
		for _, f := range forms {
			for _, n := range []int{1, 2, 4, 8} {
				direct512(f, n)
			}
			if f.part != upper {
				unpack512(f)
			}
		}
		for k := kindZero; k <= kindHalf; k++ {
			for panels := 1; panels <= 3; panels++ {
				for n := 1; n <= 4; n++ {
					strip512(k, panels, n)
				}
			}
		}
	case "avx2":
		c := newConstants2()
		for _, f := range forms {
			for _, n := range []int{1, 2, 4} {
				direct256(c, f, n)
			}
			if f.part != upper {
				unpack256(c, f)
			}
		}
		for n := 1; n <= 4; n++ {
			strip256(c, 4, kindZero, n)
			strip256(c, 4, kindMin, n)
		}
		for n := 1; n <= 3; n++ {
			strip256(c, 5, kindZero, n)
			strip256(c, 5, kindMin, n)
			strip256(c, 6, kindHalf, n)
			strip256(c, 8, kindZero, n)
		}
	default:
		fmt.Fprintf(os.Stderr, "unknown level %q\n", *level)
		os.Exit(2)
	}
	build.Generate()
}

// words writes a table of 32-bit words.
func words(name string, v ...int32) operand.Mem {
	m := build.GLOBL(name, attr.RODATA|attr.NOPTR)
	for i, w := range v {
		build.DATA(4*i, operand.U32(uint32(w)))
	}
	return m
}
