package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"malmoi/internal/app"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
	"malmoi/internal/upstream"
	"malmoi/internal/webui"
)

// world is one site; a reset makes the next one.
type world struct {
	site   *app.Site
	models *models
	far    *far // nil: there is none
	dir    string
}

// setting is what a reset says; nil is as the command line has it.
type setting struct {
	Accounts *bool         `json:"accounts"`
	Key      string        `json:"key"`
	DelayMS  *int          `json:"delay_ms"`
	Models   *[]wire.Model `json:"models"`
	Upstream *farSetting   `json:"upstream"` // another malmoi, whose model is offered too
	Pool     bool          `json:"pool"`     // local models are loaded when they are asked, and unloaded
}

func newWorld(ctx context.Context, f flags, address string, s setting) (*world, error) {
	dir, err := os.MkdirTemp("", "malmoi-e2e-")
	if err != nil {
		return nil, err
	}
	list, delay := theUsual(), f.delay
	if s.Models != nil {
		list = *s.Models
	}
	if s.DelayMS != nil {
		delay = time.Duration(*s.DelayMS) * time.Millisecond
	}
	c := app.Config{
		Listen: address, Database: filepath.Join(dir, "malmoi.db"), Mode: app.Single, Blobs: &blobs{data: map[string][]byte{}},
		Version: "0.0.0-e2e", Page: webui.Handler(), Skills: skills{},
	}
	if f.page != "" {
		c.Page = webui.Of(os.DirFS(f.page))
	}
	if s.Accounts != nil && *s.Accounts || s.Accounts == nil && f.accounts {
		c.Mode = app.Accounts
	}
	if s.Key != "" {
		c.APIKeys = []string{s.Key}
	}
	if f.log {
		c.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	w := &world{models: newModels(list, delay), dir: dir}
	if err := w.open(ctx, c, s, delay); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// open opens the site on all the models that it is to have.
func (w *world) open(ctx context.Context, c app.Config, s setting, delay time.Duration) (err error) {
	all := []llm.Models{w.models}
	if s.Pool {
		pool := newPool(w.models)
		c.Pool, all[0] = pool, pool
	}
	if s.Upstream != nil {
		if w.far, err = newFar(ctx, filepath.Join(w.dir, "far.db"), *s.Upstream, delay); err != nil {
			return err
		}
		c.Upstreams = w.far.set
		all = append(all, w.far.set)
	}
	w.site, err = app.Open(ctx, c, upstream.Join(all...))
	return err
}

func (w *world) close() error {
	var err error
	if w.site != nil {
		err = w.site.Close()
	}
	if w.far != nil {
		err = errors.Join(err, w.far.close())
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

// server hands requests to the world of now.
type server struct {
	ctx     context.Context // of the process
	flags   flags
	address string
	conns   *conns

	mu  sync.RWMutex
	now *world
}

func run(ctx context.Context, args []string) error {
	f, err := parse(args)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return fmt.Errorf("%s is not loopback", ln.Addr())
	}
	s := &server{ctx: ctx, flags: f, address: ln.Addr().String(), conns: &conns{open: map[net.Conn]bool{}}}
	if s.now, err = newWorld(ctx, f, s.address, setting{}); err != nil {
		return err
	}
	hs := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ConnState: s.conns.note}
	go func() {
		<-ctx.Done()
		hs.Close()
	}()
	fmt.Printf("http://%s\n", s.address)
	err = hs.Serve(ln)
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.now.close())
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /test/state":
		s.reply(w, map[string]any{"requests": s.world().models.seen(), "upstream": s.world().far.seen()}, nil)
	case "POST /test/reset":
		var in setting
		err := read(r, &in)
		if err == nil {
			err = s.reset(in)
		}
		s.reply(w, map[string]any{}, err)
	case "POST /test/models":
		var in struct {
			Models []wire.Model `json:"models"`
		}
		err := read(r, &in)
		if err == nil {
			s.world().models.replace(in.Models)
		}
		s.reply(w, map[string]any{}, err)
	case "POST /test/upstream":
		var in struct {
			Down bool `json:"down"`
		}
		err := read(r, &in)
		if err == nil {
			err = s.world().far.fall(in.Down)
		}
		s.reply(w, map[string]any{}, err)
	case "POST /test/cut":
		s.conns.cut()
	default:
		s.world().site.Server.Handler().ServeHTTP(w, r)
	}
}

func (s *server) world() *world {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now
}

// reset exchanges the world. Streams of the old one end with it.
func (s *server) reset(in setting) error {
	next, err := newWorld(s.ctx, s.flags, s.address, in)
	if err != nil {
		return err
	}
	s.mu.Lock()
	old := s.now
	s.now = next
	s.mu.Unlock()
	return old.close()
}

func read(r *http.Request, into any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || len(body) == 0 {
		return err
	}
	return json.Unmarshal(body, into)
}

func (s *server) reply(w http.ResponseWriter, body any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}

// conns are the open connections.
type conns struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (c *conns) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.open[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	}
}

func (c *conns) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		conn.Close()
	}
}
