package guard

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// RefusedError says which address was not connected to, and why.
type RefusedError struct {
	Host string // as it was asked for
	Addr string // what it came to, "" if it was refused by name
	Why  string
}

func (e *RefusedError) Error() string {
	at := e.Host
	if e.Addr != "" && e.Addr != e.Host {
		at += " (" + e.Addr + ")"
	}
	return fmt.Sprintf("guard: %s may not be reached from here: %s; an administrator can list the address", at, e.Why)
}

// policy is what may be dialled beside the public internet.
type policy struct {
	prefixes []netip.Prefix
	hosts    map[string]bool
	resolver *net.Resolver
	connect  time.Duration
}

// newPolicy reads a list of prefixes, addresses and host names.
func newPolicy(allow []string) (*policy, error) {
	p := &policy{hosts: map[string]bool{}}
	if len(allow) > maxAllow {
		return nil, fmt.Errorf("guard: %d allowed addresses, at most %d", len(allow), maxAllow)
	}
	for _, s := range allow {
		if prefix, err := netip.ParsePrefix(s); err == nil {
			p.prefixes = append(p.prefixes, prefix.Masked())
			continue
		}
		if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
			a = a.Unmap()
			p.prefixes = append(p.prefixes, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		if s == "" || strings.ContainsAny(s, "/:@ *") || numeric(s) {
			return nil, fmt.Errorf("guard: allowed address %q: want a host name, an address or a prefix such as 10.1.0.0/16", s)
		}
		p.hosts[canonical(s)] = true
	}
	return p, nil
}

// maxAllow bounds the list that every dial walks.
const maxAllow = 1024

func canonical(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// reason is Reason, but for what is listed.
func (p *policy) reason(a netip.Addr) string {
	why := Reason(a)
	if why == "" {
		return ""
	}
	for _, prefix := range p.prefixes {
		if prefix.Contains(a.Unmap()) && a.Zone() == "" {
			return ""
		}
	}
	return why
}

// dial connects to host:port if the address that the name has at this moment
// may be reached. The kernel is asked to connect to the very address checked.
func (p *policy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: p.connect, Resolver: p.resolver}
	if p.hosts[canonical(host)] {
		return d.DialContext(ctx, network, address)
	}
	if _, err := netip.ParseAddr(host); err != nil && numeric(host) {
		return nil, &RefusedError{Host: host, Why: "a number instead of a name"}
	}
	d.Control = func(network, address string, _ syscall.RawConn) error {
		return p.check(network, host, address)
	}
	return d.DialContext(ctx, network, address)
}

// check is called between socket() and connect(), with the address in digits.
func (p *policy) check(network, host, address string) error {
	if !strings.HasPrefix(network, "tcp") {
		return &RefusedError{Host: host, Addr: address, Why: "not TCP"}
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &RefusedError{Host: host, Addr: address, Why: "not an address"}
	}
	if why := p.reason(ap.Addr()); why != "" {
		return &RefusedError{Host: host, Addr: ap.Addr().String(), Why: why}
	}
	return nil
}
