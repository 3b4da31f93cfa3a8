package source

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Web loads from HTTP servers, with patience that ends. The zero value of every
// field but Client is a usable default. It is safe for concurrent use.
type Web struct {
	Client *http.Client
	Wait   time.Duration // until the first byte of an answer; 5 s
	Stall  time.Duration // without any byte, then the connection is given up; 30 s
	Pause  time.Duration // before an interrupted download goes on; grows; 1 s
	Tries  int           // attempts in a row that bring nothing; 4
	Agent  string        // User-Agent
}

// NewClient returns the client for Web: proxies come from the standard
// variables, connections are kept only while they are used.
func NewClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second,
			ForceAttemptHTTP2:     true,
			TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
			DisableCompression:    true, // sizes and ranges mean the stored bytes
			IdleConnTimeout:       30 * time.Second,
		},
		CheckRedirect: followSafely,
	}
}

const maxRedirects = 8

// followSafely follows redirects but takes no secret to another host, and does
// not leave TLS. Go's client drops the token for other domains; subdomains and
// other ports are other hosts too.
func followSafely(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	first := via[0].URL
	if first.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("redirect from https to %s is refused", req.URL.Redacted())
	}
	if req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
		req.Header.Del("Authorization")
	}
	if seen, ok := req.Context().Value(seenKey{}).(*seen); ok && req.Response != nil {
		seen.note(req.Response.Header)
	}
	return nil
}

// seen collects what the hub says in headers of the answers on the way to the
// file: the last host, a storage server, does not know it.
type seen struct{ linkedETag string }

type seenKey struct{}

func (s *seen) note(h http.Header) {
	if v := h.Get("X-Linked-Etag"); v != "" {
		s.linkedETag = strings.Trim(strings.TrimPrefix(v, "W/"), `"`)
	}
}

func orElse[T int | time.Duration](v, other T) T {
	if v > 0 {
		return v
	}
	return other
}

// answer is a response whose body ends with an error if nothing comes for long.
type answer struct {
	*http.Response
	body  io.Reader
	seen  *seen
	close func()
}

// open sends a request and waits for the answer's headers, no longer than Wait.
func (w *Web) open(ctx context.Context, address string, header http.Header) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	marks := &seen{}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, seenKey{}, marks), http.MethodGet, address, nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if w.Agent != "" {
		req.Header.Set("User-Agent", w.Agent)
	}
	wait := orElse(w.Wait, 5*time.Second)
	timer := time.AfterFunc(wait, func() {
		cancel(fmt.Errorf("%s %w within %v", req.URL.Host, ErrUnreachable, wait))
	})
	resp, err := w.Client.Do(req)
	if err != nil {
		timer.Stop()
		cause := context.Cause(ctx)
		cancel(nil)
		return nil, unreachable(req.URL, err, cause)
	}
	marks.note(resp.Header)
	timer.Stop()
	a := &answer{Response: resp, seen: marks}
	stall := orElse(w.Stall, 30*time.Second)
	timer = time.AfterFunc(stall, func() { cancel(fmt.Errorf("%s sent nothing for %v", req.URL.Host, stall)) })
	a.body = &watched{r: resp.Body, timer: timer, stall: stall, cause: func() error { return context.Cause(ctx) }}
	a.close = func() {
		timer.Stop()
		cancel(nil)
		resp.Body.Close()
	}
	return a, nil
}

// unreachable words the error of a request that got no answer.
func unreachable(u *url.URL, err, cause error) error {
	if errors.Is(cause, ErrUnreachable) {
		return cause
	}
	if cause != nil {
		return cause // the caller gave up
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // its text repeats the whole address
	}
	return fmt.Errorf("%s %w: %w", u.Host, ErrUnreachable, err)
}

// watched ends a body that stops flowing.
type watched struct {
	r     io.Reader
	timer *time.Timer
	stall time.Duration
	cause func() error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if n > 0 {
		w.timer.Reset(w.stall)
	}
	if err != nil && err != io.EOF {
		if cause := w.cause(); cause != nil {
			err = cause
		}
	}
	return n, err
}
