package llm

import (
	"context"
	"fmt"
	"sync"
)

// Shelf lists what is installed; package catalog's store is one, a single file
// on the command line another.
type Shelf interface {
	// Installed lists all models, the preferred default first.
	Installed() []Info
	// Path returns where the model of that name lies. It must return an error
	// wrapping ErrUnknownModel if the name is not installed.
	Path(name string) (string, error)
}

// Pool keeps models in memory while they are used, and afterwards until another
// one needs the room. It is safe for concurrent use.
type Pool struct {
	shelf Shelf
	load  func(ctx context.Context, path string, info Info) (Generator, error)
	limit int // models in memory at once

	mu     sync.Mutex
	loaded map[string]*resident
	clock  int64 // grows with each use; the least is evicted
}

// resident is a model in memory or on its way there. ready is closed when m or
// err is set.
type resident struct {
	ready chan struct{}
	m     Generator
	err   error
	users int
	used  int64
}

// NewPool returns a pool of at most limit models, read by load.
func NewPool(shelf Shelf, limit int, load func(context.Context, string, Info) (Generator, error)) *Pool {
	return &Pool{shelf: shelf, load: load, limit: max(1, limit), loaded: map[string]*resident{}}
}

// List describes the installed models and marks those in memory.
func (p *Pool) List() []Info {
	list := p.shelf.Installed()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range list {
		r, ok := p.loaded[list[i].Name]
		if !ok {
			continue
		}
		select {
		case <-r.ready:
			if r.err == nil {
				list[i] = r.m.Info()
				list[i].Loaded = true
			}
		default:
		}
	}
	return list
}

// Default is the first installed model that can chat, else the first.
func (p *Pool) Default() string {
	list := p.shelf.Installed()
	for _, m := range list {
		if !m.Embedding {
			return m.Name
		}
	}
	if len(list) > 0 {
		return list[0].Name
	}
	return ""
}

// Acquire returns the named model, loading it if needed; "" is the default.
func (p *Pool) Acquire(ctx context.Context, name string) (Generator, func(), error) {
	if name == "" {
		name = p.Default()
	}
	if name == "" {
		return nil, nil, fmt.Errorf("%w: no model is installed", ErrUnknownModel)
	}
	path, err := p.shelf.Path(name)
	if err != nil {
		return nil, nil, err
	}
	r, owner, evicted, err := p.claim(name)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range evicted {
		closeModel(m)
	}
	if owner {
		// Loading goes on when this caller gives up: others may wait for it.
		go p.fill(name, path, r)
	}
	select {
	case <-r.ready:
	case <-ctx.Done():
		p.release(r)
		return nil, nil, ctx.Err()
	}
	if r.err != nil {
		p.release(r)
		return nil, nil, r.err
	}
	var once sync.Once
	return r.m, func() { once.Do(func() { p.release(r) }) }, nil
}

// claim finds or creates the resident of name and counts one user. It makes
// room by evicting the model that was unused longest.
func (p *Pool) claim(name string) (r *resident, owner bool, evicted []Generator, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock++
	if r, ok := p.loaded[name]; ok {
		r.users++
		r.used = p.clock
		return r, false, nil, nil
	}
	for len(p.loaded) >= p.limit {
		victim := p.oldestIdle()
		if victim == "" {
			return nil, false, evicted, fmt.Errorf("%w: all %d models that fit in memory are in use", ErrBusy, p.limit)
		}
		evicted = append(evicted, p.loaded[victim].m)
		delete(p.loaded, victim)
	}
	r = &resident{ready: make(chan struct{}), users: 1, used: p.clock}
	p.loaded[name] = r
	return r, true, evicted, nil
}

// oldestIdle is the loaded model without users that was used longest ago. The
// caller holds mu.
func (p *Pool) oldestIdle() string {
	name := ""
	for n, r := range p.loaded {
		if r.users == 0 && (name == "" || r.used < p.loaded[name].used) {
			name = n
		}
	}
	return name
}

// fill loads the model of r; a failure is forgotten so that the next caller
// tries again.
func (p *Pool) fill(name, path string, r *resident) {
	var info Info
	for _, i := range p.shelf.Installed() {
		if i.Name == name {
			info = i
		}
	}
	info.Name = name
	r.m, r.err = p.load(context.Background(), path, info)
	if r.err != nil {
		r.err = fmt.Errorf("model %q: %w", name, r.err)
		p.mu.Lock()
		delete(p.loaded, name)
		p.mu.Unlock()
	}
	close(r.ready)
}

func (p *Pool) release(r *resident) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.users--
}

// Close unloads every model. Requests must have ended.
func (p *Pool) Close() error {
	p.mu.Lock()
	all := p.loaded
	p.loaded = map[string]*resident{}
	p.mu.Unlock()
	for _, r := range all {
		<-r.ready
		if r.m != nil {
			closeModel(r.m)
		}
	}
	return nil
}

func closeModel(m Generator) {
	if c, ok := m.(interface{ Close() error }); ok {
		_ = c.Close()
	}
}
