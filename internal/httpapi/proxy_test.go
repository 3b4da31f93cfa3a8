package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"malmoi/internal/httpapi/door"
)

// FuzzForwarded: whatever a client writes into X-Forwarded-For, the address is
// that of the connection or one that a trusted proxy may have added last.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"", "1.2.3.4", "1.2.3.4, 10.0.0.1", "::1", "[::1]:80", "a,b,,c", "1.2.3.4:80", "::ffff:1.2.3.4", strings.Repeat(",", 1000)} {
		f.Add(s, true)
		f.Add(s, false)
	}
	proxy := netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, forwarded string, fromProxy bool) {
		s := &Server{opt: Options{TrustedProxies: []netip.Prefix{netip.PrefixFrom(proxy, 32)}}}
		r := &http.Request{RemoteAddr: "203.0.113.7:1", Host: "x", Header: http.Header{"X-Forwarded-For": {forwarded}, "X-Forwarded-Proto": {"https"}}}
		if fromProxy {
			r.RemoteAddr = "10.0.0.1:1"
		}
		var about door.Request
		s.locate(r, &about)
		switch {
		case !fromProxy && (about.Address.String() != "203.0.113.7" || about.Secure):
			t.Fatalf("a client made itself %v, secure %v", about.Address, about.Secure)
		case fromProxy && !about.Secure:
			t.Fatal("the proxy is not believed")
		case about.AtMachine:
			t.Fatal("somebody from elsewhere sits at the machine")
		case fromProxy && about.Address != proxy && !strings.Contains(forwarded, ":") && !strings.Contains(forwarded, about.Address.String()):
			t.Fatalf("%q gives %v", forwarded, about.Address)
		}
	})
}
