package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"malmoi/internal/skill"
)

// Config says how a server is reached and what of it is offered.
type Config struct {
	Name    string            // begins the names of the skills
	Command []string          // a child process, or
	Env     []string          // its whole environment, NAME=value
	Dir     string            // its working folder
	URL     string            // a server by streamable HTTP
	Headers map[string]string // sent with every request
	Reads   []string          // tools that only read
	Only    []string          // tools that are offered, empty: all
	// Pins are the approved tools: name -> pin. A tool without one is new.
	Pins    map[string]string
	Client  *http.Client // of package guard; for URL
	Timeout time.Duration
	Log     *slog.Logger
	Now     func() time.Time
}

// Limits.
const (
	maxTools       = 128
	maxPages       = 16       // of a list of tools
	maxName        = 64       // bytes
	maxDescription = 4 << 10  // bytes; longer ones are not offered
	maxSchema      = 24 << 10 // bytes
	maxMessage     = 4 << 20  // bytes of one event of a server by HTTP
	maxAnswer      = 1 << 20  // bytes of a result that are looked at
	defaultTimeout = 30 * time.Second
	pause          = 5 * time.Second // between two tries to connect
	maxPause       = 5 * time.Minute
)

var (
	namePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,31}$`)
	toolPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	notName     = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// Client is one server. It connects when it is first needed, and again after
// the connection was lost, with pauses that grow.
type Client struct {
	c Config

	mu      sync.Mutex // guards what follows; held while connecting
	session *sdk.ClientSession
	tools   []*sdk.Tool
	stale   bool // the server says that its tools changed
	failed  int  // tries in a row
	next    time.Time
	last    error
	closed  bool
}

// Open checks a configuration. It does not connect.
func Open(c Config) (*Client, error) {
	switch {
	case !namePattern.MatchString(c.Name):
		return nil, fmt.Errorf("mcp: name %q: want letters, digits and _, at most 32", c.Name)
	case (len(c.Command) > 0) == (c.URL != ""):
		return nil, fmt.Errorf("mcp: %s: want either command or url", c.Name)
	case c.URL != "" && c.Client == nil:
		return nil, fmt.Errorf("mcp: %s: there is no client for its url", c.Name)
	case c.URL != "" && !strings.HasPrefix(c.URL, "https://") && !strings.HasPrefix(c.URL, "http://"):
		return nil, fmt.Errorf("mcp: %s: url %q: want http or https", c.Name, c.URL)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{c: c}, nil
}

// Close ends the connection and the child process.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.drop()
}

// drop forgets the session; the next use makes a new one. c.mu is held.
func (c *Client) drop() error {
	s := c.session
	c.session, c.tools = nil, nil
	if s == nil {
		return nil
	}
	return s.Close()
}

// ready returns a session with its list of tools.
func (c *Client) ready(ctx context.Context) (*sdk.ClientSession, []*sdk.Tool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, nil, errors.New("mcp: " + c.c.Name + " was closed")
	case c.session != nil && !c.stale:
		return c.session, c.tools, nil
	case c.session == nil && c.c.Now().Before(c.next):
		return nil, nil, fmt.Errorf("mcp: %s is not tried again before %s: %w", c.c.Name, c.next.Format(time.TimeOnly), c.last)
	}
	ctx, cancel := context.WithTimeout(ctx, c.c.Timeout)
	defer cancel()
	err := c.connect(ctx)
	if err != nil {
		c.drop()
		c.last = err
		c.next = c.c.Now().Add(min(pause<<min(c.failed, 10), maxPause))
		c.failed++
		return nil, nil, fmt.Errorf("mcp: %s: %w", c.c.Name, err)
	}
	c.failed = 0
	return c.session, c.tools, nil
}

// connect starts a session unless there is one, and lists its tools. c.mu is
// held.
func (c *Client) connect(ctx context.Context) error {
	if c.session == nil {
		client := sdk.NewClient(&sdk.Implementation{Name: "malmoi", Version: "1"}, &sdk.ClientOptions{
			Capabilities: &sdk.ClientCapabilities{}, // it may ask for nothing: no roots, no sampling, no questions
			ToolListChangedHandler: func(context.Context, *sdk.ToolListChangedRequest) {
				go c.markStale() // connect may hold the lock while this is called
			},
			MultiRoundTrip: &sdk.MultiRoundTripOptions{Disabled: true},
		})
		s, err := client.Connect(ctx, c.transport(), nil)
		if err != nil {
			return err
		}
		c.session = s
		go c.watch(s)
	}
	var tools []*sdk.Tool
	params := &sdk.ListToolsParams{}
	for range maxPages {
		res, err := c.session.ListTools(ctx, params)
		if err != nil {
			return err
		}
		tools = append(tools, res.Tools...)
		if res.NextCursor == "" {
			break
		}
		params.Cursor = res.NextCursor
	}
	if len(tools) > maxTools {
		return fmt.Errorf("%d tools, at most %d: it is not used", len(tools), maxTools)
	}
	c.tools, c.stale = tools, false
	return nil
}

func (c *Client) markStale() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale = true
}

// watch forgets a session that ended by itself.
func (c *Client) watch(s *sdk.ClientSession) {
	err := s.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == s {
		c.c.Log.Warn("a tool server ended", "name", c.c.Name, "error", err)
		c.session, c.tools = nil, nil
	}
}

func (c *Client) transport() sdk.Transport {
	if c.c.URL != "" {
		own := *c.c.Client
		own.Transport = &headers{own.Transport, c.c.URL, c.c.Headers}
		return &sdk.StreamableClientTransport{Endpoint: c.c.URL, HTTPClient: &own, MaxRetries: -1, DisableStandaloneSSE: true, MaxEventSize: maxMessage}
	}
	cmd := exec.Command(c.c.Command[0], c.c.Command[1:]...)
	cmd.Dir = c.c.Dir
	cmd.Env = append([]string{}, c.c.Env...) // nothing of ours: no keys reach it
	if len(cmd.Env) == 0 {
		cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin"}
	}
	return &sdk.CommandTransport{Command: cmd, TerminateDuration: time.Second} // bounds a message to 16 MiB
}

// headers adds configured headers, which may be keys, to requests for the
// configured address; not to those that a redirect makes.
type headers struct {
	next http.RoundTripper
	to   string
	add  map[string]string
}

// RoundTrip implements http.RoundTripper.
func (h *headers) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(h.add) > 0 && r.URL.String() == h.to {
		r = r.Clone(r.Context())
		for name, value := range h.add {
			r.Header.Set(name, value)
		}
	}
	return h.next.RoundTrip(r)
}

// Tools lists what the server offers now and what became of it.
func (c *Client) Tools(ctx context.Context) ([]Tool, error) {
	_, tools, err := c.ready(ctx)
	if err != nil {
		return nil, err
	}
	var out []Tool
	taken := map[string]bool{}
	for _, t := range tools {
		if t == nil || len(c.c.Only) > 0 && !slices.Contains(c.c.Only, t.Name) {
			continue
		}
		one := c.judge(t)
		if taken[one.Skill] && one.State != Unfit {
			one.State = Unfit // two tools of one name: models could not tell them apart
		}
		taken[one.Skill] = true
		out = append(out, one)
	}
	return out, nil
}

// judge holds a tool against what was approved.
func (c *Client) judge(t *sdk.Tool) Tool {
	name := c.c.Name + "_" + strings.Trim(notName.ReplaceAllString(t.Name, "_"), "_")
	one := Tool{Name: t.Name, Skill: name[:min(len(name), maxName)], Description: t.Description, State: Unfit}
	schema, err := json.Marshal(t.InputSchema)
	if !toolPattern.MatchString(t.Name) || err != nil || len(schema) > maxSchema || len(t.Description) > maxDescription {
		return one
	}
	if one.Pin, err = pin(t); err != nil {
		return one
	}
	switch c.c.Pins[t.Name] {
	case "":
		one.State = New
	case one.Pin:
		one.State = Approved
	default:
		one.State = Changed
	}
	return one
}

// Skills are the approved tools. A server that cannot be reached has none.
func (c *Client) Skills(ctx context.Context) (skill.Set, error) {
	list, err := c.Tools(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	tools := c.tools
	c.mu.Unlock()
	var set skill.Set
	for _, one := range list {
		i := slices.IndexFunc(tools, func(t *sdk.Tool) bool { return t.Name == one.Name })
		if one.State != Approved || i < 0 {
			continue
		}
		schema, _ := json.Marshal(tools[i].InputSchema)
		x := skill.Skill{Name: one.Skill, Title: c.c.Name + ": " + one.Name, Description: one.Description, Parameters: schema, Effect: skill.Changes, Call: c.call(one)}
		if slices.Contains(c.c.Reads, one.Name) {
			x.Effect = skill.Reads
		}
		set = append(set, x)
	}
	return set, nil
}
