package cli

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"malmoi/internal/llm"
	"malmoi/internal/safety/pii"
	"malmoi/internal/upstream"
	"malmoi/internal/upstream/seal"
)

// upstreamFlags name other servers whose models are offered beside the local
// ones.
type upstreamFlags struct {
	Upstream  []string `name:"upstream" sep:"none" help:"Other server with an OpenAI-compatible API whose models are offered too; replicas with commas between them; repeat for several. Its key is read from MALMOI_UPSTREAM_KEY_NAME." placeholder:"NAME=URL"`
	Upstreams string   `name:"upstreams" help:"JSON file of such servers with keys, aliases and limits; keys in it are encrypted when it is first read (default: upstreams.json in the data folder, if it is there)." placeholder:"FILE"`
}

// firstLook is how long the start waits for other servers to list their models.
// One that is slower is offered as soon as it answers.
const firstLook = 3 * time.Second

// open begins to look at the other servers; nil if there are none.
func (f *upstreamFlags) open(ctx context.Context, env *Env, configs []upstream.Config, log *slog.Logger) (*upstream.Set, error) {
	if len(configs) == 0 {
		return nil, nil
	}
	set, err := upstream.New(configs, upstream.Options{Log: log, Now: env.Now, Mask: pii.Mask})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	set.Refresh(ctx)
	return set, nil
}

// configs puts file, flags and environment together; names come later.
func (f *upstreamFlags) configs(env *Env, g *globals) ([]upstream.Config, error) {
	configs, err := f.file(g)
	if err != nil {
		return nil, withHint(err, "the form of the file is in docs/guide/upstreams.md")
	}
	for _, s := range f.Upstream {
		c, err := upstream.ParseFlag(s)
		if err != nil {
			return nil, err
		}
		c.Key = upstream.Secret(env.Getenv(upstream.EnvName(c.Name)))
		configs = append(configs, c)
	}
	return configs, nil
}

// file reads the configuration file. The key that seals it is made only where
// there is a file.
func (f *upstreamFlags) file(g *globals) ([]upstream.Config, error) {
	path := f.Upstreams
	if path == "" {
		path = filepath.Join(g.Data, "upstreams.json")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	} else if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(g.Data, 0o700); err != nil {
		return nil, err
	}
	box, err := seal.OpenFile(filepath.Join(g.Data, "secret.key"))
	if err != nil {
		return nil, err
	}
	return upstream.ReadFile(path, box)
}

// poolFlags bound what local models may take.
type poolFlags struct {
	Resident  int           `name:"models-in-memory" help:"Models that may be in memory at once." default:"1" placeholder:"N"`
	Memory    float64       `name:"model-memory" help:"Memory that models may take together, in GB; 0 for no limit (default: nine tenths of what this process may use)." default:"-1" placeholder:"GB"`
	KeepAlive time.Duration `name:"keep-alive" help:"Unload a model that nobody used for this long, as in 30m; 0 keeps it until another one needs the room." default:"0" placeholder:"TIME"`
}

// options turns the flags into bounds of a pool.
func (f *poolFlags) options() llm.PoolOptions {
	o := llm.PoolOptions{Limit: f.Resident, Memory: memoryLimit() / 10 * 9, Working: kvBudget(), KeepAlive: f.KeepAlive}
	if f.Memory >= 0 {
		o.Memory = int64(f.Memory * 1e9)
	}
	return o
}

// together offers local models first, then those of other servers.
func together(pool *llm.Pool, set *upstream.Set) llm.Models {
	if set == nil {
		return pool
	}
	return upstream.Join(pool, set)
}
