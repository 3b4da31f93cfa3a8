package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/safety"
)

// Options say how the server listens and what it lets in. The zero value of
// each field but Listen is a safe default.
type Options struct {
	Listen  string   // host:port it will serve on
	APIKeys []string // any of them opens the API; needed unless Listen is loopback

	// AllowedHosts are names, beside the loopback ones, under which clients may
	// address the server (Host header). ".example.com" allows a domain and all
	// below it. On a non-loopback address, bare IP addresses are allowed too.
	AllowedHosts []string
	// AllowedOrigins are web pages, beside our own, whose scripts may call the
	// API: "https://chat.example.com", or "*" (needs an API key).
	AllowedOrigins []string

	// Accounts know people and their keys. Nil is personal mode: whoever reaches
	// the server, and has one of APIKeys if there are any, is Local.
	Accounts Accounts
	Local    account.Principal // who everybody is in personal mode
	Static   account.Principal // who APIKeys act for when there are Accounts
	Meter    Meter             // hears what requests use; nil: nobody does

	// TrustedProxies may say for whom they speak (X-Forwarded-For and -Proto).
	// From anybody else those headers mean nothing.
	TrustedProxies []netip.Prefix

	Routes []door.Route // further routes, behind the same checks

	MaxBody       int64 // bytes of a request body, default 32 MiB
	MaxConcurrent int   // requests at work at the same time, default 64
	MaxConns      int   // open connections, default 4096: every tab of a page holds one or two

	ReadTimeout  time.Duration // for a whole body, default 60 s
	WriteTimeout time.Duration // for one write to a client that does not read, default 30 s
	KeepAlive    time.Duration // silence after which a stream gets a sign of life, default 10 s
	DrainTimeout time.Duration // for answers under way when the server stops, default 5 s

	MaxResponses      int   // answers kept for previous_response_id, default 1000
	MaxResponsesBytes int64 // their size, default 64 MiB

	// Pool holds local models in memory; nil: they are acquired to be looked at.
	Pool Pool

	// ModelNames say which installed model stands behind a name that clients of
	// other services use: "HCX-005" -> "hyperclovax-seed-1.5b".
	ModelNames map[string]string

	Filter *safety.Filter // what CLOVA's includeAiFilters is answered with; nil: nothing

	Pull Puller // what Ollama's clients may fetch models with, nil: nothing

	Version string
	Page    http.Handler // what / serves, nil: nothing
	Log     *slog.Logger // nil: nowhere
	Now     func() time.Time
}

const (
	defaultMaxBody           = 32 << 20
	defaultMaxConcurrent     = 64
	defaultMaxConns          = 4096
	defaultReadTimeout       = 60 * time.Second
	defaultWriteTimeout      = 30 * time.Second
	defaultKeepAlive         = 10 * time.Second
	defaultDrainTimeout      = 5 * time.Second
	defaultMaxResponses      = 1000
	defaultMaxResponsesBytes = 64 << 20

	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

func (o Options) withDefaults() Options {
	o.MaxBody = orDefault(o.MaxBody, defaultMaxBody)
	o.MaxConcurrent = orDefault(o.MaxConcurrent, defaultMaxConcurrent)
	o.MaxConns = orDefault(o.MaxConns, defaultMaxConns)
	o.ReadTimeout = orDefault(o.ReadTimeout, defaultReadTimeout)
	o.WriteTimeout = orDefault(o.WriteTimeout, defaultWriteTimeout)
	o.KeepAlive = orDefault(o.KeepAlive, defaultKeepAlive)
	o.DrainTimeout = orDefault(o.DrainTimeout, defaultDrainTimeout)
	o.MaxResponses = orDefault(o.MaxResponses, defaultMaxResponses)
	o.MaxResponsesBytes = orDefault(o.MaxResponsesBytes, defaultMaxResponsesBytes)
	if o.Local.User == "" {
		o.Local = account.Principal{User: account.Local, Role: account.Admin,
			Scopes: []account.Scope{account.ScopeModels, account.ScopeChats, account.ScopeAdmin}}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// locked reports whether a credential is needed to use the models.
func (o Options) locked() bool { return o.Accounts != nil || len(o.APIKeys) > 0 }

func orDefault[T int | int64 | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// Validate returns an error that says what is unsafe or malformed.
func (o Options) Validate() error {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return fmt.Errorf("httpapi: listen address %q: want host:port: %w", o.Listen, err)
	}
	for i, k := range o.APIKeys {
		if k == "" || strings.ContainsFunc(k, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fmt.Errorf("httpapi: API key %d is empty or holds a space or a character that is not ASCII", i+1)
		}
	}
	if !loopbackHost(host) && !o.locked() {
		return fmt.Errorf("httpapi: %s can be reached from other machines and no API key is set: %w", o.Listen, ErrNeedsKey)
	}
	for _, h := range o.AllowedHosts {
		if h == "" || strings.ContainsAny(h, "/:* ") {
			return fmt.Errorf("httpapi: allowed host %q: want a name such as chat.example.com or .example.com", h)
		}
	}
	return o.validateOrigins()
}

// ErrNeedsKey is wrapped by Validate when the address is not loopback and no
// API key is given.
var ErrNeedsKey = errors.New("set an API key or listen on 127.0.0.1")

func (o Options) validateOrigins() error {
	for _, origin := range o.AllowedOrigins {
		if origin == "*" {
			if !o.locked() {
				return fmt.Errorf("httpapi: allowed origin *: any web page could use the models: %w", ErrNeedsKey)
			}
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("httpapi: allowed origin %q: want scheme://host[:port]", origin)
		}
	}
	return nil
}

// loopbackHost reports whether a host as written reaches this machine only.
// A name other than localhost may resolve to anything and does not count.
func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
