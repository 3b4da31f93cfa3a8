package guard

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say how far a client may go. Zero values are safe defaults.
type Options struct {
	// Allow lists what may be reached although it is not public: prefixes
	// ("10.20.0.0/16"), addresses, and host names ("wiki.office.example"), whose
	// name server is trusted then.
	Allow    []string
	MaxBytes int64         // of a body, unpacked; default 8 MiB
	Timeout  time.Duration // for everything, redirects and body included; default 30 s
	Connect  time.Duration // for one connection; default 5 s
	Agent    string        // User-Agent of requests that bring none; default "malmoi"
	Resolver *net.Resolver // nil: the system's
	Roots    *tls.Config   // nil: the system's certificates
}

const (
	defaultMaxBytes = 8 << 20
	defaultTimeout  = 30 * time.Second
	defaultConnect  = 5 * time.Second
	maxRedirects    = 3
	maxHeaderBytes  = 64 << 10
	maxURLBytes     = 8 << 10
	maxIdle         = 16 // connections kept open, all hosts together
	idleTimeout     = 30 * time.Second
)

// TooLargeError says that a body was longer than the client reads.
type TooLargeError struct{ Max int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("guard: the answer is longer than %d bytes", e.Max)
}

// NewClient returns a client for addresses that somebody else chose. It uses no
// proxy, which would dial in its stead, and no cookies. An error that a request
// returns wraps *RefusedError when an address was refused.
func NewClient(o Options) (*http.Client, error) {
	p, err := newPolicy(o.Allow)
	if err != nil {
		return nil, err
	}
	p.resolver = o.Resolver
	p.connect = cmp.Or(o.Connect, defaultConnect)
	timeout := cmp.Or(o.Timeout, defaultTimeout)
	inner := &http.Transport{
		DialContext:            p.dial,
		TLSClientConfig:        o.Roots,
		TLSHandshakeTimeout:    p.connect,
		ResponseHeaderTimeout:  timeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           maxIdle,
		IdleConnTimeout:        idleTimeout,
		ForceAttemptHTTP2:      true,
	}
	return &http.Client{
		Transport:     &transport{inner: inner, max: cmp.Or(o.MaxBytes, defaultMaxBytes), agent: cmp.Or(o.Agent, "malmoi")},
		CheckRedirect: redirect,
		Timeout:       timeout,
	}, nil
}

// transport checks each request, also those that redirects make, and bounds
// each body.
type transport struct {
	inner *http.Transport
	max   int64
	agent string
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkURL(r.URL); err != nil {
		return nil, err
	}
	if r.Header.Get("User-Agent") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", t.agent)
	}
	res, err := t.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.ContentLength > t.max {
		res.Body.Close()
		return nil, &TooLargeError{t.max}
	}
	res.Body = &bounded{ReadCloser: res.Body, left: t.max, max: t.max}
	return res, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections work.
func (t *transport) CloseIdleConnections() { t.inner.CloseIdleConnections() }

// checkURL refuses what no web page's address looks like.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("guard: address begins with %q: want http or https", u.Scheme)
	case u.Host == "" || u.Hostname() == "":
		return fmt.Errorf("guard: the address names no host")
	case u.User != nil:
		return fmt.Errorf("guard: the address holds a user name or password; leave it out")
	case len(u.String()) > maxURLBytes:
		return fmt.Errorf("guard: the address is longer than %d bytes", maxURLBytes)
	}
	return nil
}

// kept are the headers that go along to another host; a key in a header of any
// name must not.
var kept = map[string]bool{"Accept": true, "Accept-Language": true, "User-Agent": true}

// redirect bounds redirects; each new address goes through RoundTrip and dial
// like the first.
func redirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("guard: more than %d redirects", maxRedirects)
	}
	first, last := via[0].URL, via[len(via)-1].URL
	if last.Scheme == "https" && r.URL.Scheme != "https" {
		return fmt.Errorf("guard: redirected from https to %s", r.URL.Scheme)
	}
	if !strings.EqualFold(first.Host, r.URL.Host) || first.Scheme != r.URL.Scheme {
		for name := range r.Header {
			if !kept[name] {
				r.Header.Del(name)
			}
		}
	}
	return nil
}

// bounded fails, instead of ending quietly, after max bytes.
type bounded struct {
	io.ReadCloser
	left, max int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &TooLargeError{b.max}
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more than allowed shows that there is more
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, &TooLargeError{b.max}
	}
	return n, err
}
