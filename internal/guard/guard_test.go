package guard

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// trap is an HTTP server on loopback that counts the connections it gets, on
// IPv4 and, where the machine has it, IPv6.
type trap struct {
	port  string
	conns atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	tr := &trap{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, tr.port, _ = net.SplitHostPort(ln.Addr().String())
	listeners := []net.Listener{ln}
	if ln6, err := net.Listen("tcp6", "[::1]:"+tr.port); err == nil {
		listeners = append(listeners, ln6)
	}
	for _, ln := range listeners {
		t.Cleanup(func() { ln.Close() })
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				tr.conns.Add(1)
				// Closing with the request unread would reset the connection.
				http.ReadRequest(bufio.NewReader(c))
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
				c.Close()
			}
		}()
	}
	return tr
}

func client(t *testing.T, o Options) *http.Client {
	t.Helper()
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAddressesAtTheSocket asks for every spelling of an inner address that we
// know. No connection may reach the trap, whatever the error is.
func TestAddressesAtTheSocket(t *testing.T) {
	tr := newTrap(t)
	c := client(t, Options{Timeout: 3 * time.Second, Connect: time.Second, Resolver: answering(t, "127.0.0.1")})
	for _, host := range []string{
		"127.0.0.1", "127.1.2.3", "localhost", "localhost.", "LOCALHOST", "0.0.0.0", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]",
		"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]",
		"2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0",
		"[::ffff:a9fe:a9fe]", "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16",
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "198.18.0.1", "[fe80::1]", "[fc00::1]", "[fec0::1]",
		"[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[2001:db8::1]", "[2001:4860::5efe:7f00:1]",
		"224.0.0.1", "255.255.255.255", "name.example", "１２７.０.０.１", "127。0。0。1", "ⓛocalhost",
	} {
		before := tr.conns.Load()
		page, err := Fetch(t.Context(), c, "http://"+host+":"+tr.port+"/", "")
		if err == nil {
			t.Errorf("%s: got %q", host, page.Body)
		}
		if tr.conns.Load() != before {
			t.Errorf("%s: a connection was made; error %v", host, err)
		}
	}
	// The trap works: a client that may, does.
	open := client(t, Options{Allow: []string{"127.0.0.1"}})
	if page, err := Fetch(t.Context(), open, "http://127.0.0.1:"+tr.port+"/", ""); err != nil || string(page.Body) != "secret" {
		t.Errorf("a listed address: %q, %v", page.Body, err)
	}
}

func TestReasons(t *testing.T) {
	f := func(addr, want string) {
		t.Helper()
		if got := Reason(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %q, want %q", addr, got, want)
		}
	}
	for _, public := range []string{"8.8.8.8", "223.130.200.104", "172.32.0.1", "172.15.255.255", "100.128.0.1", "100.63.255.255", "192.167.255.255", "169.253.0.1", "2001:4860:4860::8888", "2400:cb00::1", "::ffff:8.8.8.8"} {
		f(public, "")
	}
	f("::ffff:a9fe:a9fe", "link-local or cloud metadata")
	f("::ffff:10.1.2.3", "private network")
	f("2001:0:1234::1", "Teredo")
	f("2002:a00:1::1", "6to4")
	f("64:ff9b::a00:1", "NAT64")
	f("100.127.255.255", "carrier-grade NAT")
	f("fe80::1%eth0", "link-local")
	f("4000::1", "not assigned to the internet")
	f("2001:4860::200:5efe:a00:1", "IPv4 inside IPv6 (ISATAP)")
}

