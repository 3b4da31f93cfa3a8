package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"

	"malmoi/internal/guard"
	"malmoi/internal/skill"
)

// open is a guarded client that may reach this machine.
func open(t *testing.T) *http.Client {
	t.Helper()
	c, err := guard.NewClient(guard.Options{Allow: []string{"127.0.0.1"}, MaxBytes: 1 << 20, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve answers every path with one page.
func serve(t *testing.T, kind string, body []byte) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil // no sniffing by net/http
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.Write(body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func call(set skill.Set, ctx context.Context, name string, arguments map[string]any) (string, bool) {
	a, _ := json.Marshal(arguments)
	return set.Run(ctx, name, string(a))
}

func TestReadPage(t *testing.T) {
	article, err := os.ReadFile("testdata/article.html")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/article.txt")
	if err != nil {
		t.Fatal(err)
	}
	euckr := func(s string) []byte {
		out, err := korean.EUCKR.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(out)
	}
	f := func(name, kind string, body []byte, want string) {
		t.Helper()
		address := serve(t, kind, body)
		got, ok := call(New(open(t), nil), t.Context(), "read_page", map[string]any{"url": address, "links": true})
		got = strings.ReplaceAll(got, address, "SITE")
		if !ok || got != want {
			t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", name, ok, got, want)
		}
	}
	f("article", "text/html; charset=utf-8", article, strings.TrimSuffix(string(want), "\n"))
	f("EUC-KR in the header", "text/html; charset=euc-kr", euckr("<p>똠방각하와 말모이"), "주소: SITE\n\n똠방각하와 말모이")
	f("KS C 5601 by its old name", "text/html; charset=ks_c_5601-1987", euckr("<p>말모이"), "주소: SITE\n\n말모이")
	f("EUC-KR in a meta element", "text/html", euckr(`<meta http-equiv="Content-Type" content="text/html; charset=euc-kr"><title>제목</title><p>본문`), "주소: SITE\n제목: 제목\n\n본문")
	f("EUC-KR unsaid", "text/html", euckr("<p>아무 말도 없는 옛 페이지"), "주소: SITE\n\n아무 말도 없는 옛 페이지")
	f("EUC-KR text unsaid", "text/plain", euckr("옛 글"), "주소: SITE\n\n옛 글")
	f("UTF-8 unsaid", "", []byte("<!doctype html><p>가나다"), "주소: SITE\n\n가나다")
	f("UTF-8 text", "text/plain", []byte("가나다\r\n라"), "주소: SITE\n\n가나다\n라")
	f("byte order mark", "text/plain", []byte("\xef\xbb\xbf가"), "주소: SITE\n\n가")
	f("json", "application/json", []byte(`{"값":1}`), "주소: SITE\n\n"+`{"값":1}`)
	f("characters that hide", "text/plain", []byte("가\u200b\u202e나\U000e0041다\x00"), "주소: SITE\n\n가나다")
	f("nothing", "text/html; charset=utf-8", []byte("<script>1</script>"), "주소: SITE\n\n(글이 없습니다. 스크립트로 만들어지는 페이지일 수 있습니다.)")
}

func TestReadPageGoesOn(t *testing.T) {
	text := strings.Repeat("가나다라마바사아자차", 2000)
	address := serve(t, "text/plain; charset=utf-8", []byte(text))
	set, got, offset := New(open(t), nil), "", 0
	for range 5 {
		out, ok := call(set, t.Context(), "read_page", map[string]any{"url": address, "offset": offset})
		if !ok {
			t.Fatal(out)
		}
		if len(out) > skill.MaxResult {
			t.Fatalf("%d bytes", len(out))
		}
		body, more, cut := strings.Cut(out, "\n\n[전체 ")
		got += body
		if !cut {
			break
		}
		fmt.Sscanf(more[strings.LastIndex(more, "=")+1:], "%d", &offset)
	}
	if _, rest, _ := strings.Cut(got, "\n\n"); rest != text {
		t.Errorf("the parts make %d bytes, want %d", len(rest), len(text))
	}
	if out, ok := call(set, t.Context(), "read_page", map[string]any{"url": address, "offset": 1 << 30}); ok || !strings.Contains(out, "past the end") {
		t.Errorf("%v %q", ok, out)
	}
}

func TestReadPageRefuses(t *testing.T) {
	f := func(address, want string) {
		t.Helper()
		out, ok := call(New(open(t), nil), t.Context(), "read_page", map[string]any{"url": address})
		if ok || !strings.Contains(out, want) {
			t.Errorf("%s: %v %q, want %q", address, ok, skill.Cut(out, 300), want)
		}
	}
	f(serve(t, "application/pdf", []byte("%PDF")), "application/pdf, which cannot be read")
	f(serve(t, "image/png", []byte("x")), "image/png")
	f(serve(t, "", []byte("\x89PNG\r\n\x1a\nxxxxx")), "image/png")
	f(serve(t, "text/plain", make([]byte, 2<<20)), "longer than")
	f(serve(t, "text/html", []byte(strings.Repeat("<div>", 100_000))), "HTML cannot be read")
	f("file:///etc/passwd", "not an address")
	f("ftp://127.0.0.1/x", "want http or https")
	f("http://user:pw@127.0.0.1/", "user name or password")
	f("", "not an address")
	if out, ok := New(open(t), nil).Run(t.Context(), "read_page", `{"url":7}`); ok {
		t.Error(out)
	}
}

func TestReadPageStopsWaiting(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if out, ok := call(New(open(t), nil), ctx, "read_page", map[string]any{"url": s.URL}); ok || !strings.Contains(out, "deadline") {
		t.Errorf("%v %q", ok, out)
	}
}

// TestTheGuardHoldsAtTheSocket counts connections: none may be made to this
// machine, also where a page sends the reader there.
func TestTheGuardHoldsAtTheSocket(t *testing.T) {
	var made atomic.Int64
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inner := &httptest.Server{Listener: ln, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "secret") }),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				made.Add(1)
			}
		}}}
	inner.Start()
	defer inner.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	closed, err := guard.NewClient(guard.Options{Timeout: 2 * time.Second, Connect: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	set := New(closed, nil)
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0.0.0.0", "[::ffff:a9fe:a9fe]", "169.254.169.254", "10.0.0.1"} {
		if out, ok := call(set, t.Context(), "read_page", map[string]any{"url": "http://" + host + ":" + port}); ok {
			t.Errorf("%s: %q", host, out)
		}
	}
	for _, c := range []Config{{Kind: "naver", URL: inner.URL, ID: "i", Secret: "s"}, {Kind: "kakao", URL: inner.URL, Secret: "s"}, {Kind: "searxng", URL: inner.URL}} {
		p, err := NewProvider(closed, c)
		if err != nil {
			t.Fatal(err)
		}
		if out, ok := call(New(closed, p), t.Context(), "web_search", map[string]any{"query": "x"}); ok || !strings.Contains(out, "may not be reached") {
			t.Errorf("%s: %q", c.Kind, out)
		}
	}
	if made.Load() != 0 {
		t.Fatalf("%d connections reached an inner address", made.Load())
	}
	// The listed front sends the reader to an address that is not listed.
	front := httptest.NewServer(http.RedirectHandler("http://127.0.0.2:"+port+"/", http.StatusFound))
	defer front.Close()
	if out, ok := call(New(open(t), nil), t.Context(), "read_page", map[string]any{"url": front.URL}); ok || !strings.Contains(out, "may not be reached") {
		t.Errorf("redirect: %q", out)
	}
	// The trap works.
	if out, ok := call(New(open(t), nil), t.Context(), "read_page", map[string]any{"url": inner.URL}); !ok || !strings.Contains(out, "secret") || made.Load() == 0 {
		t.Errorf("the trap: %v %q", ok, out)
	}
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{"<p>가</p>", "<table><tr><td>1<td>2</table>", "<pre> a\n b</pre>", "<a href='../x'>y</a>", "<main><h1>a</main>", "\xb0\xa1", "<svg><title>x", "<!--", "<li><li>", "<meta charset=utf-16>"} {
		f.Add("text/html", []byte(s), true)
		f.Add("text/plain; charset=euc-kr", []byte(s), false)
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte, links bool) {
		if text, err := pageText(guard.Page{URL: "https://a.example/", Type: kind, Body: body, Status: 200}, links); err == nil {
			if strings.ContainsAny(text, "\u200b\u202e\x00") {
				t.Errorf("hidden characters in %q", text)
			}
			part(text, 0)
		}
	})
}
