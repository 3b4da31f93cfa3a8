package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"malmoi/internal/httpapi/door"
)

// maxHops bounds how much of X-Forwarded-For is read.
const maxHops = 32

// locate fills in where a request comes from. What a proxy says counts only if
// it is trusted, and of its list only the part that trusted proxies added.
func (s *Server) locate(r *http.Request, about *door.Request) {
	from, ok := netip.Addr{}, false
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		from, ok = ap.Addr().Unmap(), true
	}
	about.Address = from
	about.Secure = r.TLS != nil
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-Ip") != ""
	about.AtMachine = ok && from.IsLoopback() && !forwarded && loopbackName(r.Host)
	if !ok || !s.trusted(from) {
		return
	}
	if strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		about.Secure = true
	}
	about.Address = s.client(r, from)
}

func (s *Server) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.opt.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// client is the first address, from the right, that is no trusted proxy.
func (s *Server) client(r *http.Request, from netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	hops = hops[max(0, len(hops)-maxHops):]
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return from
		}
		if from = a.Unmap(); !s.trusted(from) {
			return from
		}
	}
	return from
}

// loopbackName reports whether a Host header names this machine as one who
// sits at it would.
func loopbackName(hostPort string) bool {
	host := strings.TrimSuffix(strings.ToLower(hostOf(hostPort)), ".")
	return loopbackHost(host) || strings.HasSuffix(host, ".localhost")
}
