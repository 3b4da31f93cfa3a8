package outside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"malmoi/internal/guard"
	"malmoi/internal/skill"
	"malmoi/internal/skill/mcp"
	"malmoi/internal/skill/openapi"
	"malmoi/internal/skill/web"
)

// Options are what a Provider needs beside the file.
type Options struct {
	Dir string // that descriptions are looked for in: the file's
	Log *slog.Logger
	Now func() time.Time
}

// look is how often tool servers are asked for their tools.
const look = 30 * time.Second

// Provider has the skills of a File.
type Provider struct {
	client  *http.Client
	web     bool
	search  web.Provider
	fixed   skill.Set // of described services
	servers []*server
	log     *slog.Logger
	stop    context.CancelFunc
	running sync.WaitGroup
}

// server is a tool server with the tools that it had when it was last asked.
type server struct {
	name   string
	client *mcp.Client
	mu     sync.Mutex
	tools  skill.Set
	said   string // the last trouble, so that it is logged once
}

// Open checks everything that needs no network. Tool servers are started in the
// background; their skills come when they answer.
func Open(f File, o Options) (*Provider, error) {
	p, err := assemble(f, o)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	for _, s := range p.servers {
		p.running.Go(func() { p.follow(ctx, s) })
	}
	return p, nil
}

func assemble(f File, o Options) (*Provider, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("skills: %w", err)
	}
	p := &Provider{web: f.Web, log: o.Log, stop: func() {}}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if p.client, err = guard.NewClient(guard.Options{Allow: f.Allow}); err != nil {
		return nil, fmt.Errorf("skills: allow: %w", err)
	}
	if s := f.Search; s != nil {
		if p.search, err = web.NewProvider(p.client, web.Config{Kind: s.Kind, URL: s.URL, ID: s.ID, Secret: s.Secret}); err != nil {
			return nil, fmt.Errorf("skills: %w", err)
		}
	}
	for _, s := range f.OpenAPI {
		c, err := p.service(s, o.Dir)
		if err != nil {
			return nil, err
		}
		set, err := openapi.Open(c)
		if err != nil {
			return nil, fmt.Errorf("skills: %w", err)
		}
		p.fixed = append(p.fixed, set...)
	}
	for _, s := range f.MCP {
		c, err := mcp.Open(mcp.Config{
			Name: s.Name, Command: s.Command, Dir: s.Dir, Env: pairs(s.Env), URL: s.URL, Headers: s.Headers, Only: s.Only, Reads: s.Reads,
			Pins: s.Approved, Client: p.client, Log: p.log, Now: o.Now,
		})
		if err != nil {
			return nil, fmt.Errorf("skills: %w", err)
		}
		p.servers = append(p.servers, &server{name: s.Name, client: c})
	}
	return p, nil
}

// service reads a description.
func (p *Provider) service(s Service, dir string) (openapi.Config, error) {
	path := s.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	in, err := os.Open(path)
	if err != nil {
		return openapi.Config{}, fmt.Errorf("skills: %s: %w", s.Name, err)
	}
	defer in.Close()
	spec, err := io.ReadAll(io.LimitReader(in, openapi.MaxSpec+1))
	if err != nil {
		return openapi.Config{}, fmt.Errorf("skills: %s: %w", s.Name, err)
	}
	c := openapi.Config{Name: s.Name, Spec: spec, BaseURL: s.BaseURL, Hosts: s.Hosts, Only: s.Only, Reads: s.Reads, Changes: s.Changes, Client: p.client}
	if s.Auth != nil {
		c.Auth = openapi.Auth{Kind: s.Auth.Kind, Name: s.Auth.Name, Secret: s.Auth.Secret}
	}
	return c, nil
}

func pairs(env map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, name+"="+env[name])
	}
	return out
}

// follow keeps a server's tools known until ctx ends.
func (p *Provider) follow(ctx context.Context, s *server) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		p.ask(ctx, s)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *Provider) ask(ctx context.Context, s *server) {
	set, err := s.client.Skills(ctx)
	if ctx.Err() != nil {
		return
	}
	said := ""
	if err != nil {
		said = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tools = set
	if said != "" && s.said == "" {
		p.log.Warn("a tool server has no tools now", "name", s.name, "error", err)
	}
	s.said = said
}

// Skills are what may be used now, for one answer.
func (p *Provider) Skills() skill.Set {
	var set skill.Set
	if p.web || p.search != nil {
		set = web.New(p.client, p.search)
	}
	set = append(set, p.fixed...)
	for _, s := range p.servers {
		s.mu.Lock()
		set = append(set, s.tools...)
		s.mu.Unlock()
	}
	return set
}

// Close ends the tool servers.
func (p *Provider) Close() error {
	p.stop()
	var errs []error
	for _, s := range p.servers {
		errs = append(errs, s.client.Close())
	}
	p.running.Wait()
	return errors.Join(errs...)
}

// Tools asks one tool server what it offers, approved or not.
func Tools(ctx context.Context, f File, name string, o Options) ([]mcp.Tool, error) {
	f.OpenAPI, f.Search = nil, nil
	p, err := assemble(f, o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for _, s := range p.servers {
		if s.name == name {
			return s.client.Tools(ctx)
		}
	}
	return nil, fmt.Errorf("skills: there is no tool server %q", name)
}

// Verify says what becomes of the operations of one described service.
func Verify(f File, name string, o Options) ([]openapi.Verdict, error) {
	p := &Provider{}
	for _, s := range f.OpenAPI {
		if s.Name == name {
			c, err := p.service(s, o.Dir)
			if err != nil {
				return nil, err
			}
			return openapi.Verify(c)
		}
	}
	return nil, fmt.Errorf("skills: there is no service %q", name)
}
