package outside

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"

	"malmoi/internal/skill"
	"malmoi/internal/skill/fresh"
	"malmoi/internal/upstream/seal"
)

// Live has the skills that a file gives now: it reads the file again when that
// has changed. It is safe for concurrent use.
type Live struct {
	path  string
	box   func() (*seal.Box, error)
	o     Options
	watch *fresh.Watch

	mu      sync.Mutex
	now     *Provider
	leaving sync.WaitGroup // servers that went, with calls under way
	closed  bool
	closing chan struct{}
}

// OpenLive reads the file, which need not be there, and starts what it says.
// box opens its secrets; it is asked only if there is a file.
func OpenLive(path string, box func() (*seal.Box, error), o Options) (*Live, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Live{path: path, box: box, o: o, watch: fresh.New(path, o.Now), closing: make(chan struct{})}
	p, err := l.read()
	if err != nil {
		return nil, err
	}
	l.now = p
	p.start()
	return l, nil
}

// read makes a provider of the file, with the servers that stay.
func (l *Live) read() (*Provider, error) {
	var f File
	box, err := l.boxIfNeeded()
	if err != nil {
		return nil, err
	}
	if box != nil {
		if f, err = ReadFile(l.path, box); err != nil {
			return nil, err
		}
	}
	return assemble(f, l.o, l.now)
}

// boxIfNeeded is nil if there is no file.
func (l *Live) boxIfNeeded() (*seal.Box, error) {
	if _, err := os.Stat(l.path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return l.box()
}

// Skills are what may be used now, for one answer. A file that became bad is
// logged once, and the skills before it stay.
func (l *Live) Skills() skill.Set {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed && l.watch.Changed() {
		l.reread()
	}
	return l.now.Skills()
}

// reread puts what the file says now in place. l.mu is held.
func (l *Live) reread() {
	p, err := l.read()
	if err != nil {
		l.o.Log.Error("the changed file of skills is not used", "error", err)
		return
	}
	old := l.now
	l.now = p
	p.start()
	for _, s := range old.servers {
		if !slices.Contains(p.servers, s) {
			l.leaving.Go(func() { s.leave(l.closing) })
		}
	}
	old.client.CloseIdleConnections()
	l.o.Log.Info("the file of skills was read again", "file", l.path, "tool_servers", len(p.servers))
}

// Close ends the tool servers, also those with calls under way.
func (l *Live) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	close(l.closing)
	err := l.now.Close()
	l.leaving.Wait()
	return err
}
