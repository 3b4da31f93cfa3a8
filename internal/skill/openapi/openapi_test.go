package openapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/guard"
	"malmoi/internal/skill"
)

func shop(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func client(t testing.TB, allow ...string) *http.Client {
	t.Helper()
	c, err := guard.NewClient(guard.Options{Allow: allow, Timeout: 5 * time.Second, Connect: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s?%s type=%q auth=%q key=%q shop=%q body=%s", r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.Header.Get("X-Shop"), body)
}

func TestVerify(t *testing.T) {
	list, err := Verify(Config{Name: "shop", Spec: shop(t), Hosts: []string{"shop.example"}, Reads: []string{"findItems"}, Changes: []string{"getItem"}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, v := range list {
		fmt.Fprintf(&b, "%s %s %s %d %q %q\n", v.Method, v.Path, v.Skill, v.Effect, v.Problem, v.Notes)
	}
	const want = `GET /else  1 "it has a server of its own, which is not followed" []
GET /hole/{x}  1 "the path has {x} and there is no such parameter" []
GET /items shop_listItems 1 "" ["parameter \"sid\" is left out: cookies are not sent" "parameter \"Authorization\" is left out: models may not set this header"]
POST /items shop_addItem 2 "" []
DELETE /items/{id} shop_dropItem 2 "" []
GET /items/{id} shop_getItem 2 "" []
GET /mine  1 "parameter \"sid\": cookies are not sent" []
POST /search shop_findItems 1 "" []
GET /silent shop_get_silent 1 "" ["it has no summary or description: models will hardly know when to call it"]
PUT /upload  2 "its body is none of application/json and application/x-www-form-urlencoded" []
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestCalls(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(echo))
	defer s.Close()
	open := func(a Auth) skill.Set {
		set, err := Open(Config{Name: "shop", Spec: shop(t), BaseURL: s.URL + "/v2", Auth: a, Client: client(t, "127.0.0.1")})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	f := func(a Auth, name, arguments string, want ...string) {
		t.Helper()
		got, ok := open(a).Run(t.Context(), name, arguments)
		for _, w := range want {
			if !ok || !strings.Contains(got, w) {
				t.Errorf("%s %s: %v %q, want %q in it", name, arguments, ok, got, w)
			}
		}
	}
	f(Auth{}, "shop_listItems", `{"q":"사과 & 배","tags":["a","b"],"sizes":[1,2],"range":{"min":3},"limit":5,"X-Shop":"중구"}`,
		"GET /v2/items?limit=5&q=%EC%82%AC%EA%B3%BC+%26+%EB%B0%B0&range%5Bmin%5D=3&sizes=1%2C2&tags=a&tags=b ", "[답하는 형식: 상품 이름과 가격을 표로]")
	f(Auth{"bearer", "", "s3cret"}, "shop_addItem", `{"body":{"name":"배","price":1000,"parts":[{"name":"씨","price":0}]}}`, `POST /v2/items? type="application/json" auth="Bearer s3cret"`, `"name":"배"`)
	f(Auth{"header", "X-Key", "k"}, "shop_getItem", `{"id":"가 나"}`, "GET /v2/items/%EA%B0%80%20%EB%82%98?", `key="k"`)
	f(Auth{"query", "api_key", "k"}, "shop_dropItem", `{"id":"7"}`, "DELETE /v2/items/7?api_key=k ")
	f(Auth{}, "shop_findItems", `{"body":{"word":"가"}}`, `type="application/x-www-form-urlencoded"`, "body=word=%EA%B0%80")
}

func TestWrongArguments(t *testing.T) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer s.Close()
	set, err := Open(Config{Name: "shop", Spec: shop(t), BaseURL: s.URL, Client: client(t, "127.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	f := func(name, arguments, want string) {
		t.Helper()
		if got, ok := set.Run(t.Context(), name, arguments); ok || !strings.Contains(got, want) {
			t.Errorf("%s %s: %v %q, want %q", name, arguments, ok, got, want)
		}
	}
	f("shop_listItems", `{}`, `argument "q" is missing`)
	f("shop_listItems", `{"q":""}`, "minimum string length")
	f("shop_listItems", `{"q":"a","limit":51}`, `argument "limit"`)
	f("shop_listItems", `{"q":"a","limit":"5"}`, `argument "limit"`)
	f("shop_listItems", `{"q":"a","Authorization":"x"}`, `no argument "Authorization"`)
	f("shop_listItems", `{"q":"a","X-Shop":"a\r\nX-Key: b"}`, "invalid header")
	f("shop_addItem", `{"body":{"name":"배"}}`, `argument "body"`)
	f("shop_addItem", `{"body":{"name":"배","price":1,"parts":[{"name":"x","price":-1}]}}`, "parts.0.price")
	for _, id := range []string{"../../admin", "..", "a/b", "a?b=c", "%2e%2e", "a#b", `a\\b`, ""} {
		f("shop_getItem", `{"id":"`+id+`"}`, `argument "id"`)
	}
	f("shop_getItem", `[]`, "no object")
	if calls.Load() != 0 {
		t.Errorf("%d calls were made", calls.Load())
	}
}

func TestAnswers(t *testing.T) {
	answer := func(status int, kind, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}))
		defer s.Close()
		set, err := Open(Config{Name: "shop", Spec: shop(t), BaseURL: s.URL, Only: []string{"getItem", "dropItem"}, Auth: Auth{"query", "key", "s3cret"}, Client: client(t, "127.0.0.1")})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := set.Run(t.Context(), "shop_getItem", `{"id":"1"}`)
		got, _, _ = strings.Cut(got, "\n\n[답하는 형식")
		return got
	}
	f := func(status int, kind, body, want string) {
		t.Helper()
		if got := answer(status, kind, body); got != want {
			t.Errorf("%d %s: %q, want %q", status, kind, skill.Cut(got, 200), want)
		}
	}
	f(200, "application/json; charset=utf-8", "{ \"a\" : 1 }\n", `{"a":1}`)
	f(200, "text/plain", " 예\n", "예")
	f(200, "image/png", "\x89\x00", "(글이 아닌 답: image/png, 2바이트)")
	f(204, "", "", "완료되었습니다 (204).")
	f(404, "text/plain", "없음", "error: the service answered 404 Not Found: 없음")
	if got := answer(200, "text/plain", strings.Repeat("가", maxAnswer)); len(got) > skill.MaxResult+10 {
		t.Errorf("%d bytes", len(got))
	}
}

// TestTheGuardHoldsAtTheSocket: no call reaches this machine unless it is
// listed, and a listed service cannot send calls, or keys, on to others.
func TestTheGuardHoldsAtTheSocket(t *testing.T) {
	var made atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { made.Add(1) }))
	defer inner.Close()
	for _, base := range []string{inner.URL, strings.Replace(inner.URL, "127.0.0.1", "localhost", 1), strings.Replace(inner.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), strings.Replace(inner.URL, "127.0.0.1", "2130706433", 1), "http://[::ffff:a9fe:a9fe]"} {
		set, err := Open(Config{Name: "shop", Spec: shop(t), BaseURL: base, Auth: Auth{"query", "key", "s3cret"}, Client: client(t)})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := set.Run(t.Context(), "shop_getItem", `{"id":"1"}`); ok || strings.Contains(got, "s3cret") || !strings.Contains(got, "cannot be reached") {
			t.Errorf("%s: %v %q", base, ok, got)
		}
	}
	front := httptest.NewServer(http.RedirectHandler(inner.URL+"/?x", http.StatusTemporaryRedirect))
	defer front.Close()
	set, err := Open(Config{Name: "shop", Spec: shop(t), BaseURL: front.URL, Client: client(t, "127.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := set.Run(t.Context(), "shop_getItem", `{"id":"1"}`); ok || !strings.Contains(got, "not allowed") {
		t.Errorf("redirect: %v %q", ok, got)
	}
	if made.Load() != 0 {
		t.Errorf("%d calls reached an inner address", made.Load())
	}
}

func TestRefusedDescriptions(t *testing.T) {
	ok := `"info":{"title":"x","version":"1"},"paths":{"/a":{"get":{"operationId":"a","summary":"a","responses":{}}}}}`
	f := func(name string, c Config, want string) {
		t.Helper()
		if c.Name == "" {
			c.Name = "x"
		}
		if _, err := Open(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	spec := []byte(`{"openapi":"3.0.3",` + ok)
	f("swagger 2", Config{Spec: []byte(`{"swagger":"2.0",` + ok), BaseURL: "http://a"}, "want 3.0 or 3.1")
	f("no server", Config{Spec: spec}, "names no server")
	f("a server that is not listed", Config{Spec: []byte(`{"openapi":"3.0.3","servers":[{"url":"https://evil.example"}],` + ok)}, "evil.example, which is not allowed")
	f("a file", Config{Spec: []byte(`{"openapi":"3.0.3","info":{"title":"x","version":"1"},"paths":{"/a":{"$ref":"/etc/passwd"}}}`), BaseURL: "http://a"}, "refers to")
	f("another site", Config{Spec: []byte(`{"openapi":"3.0.3","info":{"title":"x","version":"1"},"paths":{"/a":{"$ref":"http://169.254.169.254/x#/a"}}}`), BaseURL: "http://a"}, "refers to")
	f("too large", Config{Spec: make([]byte, MaxSpec+1), BaseURL: "http://a"}, "at most")
	f("too deep", Config{Spec: []byte(strings.Repeat("[", 100_000)), BaseURL: "http://a"}, "nested")
	f("aliases", Config{Spec: []byte("a: &a [x]\nb: [" + strings.Repeat("*a, ", 200) + "]\n"), BaseURL: "http://a"}, "aliases")
	f("a name", Config{Name: "a b", Spec: spec, BaseURL: "http://a"}, "letters")
	f("unknown operation", Config{Spec: spec, BaseURL: "http://a", Only: []string{"b"}}, `no operation "b"`)
	f("no secret", Config{Spec: spec, BaseURL: "http://a", Auth: Auth{Kind: "bearer"}}, "needs a secret")
	f("user in the address", Config{Spec: spec, BaseURL: "http://u:p@a"}, "base address")
	f("nothing to offer", Config{Spec: []byte(`{"openapi":"3.0.3","info":{"title":"x","version":"1"},"paths":{}}`), BaseURL: "http://a"}, "no operation")
}

func TestParametersAreJSONSchema(t *testing.T) {
	set, err := Open(Config{Name: "shop", Spec: shop(t), Hosts: []string{"shop.example"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range set {
		if !json.Valid(x.Parameters) || len(x.Parameters) > maxSchema || x.Description == "" || x.Title == "" || strings.Contains(string(x.Parameters), "$ref") {
			t.Errorf("%+v", x)
		}
	}
	list, _ := set.Find("shop_listItems")
	add, _ := set.Find("shop_addItem")
	if list.Description != "상품을 찾을 때 부른다" || strings.Contains(string(add.Parameters), `"id"`) || !strings.Contains(string(add.Parameters), `"required":["name","price"]`) {
		t.Errorf("%q\n%s", list.Description, add.Parameters)
	}
}

func FuzzSpec(f *testing.F) {
	f.Add(shop(f), `{"q":"x","id":"1","body":{"name":"a","price":1}}`)
	f.Add([]byte(`{"openapi":"3.0.0","paths":{"/{a}":{"get":{"parameters":[{"name":"a","in":"path","schema":{"$ref":"#/components/schemas/A"}}]}}},"components":{"schemas":{"A":{"allOf":[{"$ref":"#/components/schemas/A"}]}}}}`), `{"a":{}}`)
	f.Add([]byte("openapi: 3.1.0\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: true}}}}}}"), `{"body":[1]}`)
	f.Add([]byte(`{"openapi":"3.0.0","paths":{"/a":null}}`), `{}`)
	f.Fuzz(func(t *testing.T, spec []byte, arguments string) {
		set, err := Open(Config{Name: "x", Spec: spec, BaseURL: "http://a.example", Client: &http.Client{Transport: nowhere{}}})
		if err != nil {
			return
		}
		for _, x := range set {
			if !json.Valid(x.Parameters) {
				t.Errorf("%s", x.Parameters)
			}
			set.Run(t.Context(), x.Name, arguments)
		}
	})
}

// nowhere answers every request itself, if it goes where it should.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "a.example" {
		panic("a call to " + r.URL.Host)
	}
	w := httptest.NewRecorder()
	w.WriteString("ok")
	return w.Result(), nil
}
