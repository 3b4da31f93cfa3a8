package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"malmoi/internal/app"
	"malmoi/internal/llm"
	"malmoi/internal/safety/pii"
	"malmoi/internal/upstream"
)

// serveCmd serves the page and the APIs until it is told to stop.
type serveCmd struct {
	modelFlags
	poolFlags
	upstreamFlags
	nameFlags
	siteFlags
	Listen   string   `help:"Address. Other than loopback needs accounts or an API key." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	APIKeys  []string `name:"api-key" help:"Key that clients must present, beside the keys that people make; repeat for several." placeholder:"KEY" env:"MALMOI_API_KEY"`
	Hosts    []string `name:"allow-host" help:"Name under which clients may reach this server, besides the address itself." placeholder:"NAME"`
	Origins  []string `name:"allow-origin" help:"Web page of another origin that may call the API." placeholder:"ORIGIN"`
	Requests int      `name:"max-requests" help:"Requests at work at the same time; further ones are told to come back." default:"64" placeholder:"N"`
	Lookup   int      `help:"Guess up to N tokens per step where an answer repeats earlier text; the answer stays the same. 0: off." default:"15" placeholder:"N"`
	Lazy     bool     `help:"Load the model at the first request instead of at the start."`
	LogText  bool     `name:"log-text" help:"Log lines as text instead of JSON."`
}

// gcPercent is how much the heap may grow between collections, unless GOGC
// says otherwise. Weights and keys and values lie outside the heap, so that a
// collection is cheap, and half of Go's usual room saves a seventh of the
// memory with 500 answers under way.
const gcPercent = 50

// startGCPercent is the same while the default model is read: what parsing
// leaves behind is collected once, when llm.Load asks for it, instead of each
// time that the heap has grown by half on its way to some sixty megabytes.
const startGCPercent = 2000

func (c *serveCmd) Run(ctx context.Context, env *Env, g *globals) error {
	settle := func() {}
	if env.Getenv("GOGC") == "" {
		debug.SetGCPercent(startGCPercent)
		settle = func() { debug.SetGCPercent(gcPercent) }
		defer settle()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := c.logger(env)
	shelf, err := c.shelf(g)
	if err != nil {
		return err
	}
	pool := llm.NewBoundedPool(shelf, c.poolFlags.options(), func(_ context.Context, path string, info llm.Info) (llm.Generator, error) {
		o := c.modelFlags.options(path)
		o.Lookup = c.Lookup
		return llm.Load(path, info, o)
	})
	defer pool.Close()
	others, names, err := c.others(ctx, env, g, shelf, log)
	if err != nil {
		return err
	}
	if others != nil {
		defer others.Close()
	}
	tools, err := openSkills(env, g, log)
	if err != nil {
		return err
	}
	defer tools.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return withHint(err, "another program uses the address; choose one with --listen HOST:PORT")
	}
	defer listener.Close()
	loaded := c.preload(ctx, env, pool)
	site, err := c.site(ctx, env, g, log, parts{pool, others, names, tools})
	if err != nil {
		return err
	}
	defer site.Close()
	if err := loaded(); err != nil {
		return err
	}
	settle()
	c.greet(env, site, listener, together(pool, others))
	err = site.Serve(ctx, listener)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// others are the models of other servers, nil if there are none, and the
// further names of local ones.
func (c *serveCmd) others(ctx context.Context, env *Env, g *globals, shelf llm.Shelf, log *slog.Logger) (*upstream.Set, map[string]string, error) {
	configs, err := c.upstreamFlags.configs(env, g)
	if err != nil {
		return nil, nil, err
	}
	aliases, err := c.nameFlags.aliases(g)
	if err != nil {
		return nil, nil, err
	}
	names, err := nameModels(aliases, configs, shelf)
	if err != nil {
		return nil, nil, err
	}
	set, err := c.upstreamFlags.open(ctx, env, configs, log)
	return set, names, err
}

// preload begins to read the default model, which the first question will want,
// beside what else a start has to do: a new database waits for the disk. The
// function that it returns waits for the model.
func (c *serveCmd) preload(ctx context.Context, env *Env, pool *llm.Pool) (wait func() error) {
	if c.Lazy || pool.Default() == "" {
		return func() error { return nil }
	}
	fmt.Fprintf(env.Stderr, "loading %s …\n", pool.Default())
	done := make(chan error, 1)
	go func() {
		_, release, err := pool.Acquire(ctx, "")
		if err == nil {
			release()
		}
		done <- err
	}()
	return func() error { return <-done }
}

// greet says where the site is and what it still needs.
func (c *serveCmd) greet(env *Env, site *app.Site, listener net.Listener, models llm.Models) {
	fmt.Fprintf(env.Stdout, "malmoi %s — http://%s\n", Version, listener.Addr())
	if models.Default() == "" {
		fmt.Fprintln(env.Stdout, "no model is installed: fetch one with 'malmoi pull' and reload the page")
	}
	if site.NeedsSetUp {
		fmt.Fprintln(env.Stdout, "no account exists yet: open the page on this machine to make the first, or run 'malmoi user add'")
	}
	fmt.Fprintln(env.Stdout, "멈추려면 Ctrl-C (press Ctrl-C to stop)")
}

func (c *serveCmd) logger(env *Env) *slog.Logger {
	if c.LogText {
		return slog.New(pii.Log(slog.NewTextHandler(env.Stderr, nil)))
	}
	return slog.New(pii.Log(slog.NewJSONHandler(env.Stderr, nil)))
}

// shelf is the store's models with the named one first; a model named by path
// needs no store.
func (c *serveCmd) shelf(g *globals) (llm.Shelf, error) {
	if c.Model != "" {
		if _, err := os.Stat(c.Model); err == nil {
			return fileShelf(c.Model), nil
		}
	}
	shelf, err := openShelf(g)
	if err != nil || c.Model == "" {
		return shelf, err
	}
	if _, err := shelf.Path(c.Model); err != nil {
		return nil, withHint(err, "'malmoi list' shows what is installed, 'malmoi pull %s' fetches it if the catalogue knows it", c.Model)
	}
	return preferred{shelf, c.Model}, nil
}

// preferred is a shelf whose default is the named model.
type preferred struct {
	llm.Shelf
	name string
}

// Installed lists the preferred model first.
func (p preferred) Installed() []llm.Info {
	list := p.Shelf.Installed()
	for i, m := range list {
		if m.Name == p.name {
			copy(list[1:i+1], list[:i])
			list[0] = m
		}
	}
	return list
}
