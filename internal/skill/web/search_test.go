package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"malmoi/internal/skill"
)

// Fakes of the providers' wire formats, as their documentation shows them.
func naver(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Naver-Client-Id") != "id" || r.Header.Get("X-Naver-Client-Secret") != "secret" {
		w.WriteHeader(http.StatusUnauthorized)
		w.Write([]byte(`{"errorMessage":"NID AUTH Result Invalid (1000) : Authentication failed. (인증에 실패했습니다.)","errorCode":"024"}`))
		return
	}
	if r.FormValue("query") != "한글날 유래" || r.FormValue("display") != "2" {
		http.Error(w, "wrong question "+r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	w.Write([]byte(`{"lastBuildDate":"Tue, 24 Nov 2026 12:00:00 +0900","total":2,"start":1,"display":2,"items":[
{"title":"<b>한글날</b> &quot;유래&quot;","link":"https:\/\/a.example\/1","description":"1926년 <b>가갸날</b>"},
{"title":"x","link":"javascript:alert(1)","description":"y"},
{"title":"둘","link":"http://b.example/2","description":"1 &lt; 2"}]}`))
}

func kakao(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "KakaoAK secret" {
		w.WriteHeader(http.StatusUnauthorized)
		w.Write([]byte(`{"errorType":"AccessDeniedError","message":"cannot find Authorization : KakaoAK header"}`))
		return
	}
	if r.FormValue("query") != "한글날 유래" || r.FormValue("size") != "2" {
		http.Error(w, "wrong question", http.StatusBadRequest)
		return
	}
	w.Write([]byte(`{"meta":{"total_count":2,"pageable_count":2,"is_end":true},"documents":[
{"title":"<b>한글날</b> \"유래\"","contents":"1926년 <b>가갸날</b>","url":"https://a.example/1","datetime":"2026-10-09T00:00:00.000+09:00"},
{"title":"둘","contents":"1 &lt; 2","url":"http://b.example/2","datetime":"2026-10-09T00:00:00.000+09:00"}]}`))
}

func searxng(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/search" || r.FormValue("q") != "한글날 유래" || r.FormValue("format") != "json" {
		http.Error(w, "wrong question", http.StatusBadRequest)
		return
	}
	w.Write([]byte(`{"query":"한글날 유래","number_of_results":0,"results":[
{"url":"https://a.example/1","title":"한글날 \"유래\"","content":"1926년 가갸날","engine":"duckduckgo","score":1.5},
{"url":"http://b.example/2","title":"둘","content":"1 < 2"},{"url":"http://c.example/3","title":"셋","content":null}],"answers":[],"infoboxes":[]}`))
}

func provide(t *testing.T, c Config, h http.HandlerFunc) Provider {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c.URL = s.URL
	p, err := NewProvider(open(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSearch(t *testing.T) {
	const want = "1. 한글날 \"유래\"\n   https://a.example/1\n   1926년 가갸날\n2. 둘\n   http://b.example/2\n   1 < 2\n"
	f := func(c Config, h http.HandlerFunc) {
		t.Helper()
		set := New(open(t), provide(t, c, h))
		got, ok := call(set, t.Context(), "web_search", map[string]any{"query": "한글날  유래", "count": 2})
		if !ok || got != want {
			t.Errorf("%s: %v\n%s", c.Kind, ok, got)
		}
		// What was found may be read without a question, and nothing else.
		page, _ := set.Find("read_page")
		for address, asks := range map[string]string{"https://a.example/1": "", "https://a.example/1?q=secret": "https://a.example/1?q=secret", "https://evil.example/": "https://evil.example/"} {
			a, _ := json.Marshal(map[string]string{"url": address})
			if to := page.Address(a); to != asks {
				t.Errorf("%s: the call goes to %q, want %q", address, to, asks)
			}
		}
		if _, other := New(open(t), nil).Find("web_search"); other {
			t.Error("web_search is there without a provider")
		}
	}
	f(Config{Kind: "naver", ID: "id", Secret: "secret"}, naver)
	f(Config{Kind: "kakao", Secret: "secret"}, kakao)
	f(Config{Kind: "searxng"}, searxng)
}

func TestSearchFails(t *testing.T) {
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); w.Write([]byte(body)) }
	}
	f := func(c Config, h http.HandlerFunc, want string) {
		t.Helper()
		out, ok := call(New(open(t), provide(t, c, h)), t.Context(), "web_search", map[string]any{"query": "x"})
		if ok || !strings.Contains(out, want) || strings.Contains(out, "wrong") || strings.Contains(out, "127.0.0.1") {
			t.Errorf("%s: %v %q, want %q and no key or address", c.Kind, ok, out, want)
		}
	}
	f(Config{Kind: "naver", ID: "id", Secret: "wrong"}, naver, "인증에 실패했습니다")
	f(Config{Kind: "kakao", Secret: "wrong"}, kakao, "the key for the search provider is not valid")
	f(Config{Kind: "searxng"}, say(403, "<html>Forbidden"), "search.formats")
	f(Config{Kind: "naver", ID: "i", Secret: "s"}, say(429, `{"errorMessage":"Rate limit exceeded.","errorCode":"012"}`), "limit")
	f(Config{Kind: "kakao", Secret: "s"}, say(500, ""), "try again later")
	f(Config{Kind: "searxng"}, say(200, "<html>"), "not what was expected")
	f(Config{Kind: "searxng"}, say(200, `{"results":"`+strings.Repeat("x", maxAnswer)), "longer than")
	set := New(open(t), provide(t, Config{Kind: "searxng"}, say(200, `{"results":[]}`)))
	if out, ok := call(set, t.Context(), "web_search", map[string]any{"query": "x", "count": 99}); !ok || out != "검색 결과가 없습니다." {
		t.Errorf("%v %q", ok, out)
	}
	for _, a := range []map[string]any{{"query": " "}, {"query": strings.Repeat("가", 200)}, {"query": 5}} {
		if out, ok := call(set, t.Context(), "web_search", a); ok {
			t.Errorf("%v: %q", a, out)
		}
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{}, {Kind: "google"}, {Kind: "naver", ID: "x"}, {Kind: "naver", Secret: "x"}, {Kind: "kakao"}, {Kind: "searxng"}, {Kind: "searxng", URL: "localhost"}, {Kind: "searxng", URL: "file:///x"}} {
		if _, err := NewProvider(open(t), c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	for _, s := range New(open(t), provide(t, Config{Kind: "searxng"}, searxng)) {
		if !json.Valid(s.Parameters) || s.Effect != skill.Reads || s.Title == "" {
			t.Errorf("%+v", s)
		}
	}
}

func FuzzSearchAnswer(f *testing.F) {
	for _, s := range []string{`{"items":[{"title":"<b>x</b>","link":"http://a/"}]}`, `{"documents":null}`, `{"results":[{}]}`, `[`, `{"items":{}}`} {
		f.Add(200, s)
		f.Add(401, s)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, kind := range []string{"naver", "kakao", "searxng"} {
			p := &provider{&http.Client{Transport: canned{status, body}}, Config{Kind: kind, URL: "http://a.example"}}
			list, err := p.Search(t.Context(), "x", 3)
			if len(list) > 3 || err != nil && len(list) > 0 && status != 200 {
				t.Errorf("%d results, %v", len(list), err)
			}
		}
	})
}

// canned answers without a network.
type canned struct {
	status int
	body   string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if c.status < 200 || c.status > 599 {
		c.status = 500
	}
	w.WriteHeader(c.status)
	w.WriteString(c.body)
	return w.Result(), nil
}
