package upstream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is one configured upstream with all its replicas.
type Server struct {
	name    string
	cfg     Config
	limits  Timeouts
	client  *http.Client
	balance *balance
	mask    mask
	log     *slog.Logger
	now     func() time.Time

	rounds  atomic.Int64  // of probes that ended
	probed  atomic.Int64  // when the last round of probes ended, in ms since 1970
	probing chan struct{} // holds one: a round at a time

	mu     sync.Mutex
	counts map[string]*counters // by their own model name
}

// Limits of a server.
const (
	maxListBody    = 4 << 20 // bytes of a list of models
	maxListed      = 2000    // models of one server
	maxHeaderBytes = 64 << 10
	defaultStreams = 1024 // requests at one replica at once
	maxIdlePerHost = 256
)

// errRedirect: a redirect would carry the key to an address nobody configured.
var errRedirect = errors.New("the server redirects; configure the address it redirects to")

func newServer(cfg Config, o Options) (*Server, error) {
	tlsConfig, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	limits := cfg.Timeouts.withDefaults()
	u := &Server{
		name: cfg.Name, cfg: cfg, limits: limits, log: o.Log, now: o.Now, counts: map[string]*counters{}, probing: make(chan struct{}, 1),
		balance: &balance{name: cfg.Name, most: cmp.Or(cfg.MaxStreams, defaultStreams)},
		client: &http.Client{
			Transport: &http.Transport{
				DialContext:            (&net.Dialer{Timeout: limits.Connect}).DialContext,
				TLSClientConfig:        tlsConfig,
				TLSHandshakeTimeout:    limits.Connect,
				MaxResponseHeaderBytes: maxHeaderBytes,
				MaxIdleConnsPerHost:    maxIdlePerHost,
				IdleConnTimeout:        90 * time.Second,
				DisableCompression:     true, // a compressor would hold tokens back
				ForceAttemptHTTP2:      true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
		},
	}
	if cfg.Mask {
		if o.Mask == nil {
			return nil, fmt.Errorf("upstream %s: personal numbers are to be masked and nothing masks them", cfg.Name)
		}
		u.mask = o.Mask
	}
	for _, base := range cfg.URLs {
		u.balance.replicas = append(u.balance.replicas, newReplica(base))
	}
	return u, nil
}

// post sends a body to a path. A status other than 200 is an answer too.
func (u *Server) post(ctx context.Context, address string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream, application/json")
	u.authorize(r)
	return u.client.Do(r)
}

func (u *Server) authorize(r *http.Request) {
	r.Header.Set("User-Agent", "malmoi")
	if u.cfg.Key != "" {
		r.Header.Set("Authorization", "Bearer "+string(u.cfg.Key))
	}
}

// probe asks every replica for its models, all at the same time. One that does
// not answer keeps the list it gave last.
func (u *Server) probe(ctx context.Context) {
	asked := u.rounds.Load()
	select {
	case u.probing <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-u.probing }()
	if u.rounds.Load() > asked {
		return // somebody else's round ended while we waited
	}
	ctx, cancel := context.WithTimeout(ctx, u.limits.Probe)
	defer cancel()
	var group sync.WaitGroup
	for _, r := range u.balance.replicas {
		group.Go(func() {
			began := u.now()
			models, err := u.list(ctx, r.base)
			r.probed(u.now(), u.now().Sub(began), err)
			was := r.down.Swap(err != nil)
			if err != nil {
				u.blame(r, err)
				if !was {
					u.log.Warn("upstream does not answer", "upstream", u.name, "address", r.base, "error", err)
				}
				return
			}
			if was {
				u.log.Info("upstream answers again", "upstream", u.name, "address", r.base)
			}
			r.models.Store(&models)
		})
	}
	group.Wait()
	u.probed.Store(u.now().UnixMilli())
	u.rounds.Add(1)
}

// list is GET /models.
func (u *Server) list(ctx context.Context, base string) (map[string]modelID, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/models", nil)
	if err != nil {
		return nil, err
	}
	u.authorize(r)
	res, err := u.client.Do(r)
	if err != nil {
		return nil, transportError(ctx, u.name, "cannot be reached", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, u.answerError(res)
	}
	return readList(u.name, res.Body)
}

func readList(name string, body io.Reader) (map[string]modelID, error) {
	var w struct {
		Data []modelID `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxListBody)).Decode(&w); err != nil {
		return nil, badAnswer(name, "the list of models is not JSON")
	}
	if len(w.Data) > maxListed {
		return nil, badAnswer(name, "%d models, at most %d", len(w.Data), maxListed)
	}
	models := make(map[string]modelID, len(w.Data))
	for _, m := range w.Data {
		if m.ID != "" && len(m.ID) <= maxName {
			models[m.ID] = m
		}
	}
	return models, nil
}

// known looks a model up at all replicas; listed is false if none has it, and
// complete is false if one of them gave no list yet.
func (u *Server) known(model string) (id modelID, listed, complete bool) {
	complete = true
	for _, r := range u.balance.replicas {
		m := r.models.Load()
		if m == nil {
			complete = false
			continue
		}
		if id, ok := (*m)[model]; ok {
			return id, true, true
		}
	}
	return modelID{ID: model}, false, complete
}
