// Command f writes the assembly of the float kernels. Run it with go generate
// in internal/num/kernel, which sets -out for one file at a time:
//
//	go run . -file tile -out ../../tile_amd64.s
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	file := flag.String("file", "", "tile, weigh, act, vec or pack")
	// avo reads -out and writes the assembly there.
	flag.Parse()
	write := map[string]func(){"tile": tiles, "weigh": weighs, "act": acts, "vec": vecs, "pack": packs}[*file]
	if write == nil {
		fmt.Fprintf(os.Stderr, "f: unknown -file %q\n", *file)
		os.Exit(2)
	}
	ConstraintExpr("!purego")
	write()
	Generate()
}
