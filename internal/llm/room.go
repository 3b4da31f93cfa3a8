package llm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// makeRoom takes out the models that were unused longest until one more of the
// given size fits. It takes out none if that would not do. The caller holds mu.
func (p *Pool) makeRoom(name string, bytes int64) ([]Generator, error) {
	if limit := p.opt.Memory; limit > 0 && bytes > limit {
		return nil, fmt.Errorf("%w: model %q needs about %s and models may take %s; choose a smaller model or a stronger quantisation, or allow more memory",
			ErrNoRoom, name, gigabytes(bytes), gigabytes(limit))
	}
	count, held := len(p.loaded), int64(0)
	var idle []string
	for n, r := range p.loaded {
		held += r.bytes
		if r.idle() {
			idle = append(idle, n)
		}
	}
	slices.SortFunc(idle, func(a, b string) int { return cmp.Compare(p.loaded[a].used, p.loaded[b].used) })
	fits := func() bool {
		return count < p.opt.Limit && (p.opt.Memory <= 0 || held+bytes <= p.opt.Memory)
	}
	victims := 0
	for ; !fits() && victims < len(idle); victims++ {
		count--
		held -= p.loaded[idle[victims]].bytes
	}
	if !fits() {
		return nil, p.full(name, bytes, held)
	}
	var out []Generator
	for _, n := range idle[:victims] {
		out = append(out, p.take(n))
	}
	return out, nil
}

// full says what a model must wait for. The caller holds mu.
func (p *Pool) full(name string, bytes, held int64) error {
	var users []string
	for n, r := range p.loaded {
		if !r.idle() {
			users = append(users, n)
		}
	}
	slices.Sort(users)
	if len(users) >= p.opt.Limit {
		return fmt.Errorf("%w: all %d models that may be in memory at once are in use: %s", ErrBusy, p.opt.Limit, strings.Join(users, ", "))
	}
	return fmt.Errorf("%w: model %q needs about %s; of the %s that models may take, %s are in use by %s", ErrBusy,
		name, gigabytes(bytes), gigabytes(p.opt.Memory), gigabytes(held), strings.Join(users, ", "))
}

// take removes a resident from the pool. The caller holds mu and closes the
// model after giving it up.
func (p *Pool) take(name string) Generator {
	r := p.loaded[name]
	r.stopTimer()
	delete(p.loaded, name)
	return r.m
}

// rest starts the clock of a model that nobody uses any more. The caller holds
// mu.
func (p *Pool) rest(name string, r *resident) {
	if p.opt.KeepAlive <= 0 || p.loaded[name] != r || !r.idle() || r.timer != nil {
		return
	}
	used := r.used
	r.timer = time.AfterFunc(p.opt.KeepAlive, func() { p.expire(name, r, used) })
}

// expire unloads a model that was not used since its clock was started.
func (p *Pool) expire(name string, r *resident, used int64) {
	p.mu.Lock()
	if p.loaded[name] != r || r.used != used || !r.idle() {
		p.mu.Unlock()
		return
	}
	m := p.take(name)
	p.mu.Unlock()
	closeModel(m)
}

func (r *resident) stopTimer() {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

// Unload takes a model out of memory that nobody uses. It reports whether it
// did; a model that is used, or not in memory, stays as it is.
func (p *Pool) Unload(name string) bool {
	p.mu.Lock()
	r, ok := p.loaded[name]
	if !ok || !r.idle() {
		p.mu.Unlock()
		return false
	}
	m := p.take(name)
	p.mu.Unlock()
	closeModel(m)
	return true
}

// Resident is a model in memory, or on its way there.
type Resident struct {
	Name    string
	Bytes   int64 // as estimated, 0 without a limit of memory
	Users   int   // requests that use or await it
	Loading bool
	Stats   Stats // none while it loads
}

// Residents are the models in memory, by name. Looking is no use: a model that
// somebody watches is unloaded as if nobody did.
func (p *Pool) Residents() []Resident {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Resident
	for name, r := range p.loaded {
		one := Resident{Name: name, Bytes: r.bytes, Users: r.users}
		select {
		case <-r.ready:
			one.Stats = r.m.Stats() // under mu: nobody can be closing it
		default:
			one.Loading = true
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Resident) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// PoolState is what a pool holds and what it may hold.
type PoolState struct {
	Limit     int           // models in memory at once
	Memory    int64         // bytes that all of them may take together, 0: no limit
	KeepAlive time.Duration // as in PoolOptions
	Residents []Resident
}

// State says what the pool holds now.
func (p *Pool) State() PoolState {
	return PoolState{Limit: p.opt.Limit, Memory: max(0, p.opt.Memory), KeepAlive: p.opt.KeepAlive, Residents: p.Residents()}
}

func gigabytes(n int64) string { return fmt.Sprintf("%.1f GB", float64(n)/1e9) }
