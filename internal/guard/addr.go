package guard

import (
	"net/netip"
	"strings"
)

// refused are the blocks of the IANA special-purpose registries (RFC 6890 and
// its updates) that are not the public internet, and the public addresses under
// which clouds serve credentials. The first match gives the reason.
var refused = []struct {
	prefix netip.Prefix
	why    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this host"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private network"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private network"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private network"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local or cloud metadata"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud metadata"}, // Azure's wire server
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved or broadcast"},

	{netip.MustParsePrefix("::/128"), "this host"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible IPv6"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated IPv6"},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64"},
	{netip.MustParsePrefix("fc00::/7"), "private network"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("2001::/32"), "Teredo"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignments"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
}

// unicast is all of IPv6 that is handed out to the internet today; whatever
// lies outside is refused without a reason of its own.
var unicast = netip.MustParsePrefix("2000::/3")

// Reason says why an address is not on the public internet, "" if it is. An
// IPv4 address inside an IPv6 one is judged as what it reaches.
func Reason(a netip.Addr) string {
	if !a.IsValid() {
		return "not an address"
	}
	if a.Zone() != "" {
		return "link-local"
	}
	a = a.Unmap()
	for _, r := range refused {
		if r.prefix.Contains(a) {
			return r.why
		}
	}
	if a.Is6() && !unicast.Contains(a) {
		return "not assigned to the internet"
	}
	if a.Is6() && isatap(a) {
		return "IPv4 inside IPv6 (ISATAP)"
	}
	return ""
}

// isatap finds the interface identifiers of RFC 5214, whose last 32 bits are an
// IPv4 address that a router would deliver to.
func isatap(a netip.Addr) bool {
	b := a.As16()
	return b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// numeric reports whether a host is a number to some resolver although it is
// no address in Go: 2130706433, 0x7f.1, 0177.0.0.1, 127.1 (WHATWG URL, "ends in
// a number"). No public name ends in such a label.
func numeric(host string) bool {
	host = strings.TrimSuffix(host, ".")
	label := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(rest, "0123456789abcdef") == ""
	}
	return label != "" && strings.Trim(label, "0123456789") == ""
}
