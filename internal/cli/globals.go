package cli

import (
	"fmt"
	"path/filepath"

	"github.com/alecthomas/kong"

	"malmoi/internal/num/cpu"
)

// environment lets kong read variables through Env instead of the process.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if v := getenv(name); v != "" {
				return v, nil
			}
		}
		return nil, nil
	})
}

// apply does what global flags ask for before any command runs.
func (g *globals) apply(env Env) error {
	if g.CPU != "" {
		level, err := cpu.Parse(g.CPU)
		if err == nil {
			err = cpu.Force(level)
		}
		if err != nil {
			return withHint(err, "'malmoi doctor' shows what this machine has")
		}
	}
	if g.Data == "" {
		dir, err := dataFolder(env.Getenv)
		if err != nil {
			return err
		}
		g.Data = dir
	}
	return nil
}

// dataFolder is the default folder of models (XDG Base Directory
// Specification 0.8).
func dataFolder(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "malmoi"), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", withHint(fmt.Errorf("neither HOME nor XDG_DATA_HOME is set"), "name a folder with --data DIR")
	}
	return filepath.Join(home, ".local", "share", "malmoi"), nil
}
