package outside

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"malmoi/internal/skill"
	"malmoi/internal/skill/mcp"
)

// look is how often tool servers are asked for their tools.
const look = 30 * time.Second

// server is a tool server with the tools that it had when it was last asked.
type server struct {
	made    Server // what it was made from, with its secrets
	client  *mcp.Client
	log     *slog.Logger
	stop    context.CancelFunc // of the goroutine that asks it; nil before start
	running sync.WaitGroup

	mu    sync.Mutex
	tools skill.Set
	said  string // the last trouble, so that it is logged once
	calls int    // under way
	gone  bool   // it takes no further calls
	idle  chan struct{}
}

func (p *Provider) newServer(s Server, now func() time.Time) (*server, error) {
	c, err := mcp.Open(mcp.Config{
		Name: s.Name, Command: s.Command, Dir: s.Dir, Env: pairs(s.Env), URL: s.URL, Headers: s.Headers, Only: s.Only, Reads: s.Reads,
		Pins: s.Approved, Client: p.client, Log: p.log, Now: now,
	})
	if err != nil {
		return nil, err
	}
	return &server{made: s, client: c, log: p.log, idle: make(chan struct{})}, nil
}

// start has the server asked for its tools from time to time. One that was
// started stays as it is.
func (s *server) start() {
	if s.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.running.Go(func() { s.follow(ctx) })
}

// follow keeps the server's tools known until ctx ends.
func (s *server) follow(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		s.ask(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ask takes down what the server has now.
func (s *server) ask(ctx context.Context) error {
	set, err := s.client.Skills(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i := range set {
		set[i].Call = s.counted(set[i].Call)
	}
	said := ""
	if err != nil {
		said = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tools = set
	if said != "" && s.said == "" {
		s.log.Warn("a tool server has no tools now", "name", s.made.Name, "error", err)
	}
	s.said = said
	return err
}

func (s *server) skills() skill.Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tools
}

type callFunc = func(context.Context, json.RawMessage) (string, error)

// counted makes a call known while it is under way, so that the server is not
// ended below it. An answer that began before the server went may still try.
func (s *server) counted(call callFunc) callFunc {
	return func(ctx context.Context, arguments json.RawMessage) (string, error) {
		s.mu.Lock()
		if s.gone {
			s.mu.Unlock()
			return "", errors.New("the tool server was taken away by an administrator")
		}
		s.calls++
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.calls--; s.calls == 0 && s.gone {
				close(s.idle)
			}
		}()
		return call(ctx, arguments)
	}
}

// leave takes no further calls, waits for those under way, which have a time
// limit of their own, or until everything closes, and ends the server.
func (s *server) leave(closing <-chan struct{}) {
	s.mu.Lock()
	busy := s.calls > 0
	s.gone = true
	s.mu.Unlock()
	if busy {
		select {
		case <-s.idle:
		case <-closing:
		}
	}
	if err := s.end(); err != nil {
		s.log.Info("a tool server that was taken away ended", "name", s.made.Name, "error", err)
	}
}

// end ends the connection and the child process.
func (s *server) end() error {
	if s.stop != nil {
		s.stop()
	}
	err := s.client.Close()
	s.running.Wait()
	return err
}
