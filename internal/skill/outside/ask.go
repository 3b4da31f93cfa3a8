package outside

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"malmoi/internal/skill"
	"malmoi/internal/skill/mcp"
)

// All asks every tool server and returns all skills that the file gives now,
// and what went wrong with each server that has none. done ends the servers.
func All(ctx context.Context, f File, o Options) (set skill.Set, trouble []error, done func() error, err error) {
	p, err := assemble(f, o, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	trouble = p.askAll(ctx, p.servers)
	return p.Skills(), trouble, p.Close, nil
}

// Find returns one skill, and asks only tool servers that may have it. done
// ends them.
func Find(ctx context.Context, f File, name string, o Options) (x skill.Skill, found bool, trouble []error, done func() error, err error) {
	p, err := assemble(f, o, nil)
	if err != nil {
		return x, false, nil, nil, err
	}
	if x, found = p.here().Find(name); found {
		return x, true, nil, p.Close, nil
	}
	var some []*server
	for _, s := range p.servers {
		if strings.HasPrefix(name, s.made.Name+"_") {
			some = append(some, s)
		}
	}
	trouble = p.askAll(ctx, some)
	x, found = p.Skills().Find(name)
	return x, found, trouble, p.Close, nil
}

// askAll asks servers at the same time; their number is bounded by maxServers.
func (p *Provider) askAll(ctx context.Context, servers []*server) []error {
	errs := make([]error, len(servers))
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() { errs[i] = s.ask(ctx) })
	}
	all.Wait()
	var out []error
	for _, err := range errs {
		if err != nil {
			out = append(out, fmt.Errorf("skills: %w", err))
		}
	}
	return out
}

// Tools asks one tool server what it offers, approved or not.
func Tools(ctx context.Context, f File, name string, o Options) ([]mcp.Tool, error) {
	f.OpenAPI, f.Search = nil, nil
	p, err := assemble(f, o, nil)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for _, s := range p.servers {
		if s.made.Name == name {
			return s.client.Tools(ctx)
		}
	}
	return nil, fmt.Errorf("skills: there is no tool server %q", name)
}
