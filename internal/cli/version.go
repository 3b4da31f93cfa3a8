package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version is the release; builds between releases show their commit beside it.
const Version = "0.1.0"

// versionCmd prints the version.
type versionCmd struct{}

func (versionCmd) Run(env *Env) error {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				commit = " (" + s.Value[:12] + ")"
			}
		}
	}
	_, err := fmt.Fprintf(env.Stdout, "malmoi %s%s %s %s/%s\n", Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