// TestRebinding has a name that is public when somebody looks and loopback when
// the client connects.
func TestRebinding(t *testing.T) {
	tr := newTrap(t)
	resolver := answering(t, "93.184.215.14", "127.0.0.1")
	looked, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.example.")
	if err != nil || len(looked) != 1 || Reason(looked[0]) != "" {
		t.Fatalf("the first look: %v, %v", looked, err)
	}
	c := client(t, Options{Resolver: resolver, Connect: time.Second})
	_, err = Fetch(t.Context(), c, "http://rebind.example.:"+tr.port+"/", "")
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Why != "loopback" || refused.Addr != "127.0.0.1" {
		t.Errorf("error %v", err)
	}
	if n := tr.conns.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

func TestRedirects(t *testing.T) {
	tr := newTrap(t)
	var keys []string
	mux := http.NewServeMux()
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://[::ffff:7f00:2]:"+tr.port+"/", http.StatusFound)
	})
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/user", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://a:b@127.0.0.1/", http.StatusFound)
	})
	mux.HandleFunc("/hop", func(w http.ResponseWriter, r *http.Request) {
		n := r.URL.Query().Get("n")
		if n == "" {
			fmt.Fprint(w, "there")
			return
		}
		http.Redirect(w, r, "/hop?n="+n[1:], http.StatusFound)
	})
	mux.HandleFunc("/key", func(w http.ResponseWriter, r *http.Request) { keys = append(keys, r.Header.Get("X-Api-Key")) })
	s := httptest.NewServer(mux)
	defer s.Close()
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+"/key", http.StatusFound)
	})
	c := client(t, Options{Allow: []string{"127.0.0.1"}})
	for path, want := range map[string]string{"/in": "loopback", "/file": "want http or https", "/user": "user name", "/hop?n=xxxx": "more than 3 redirects"} {
		_, err := Fetch(t.Context(), c, s.URL+path, "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
	if tr.conns.Load() != 0 {
		t.Error("a redirect reached 127.0.0.2")
	}
	if p, err := Fetch(t.Context(), c, s.URL+"/hop?n=xxx", ""); err != nil || string(p.Body) != "there" {
		t.Errorf("three redirects: %q, %v", p.Body, err)
	}
	r, _ := http.NewRequest("GET", s.URL+"/elsewhere", nil)
	r.Header.Set("X-Api-Key", "k")
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if len(keys) != 1 || keys[0] != "" {
		t.Errorf("keys that went to another host: %q", keys)
	}
}

func TestSizeAndTime(t *testing.T) {
	hang := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush() // no Content-Length
		fmt.Fprint(w, strings.Repeat("x", 101))
	})
	mux.HandleFunc("/told", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("x", 101)) })
	mux.HandleFunc("/fits", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("x", 100)) })
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	defer close(hang)
	c := client(t, Options{Allow: []string{"127.0.0.0/8"}, MaxBytes: 100, Timeout: 300 * time.Millisecond})
	for _, path := range []string{"/big", "/told"} {
		var large *TooLargeError
		if _, err := Fetch(t.Context(), c, s.URL+path, ""); !errors.As(err, &large) {
			t.Errorf("%s: error %v", path, err)
		}
	}
	if p, err := Fetch(t.Context(), c, s.URL+"/fits", ""); err != nil || len(p.Body) != 100 {
		t.Errorf("/fits: %d bytes, %v", len(p.Body), err)
	}
	if _, err := Fetch(t.Context(), c, s.URL+"/drip", ""); err == nil {
		t.Error("a body that never ends ended")
	}
}

func TestAllowList(t *testing.T) {
	tr := newTrap(t)
	c := client(t, Options{Allow: []string{"Wiki.Office.Example", "10.9.0.0/16"}, Resolver: answering(t, "127.0.0.1"), Connect: time.Second})
	if p, err := Fetch(t.Context(), c, "http://wiki.office.example:"+tr.port+"/", ""); err != nil || string(p.Body) != "secret" {
		t.Errorf("a listed name: %q, %v", p.Body, err)
	}
	if _, err := Fetch(t.Context(), c, "http://other.office.example:"+tr.port+"/", ""); err == nil {
		t.Error("another name of the same domain was let through")
	}
	for _, bad := range []string{"", "10.0.0.0/99", "http://x", "*.example", "127.1", "a:80"} {
		if _, err := NewClient(Options{Allow: []string{bad}}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzReason(f *testing.F) {
	for _, s := range []string{"127.0.0.1", "::ffff:a9fe:a9fe", "2001:db8::1", "::", "8.8.8.8"} {
		f.Add(netip.MustParseAddr(s).AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		open := Reason(a) == ""
		inner := a.Unmap()
		if open && (inner.IsPrivate() || inner.IsLoopback() || inner.IsLinkLocalUnicast() || inner.IsMulticast() || inner.IsUnspecified()) {
			t.Errorf("%v is open", a)
		}
	})
}
