package cli

import (
	"fmt"
	"os"
	"runtime"

	"malmoi/internal/num/cpu"
)

// doctorCmd says what malmoi found on this machine.
type doctorCmd struct{}

func (doctorCmd) Run(env *Env, g *globals) error {
	w := env.Stdout
	fmt.Fprintf(w, "processor    %s\n", cpu.Describe())
	fmt.Fprintf(w, "kernels      %s (best here: %s)\n", cpu.Current(), cpu.Best())
	fmt.Fprintf(w, "threads      %d of %d processors\n", runtime.GOMAXPROCS(0), runtime.NumCPU())
	limit := memoryLimit()
	fmt.Fprintf(w, "memory       %.1f GiB, of which keys and values may take %.1f\n", float64(limit)/(1<<30), float64(kvBudget())/(1<<30))
	fmt.Fprintf(w, "data folder  %s\n", g.Data)
	if _, err := os.Stat(g.Data); err != nil {
		fmt.Fprintf(w, "models       none yet; fetch one with 'malmoi pull'\n")
		return nil
	}
	shelf, err := openShelf(g)
	if err != nil {
		return err
	}
	list := shelf.Installed()
	fmt.Fprintf(w, "models       %d installed\n", len(list))
	for _, m := range list {
		fmt.Fprintf(w, "             %s\n", m.Name)
	}
	return nil
}
