package llm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
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

// PoolOptions bound a pool. Zero values do not.
type PoolOptions struct {
	Limit     int           // models in memory at once; at least one
	Memory    int64         // bytes that all of them may take together, as estimated before loading
	Working   int64         // bytes that a model that generates takes beside its weights: keys and values
	KeepAlive time.Duration // how long a model stays that nobody uses; 0: until another one needs the room

	// Estimate says what a model will take without Working; nil: EstimateBytes.
	Estimate func(path string, info Info) int64
}

// Pool keeps models in memory while they are used, and afterwards until another
// one needs the room or KeepAlive is over. It is safe for concurrent use.
type Pool struct {
	shelf Shelf
	load  func(ctx context.Context, path string, info Info) (Generator, error)
	opt   PoolOptions

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
	bytes int64 // as estimated
	users int
	used  int64
	timer *time.Timer // unloads it; nil while it is used
}

// idle reports whether nobody uses or awaits the model. One that is still being
// loaded is not idle even when all who waited have left.
func (r *resident) idle() bool {
	select {
	case <-r.ready:
		return r.users == 0
	default:
		return false
	}
}

// ErrNoRoom says that a model does not fit into the memory that models may take.
var ErrNoRoom = errors.New("not enough memory")

// NewPool returns a pool of at most limit models, read by load.
func NewPool(shelf Shelf, limit int, load func(context.Context, string, Info) (Generator, error)) *Pool {
	return NewBoundedPool(shelf, PoolOptions{Limit: limit}, load)
}

// NewBoundedPool returns a pool within o, whose models are read by load.
func NewBoundedPool(shelf Shelf, o PoolOptions, load func(context.Context, string, Info) (Generator, error)) *Pool {
	o.Limit = max(1, o.Limit)
	if o.Estimate == nil {
		o.Estimate = EstimateBytes
	}
	return &Pool{shelf: shelf, load: load, opt: o, loaded: map[string]*resident{}}
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
	info := p.describe(name)
	r, owner, evicted, err := p.claim(name, path, info)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range evicted {
		closeModel(m)
	}
	if owner {
		// Loading goes on when this caller gives up: others may wait for it.
		go p.fill(name, path, info, r)
	}
	select {
	case <-r.ready:
	case <-ctx.Done():
		p.release(name, r)
		return nil, nil, ctx.Err()
	}
	if r.err != nil {
		p.release(name, r)
		return nil, nil, r.err
	}
	var once sync.Once
	return r.m, func() { once.Do(func() { p.release(name, r) }) }, nil
}

// describe is what the shelf says of a model.
func (p *Pool) describe(name string) Info {
	for _, i := range p.shelf.Installed() {
		if i.Name == name {
			return i
		}
	}
	return Info{Name: name}
}

// claim finds or creates the resident of name and counts one user. It makes
// room by evicting the models that were unused longest.
func (p *Pool) claim(name, path string, info Info) (r *resident, owner bool, evicted []Generator, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock++
	if r, ok := p.loaded[name]; ok {
		r.users++
		r.used = p.clock
		r.stopTimer()
		return r, false, nil, nil
	}
	r = &resident{ready: make(chan struct{}), users: 1, used: p.clock}
	if p.opt.Memory > 0 {
		r.bytes = p.opt.Estimate(path, info)
		if !info.Embedding {
			r.bytes += p.opt.Working
		}
	}
	if evicted, err = p.makeRoom(name, r.bytes); err != nil {
		return nil, false, nil, err
	}
	p.loaded[name] = r
	return r, true, evicted, nil
}

// fill loads the model of r; a failure is forgotten so that the next caller
// tries again.
func (p *Pool) fill(name, path string, info Info, r *resident) {
	r.m, r.err = p.load(context.Background(), path, info)
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.err != nil {
		r.err = fmt.Errorf("model %q: %w", name, r.err)
		delete(p.loaded, name)
	}
	close(r.ready)
	p.rest(name, r)
}

func (p *Pool) release(name string, r *resident) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.users--
	p.rest(name, r)
}

// Close unloads every model. Requests must have ended.
func (p *Pool) Close() error {
	p.mu.Lock()
	all := p.loaded
	p.loaded = map[string]*resident{}
	for _, r := range all {
		r.stopTimer()
	}
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
