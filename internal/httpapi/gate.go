package httpapi

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"malmoi/internal/httpapi/wire"
)

// gate keeps web pages of others away from the models: a page may point its
// own name at 127.0.0.1 (DNS rebinding), which the Host check stops, or call
// us across origins, which the Origin check stops. Programs that are not
// browsers send neither and pass.
type gate struct {
	hosts      []string // allowed beside loopback, lower case; a leading dot allows a domain
	anyIP      bool     // the address is not loopback: clients may use whatever IP we have
	origins    []string
	anyOrigin  bool
	crossSites *http.CrossOriginProtection
}

func newGate(o Options) (*gate, error) {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("httpapi: listen address %q: %w", o.Listen, err)
	}
	g := &gate{
		anyIP:      !loopbackHost(host),
		anyOrigin:  slices.Contains(o.AllowedOrigins, "*"),
		crossSites: http.NewCrossOriginProtection(),
	}
	for _, h := range o.AllowedHosts {
		g.hosts = append(g.hosts, strings.ToLower(h))
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		g.hosts = append(g.hosts, strings.ToLower(host))
	}
	for _, origin := range o.AllowedOrigins {
		if origin == "*" {
			continue
		}
		g.origins = append(g.origins, origin)
		if err := g.crossSites.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("httpapi: allowed origin %q: %w", origin, err)
		}
	}
	return g, nil
}

// check returns why a request must not come in, or nil.
func (g *gate) check(r *http.Request) *wire.Error {
	if !g.hostAllowed(r.Host) {
		return forbidden("host_not_allowed", fmt.Sprintf("this server is not known as %q; add the name to its allowed hosts", wire.Shorten(r.Host)))
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return g.checkSite(r)
	}
	if !g.originAllowed(r, origin) {
		return forbidden("origin_not_allowed", fmt.Sprintf("web pages of %q may not use this server; add the page to its allowed origins", wire.Shorten(origin)))
	}
	return g.checkSite(r)
}

// checkSite is net/http's protection against cross-site requests; it also
// reads Sec-Fetch-Site, which a form of another site cannot leave out.
func (g *gate) checkSite(r *http.Request) *wire.Error {
	if g.anyOrigin || g.crossSites.Check(r) == nil {
		return nil
	}
	return forbidden("origin_not_allowed", "requests from other web sites are not allowed")
}

func (g *gate) hostAllowed(hostPort string) bool {
	host := strings.ToLower(strings.TrimSuffix(hostOf(hostPort), "."))
	if a, err := netip.ParseAddr(host); err == nil {
		return g.anyIP || a.Unmap().IsLoopback()
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	return slices.ContainsFunc(g.hosts, func(allowed string) bool {
		return host == strings.TrimPrefix(allowed, ".") ||
			strings.HasPrefix(allowed, ".") && strings.HasSuffix(host, allowed)
	})
}

// hostOf is a Host header without its port and brackets.
func hostOf(hostPort string) string {
	host := hostPort
	if h, _, err := net.SplitHostPort(hostPort); err == nil {
		host = h
	}
	return strings.Trim(host, "[]")
}

// originAllowed reports whether a page of that origin may read our answers.
func (g *gate) originAllowed(r *http.Request, origin string) bool {
	if g.anyOrigin || slices.Contains(g.origins, origin) {
		return true
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	// Behind a proxy that ends TLS the page is https and we are not.
	return strings.EqualFold(origin, scheme+r.Host) || strings.EqualFold(origin, "https://"+r.Host)
}

// cors adds the headers that let an allowed foreign page read the answer, and
// answers a preflight. It reports whether the request is done with.
func (g *gate) cors(w http.ResponseWriter, r *http.Request) bool {
	if len(g.origins) == 0 && !g.anyOrigin {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !g.anyOrigin && !slices.Contains(g.origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "X-Request-Id, Request-Id, Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

func forbidden(code, message string) *wire.Error {
	return &wire.Error{Status: http.StatusForbidden, Type: wire.TypePermission, Code: code, Message: message}
}
