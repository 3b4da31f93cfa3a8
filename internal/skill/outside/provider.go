package outside

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"malmoi/internal/guard"
	"malmoi/internal/skill"
	"malmoi/internal/skill/openapi"
	"malmoi/internal/skill/web"
)

// Options are what a Provider needs beside the file.
type Options struct {
	Dir string // that descriptions are looked for in: the file's
	Log *slog.Logger
	Now func() time.Time
}

// Provider has the skills of a File.
type Provider struct {
	allow   []string
	client  *http.Client
	web     bool
	search  web.Provider
	fixed   skill.Set // of described services
	servers []*server
	log     *slog.Logger
}

// start has the tool servers asked in the background; their skills come when
// they answer.
func (p *Provider) start() {
	for _, s := range p.servers {
		s.start()
	}
}

// assemble checks everything that needs no network, and makes a provider whose
// tool servers are not started. Those of before whose part of the file is as it was are taken over as they are.
func assemble(f File, o Options, before *Provider) (*Provider, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("skills: %w", err)
	}
	p := &Provider{allow: f.Allow, web: f.Web, log: o.Log}
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
		one := before.same(s, f.Allow)
		if one == nil {
			if one, err = p.newServer(s, o.Now); err != nil {
				return nil, fmt.Errorf("skills: %w", err)
			}
		}
		p.servers = append(p.servers, one)
	}
	return p, nil
}

// same is the server that was made from the same lines, nil if there is none.
func (p *Provider) same(s Server, allow []string) *server {
	if p == nil {
		return nil
	}
	for _, old := range p.servers {
		if reflect.DeepEqual(old.made, s) && (s.URL == "" || slices.Equal(p.allow, allow)) {
			return old
		}
	}
	return nil
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

// Skills are what may be used now, for one answer.
func (p *Provider) Skills() skill.Set {
	set := p.here()
	for _, s := range p.servers {
		set = append(set, s.skills()...)
	}
	return set
}

// here are the skills that are known without asking anybody.
func (p *Provider) here() skill.Set {
	var set skill.Set
	if p.web || p.search != nil {
		set = web.New(p.client, p.search)
	}
	return append(set, p.fixed...)
}

// Close ends the tool servers.
func (p *Provider) Close() error {
	var errs []error
	for _, s := range p.servers {
		errs = append(errs, s.end())
	}
	return errors.Join(errs...)
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
