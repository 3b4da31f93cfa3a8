package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi"
	api "malmoi/internal/httpapi/app"
	"malmoi/internal/httpapi/mcp"
	"malmoi/internal/llm"
	"malmoi/internal/safety"
	"malmoi/internal/store"
)

// Site is everything that serves a site in this process.
type Site struct {
	Single     bool // personal mode
	NeedsSetUp bool // nobody has an account yet, and one is needed
	Accounts   *account.Service
	Converse   *converse.Service
	Server     *httpapi.Server

	api      *api.API
	db       *store.DB
	node     string // this process, unique on the site
	bus      bus.Bus
	closeBus func()
	log      *slog.Logger
	cancel   context.CancelFunc // ends what runs beside requests
	running  sync.WaitGroup
	once     sync.Once
}

// Open opens the database, which migrates it, starts the services and builds
// the server. Nothing listens yet. After an error nothing is left open.
func Open(ctx context.Context, c Config, models llm.Models) (*Site, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	db, err := store.Open(ctx, c.Database, store.Options{Serve: true, Now: c.Now, Log: c.Log})
	if err != nil {
		return nil, err
	}
	s := &Site{db: db, node: rand.Text(), log: c.Log}
	s.bus, s.closeBus = db.Bus(ctx)
	if err := s.assemble(ctx, c, models); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// assemble builds the parts on the open database.
func (s *Site) assemble(ctx context.Context, c Config, models llm.Models) error {
	s.Accounts = account.NewService(s.db.Accounts(), s.bus, account.Options{Now: c.Now, Log: c.Log, Directory: c.Directory})
	var err error
	if err = s.decide(ctx, c.Mode); err != nil {
		return err
	}
	filter := c.Filter
	if filter == nil {
		if filter, err = safety.New(""); err != nil {
			return err
		}
	}
	models = s.filtered(models, filter)
	o := httpapi.Options{
		Filter: filter, Listen: c.Listen, APIKeys: c.APIKeys, AllowedHosts: c.Hosts, AllowedOrigins: c.Origins, TrustedProxies: c.Proxies,
		Meter: s.Accounts, Pool: c.Pool, ModelNames: c.ModelNames, MaxConcurrent: c.MaxConcurrent, MaxBody: c.MaxBody, KeepAlive: c.KeepAlive, DrainTimeout: c.DrainTimeout,
		Version: c.Version, Page: c.Page, Log: c.Log, Now: c.Now,
	}
	if s.Single {
		o.Pull = c.Pull // with accounts, models are for those who run the server
		o.Local, err = s.Accounts.EnsureLocal(ctx)
	} else {
		o.Accounts = s.Accounts
		o.Static, err = s.Accounts.EnsureStatic(ctx)
	}
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	s.Converse = converse.NewService(s.db.Conversations(), models, s.bus, converse.Options{
		Node: s.node, Now: c.Now, Log: c.Log, Meter: s.Accounts, Blobs: c.Blobs, Skills: c.Skills, Titles: true, Alone: s.db.Dialect() == store.SQLite,
	})
	a := api.Options{
		Accounts: s.Accounts, Converse: s.Converse, Bus: s.bus, Models: models, Single: s.Single, FilterLevel: s.filterLevel(), Providers: c.Providers, LDAP: c.Directory != nil, Site: s,
		Pool: c.Pool, Version: c.Version, KeepAlive: c.KeepAlive, Log: c.Log, Now: c.Now,
	}
	if c.Upstreams != nil {
		a.Upstreams = others{c.Upstreams}
	}
	s.api = api.New(a)
	tools := mcp.New(mcp.Options{Models: models, Names: c.ModelNames, Search: s.Converse, Meter: s.Accounts, Version: c.Version, Log: c.Log})
	o.Routes = slices.Concat(s.api.Routes(), tools.Routes())
	if s.Server, err = httpapi.New(models, o); err != nil {
		return err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.running.Go(func() { s.Accounts.Run(background) })
	s.running.Go(func() { s.Converse.Run(background) })
	s.running.Go(func() { s.db.Heartbeat(background, s.node, c.Version) })
	return nil
}

// decide settles the mode. A database with accounts is never served as if it
// had none, unless that is asked for.
func (s *Site) decide(ctx context.Context, m Mode) error {
	empty, err := s.Accounts.NeedsSetUp(ctx)
	if err != nil {
		return fmt.Errorf("app: look for accounts: %w", err)
	}
	s.Single = m == Single || m == Auto && empty
	s.NeedsSetUp = empty && !s.Single
	return nil
}

// Serve answers on ln until ctx ends, then drains and closes the site.
func (s *Site) Serve(ctx context.Context, ln net.Listener) error {
	return errors.Join(s.Server.Serve(ctx, ln), s.Close())
}

// Close ends everything, in the order in which the parts need each other.
func (s *Site) Close() error {
	var err error
	s.once.Do(func() {
		if s.Server != nil {
			s.Server.Stop()
		}
		if s.Converse != nil { // answers under way are marked while the rest still works
			err = s.Converse.Close()
		}
		if s.cancel != nil {
			s.cancel()
		}
		s.running.Wait()
		if s.api != nil {
			s.api.Close()
		}
		if s.Accounts != nil {
			err = errors.Join(err, s.Accounts.Close())
		}
		s.closeBus()
		err = errors.Join(err, s.db.Close())
	})
	return err
}
