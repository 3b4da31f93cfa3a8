package upstream

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"malmoi/internal/llm"
)

// Options of a set. Zero values are the defaults.
type Options struct {
	Probe time.Duration // between two looks at each server, 30 s
	Log   *slog.Logger  // nil: nowhere
	// Mask hides personal numbers in a text; needed where a Config asks for it.
	Mask func(string) string
	Now  func() time.Time
}

// Set is all upstreams together. It implements llm.Models; a model's name is
// UPSTREAM/MODEL, or its alias.
type Set struct {
	servers []*Server
	aliases map[string]target
	now     func() time.Time

	stop    context.CancelFunc
	stopped sync.WaitGroup
}

// target is a model at a server.
type target struct {
	server *Server
	model  string
}

const (
	defaultProbe = 30 * time.Second
	// freshness is how old a list may be before a name that is not in it makes
	// us look again.
	freshness = 2 * time.Second
)

// New checks the configurations and begins to look at the servers. It waits for
// none of them. Close ends it.
func New(configs []Config, o Options) (*Set, error) {
	o.Probe = cmp.Or(o.Probe, defaultProbe)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(configs) > maxUpstreams {
		return nil, fmt.Errorf("%d upstreams, at most %d", len(configs), maxUpstreams)
	}
	s := &Set{aliases: map[string]target{}, now: o.Now}
	for _, c := range configs {
		if err := s.add(c, o); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	for _, u := range s.servers {
		s.stopped.Go(func() { watchServer(ctx, u, o.Probe) })
	}
	return s, nil
}

func (s *Set) add(c Config, o Options) error {
	c, err := c.check()
	if err != nil {
		return err
	}
	for _, u := range s.servers {
		if u.name == c.Name {
			return fmt.Errorf("upstream %s is there twice", c.Name)
		}
	}
	u, err := newServer(c, o)
	if err != nil {
		return err
	}
	for alias, model := range c.Aliases {
		if _, taken := s.aliases[alias]; taken {
			return fmt.Errorf("upstream %s: the alias %q is there twice", c.Name, alias)
		}
		s.aliases[alias] = target{u, model}
	}
	s.servers = append(s.servers, u)
	return nil
}

// watchServer probes a server now and then.
func watchServer(ctx context.Context, u *Server, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		u.probe(ctx)
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close ends the looking. Streams go on until they are closed.
func (s *Set) Close() error {
	s.stop()
	s.stopped.Wait()
	for _, u := range s.servers {
		u.client.CloseIdleConnections()
	}
	return nil
}

// Refresh looks at all servers and waits for them, as long as ctx lasts and a
// probe may take. A program that shows its models once calls it first.
func (s *Set) Refresh(ctx context.Context) {
	var group sync.WaitGroup
	for _, u := range s.servers {
		group.Go(func() { u.probe(ctx) })
	}
	group.Wait()
}

// Health says how the servers are, in the order of the configuration.
func (s *Set) Health() []Health {
	out := make([]Health, len(s.servers))
	for i, u := range s.servers {
		out[i] = u.health()
	}
	return out
}

// List implements llm.Models from what the servers said last; it waits for
// nobody. A model that has an alias is listed under it alone.
func (s *Set) List() []llm.Info {
	var out []llm.Info
	for _, u := range s.servers {
		out = append(out, u.infos()...)
	}
	return out
}

// infos are the models of one server that are offered, by our names for them.
func (u *Server) infos() []llm.Info {
	models := map[string]modelID{}
	for _, r := range u.balance.replicas {
		if m := r.models.Load(); m != nil {
			for name, id := range *m {
				models[name] = id
			}
		}
	}
	var list []llm.Info
	for alias, model := range u.cfg.Aliases {
		id, ok := models[model]
		if !ok {
			id = modelID{ID: model}
		}
		i := u.info(alias, id)
		i.Loaded = i.Loaded && ok
		list = append(list, i)
	}
	for name, id := range models {
		if u.cfg.offers(name) && !u.hasAlias(name) {
			list = append(list, u.info(u.name+"/"+name, id))
		}
	}
	slices.SortFunc(list, func(a, b llm.Info) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func (u *Server) hasAlias(model string) bool {
	for _, m := range u.cfg.Aliases {
		if m == model {
			return true
		}
	}
	return false
}

// Default implements llm.Models: the first model that can chat.
func (s *Set) Default() string {
	for _, i := range s.List() {
		if i.Chat {
			return i.Name
		}
	}
	return ""
}

// Acquire implements llm.Models. It asks the server only for a name that its
// last list does not have.
func (s *Set) Acquire(ctx context.Context, name string) (llm.Generator, func(), error) {
	if name == "" {
		name = s.Default()
	}
	t, ok := s.find(name)
	if !ok {
		return nil, nil, fmt.Errorf("%w: %q is not installed and no other server has it", llm.ErrUnknownModel, name)
	}
	id, listed, complete := t.server.known(t.model)
	if !listed && complete && s.now().UnixMilli()-t.server.probed.Load() > freshness.Milliseconds() {
		t.server.probe(ctx)
		id, listed, complete = t.server.known(t.model)
	}
	if !listed && complete {
		return nil, nil, fmt.Errorf("%w: upstream %s has no model %q", llm.ErrUnknownModel, t.server.name, t.model)
	}
	m := &remote{server: t.server, model: t.model, info: t.server.info(name, id), fl: flavours[t.server.cfg.flavourOf(id)]}
	return m, func() {}, nil
}

// find resolves a name.
func (s *Set) find(name string) (target, bool) {
	if t, ok := s.aliases[name]; ok {
		return t, true
	}
	prefix, model, ok := strings.Cut(name, "/")
	if !ok || model == "" {
		return target{}, false
	}
	for _, u := range s.servers {
		if u.name == prefix && u.cfg.offers(model) {
			return target{u, model}, true
		}
	}
	return target{}, false
}
