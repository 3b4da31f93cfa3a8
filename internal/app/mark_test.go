package app

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"malmoi/internal/converse"
)

// Whatever leaves the site with an answer in it says what wrote the answer.
func TestAnswersAreMarkedAsGenerated(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Mode = Single })
	me := r.nobody()
	x := things{"chat": regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(me.do("POST", "/api/chats", "{}").body)[1]}
	me.ok("POST", x.fill("/api/chats/{chat}/messages"), `{"content":"what?"}`)
	for end := time.Now().Add(10 * time.Second); strings.Contains(me.do("GET", x.fill("/api/chats/{chat}"), "").body, `"status":"live"`); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the answer does not end")
		}
	}
	for _, form := range []string{"md", "html", "json"} {
		got := me.do("GET", x.fill("/api/chats/{chat}/export?format=")+form, "")
		if got.status != 200 || !strings.Contains(got.body, "an answer") || !strings.Contains(got.body, converse.GeneratedMark) {
			t.Errorf("export as %s: %d %s", form, got.status, got.body)
		}
	}
	if got := me.do("GET", "/api/export", ""); !strings.Contains(got.body, converse.GeneratedMark) {
		t.Errorf("export of everything: %d", got.status)
	}
	link := me.do("POST", x.fill("/api/chats/{chat}/shares"), "{}")
	token := regexp.MustCompile(`"path":"/s/([^"]+)"`).FindStringSubmatch(link.body)
	if token == nil {
		t.Fatalf("no link: %s", link.body)
	}
	if got := r.nobody().do("GET", "/api/shared/"+token[1], ""); !strings.Contains(got.body, converse.GeneratedMark) {
		t.Errorf("shared: %s", got.body)
	}
	for _, path := range []string{"/api/openapi.json", "/api/docs"} {
		if got := r.nobody().do("GET", path, ""); !strings.Contains(got.body, "생성형 인공지능") {
			t.Errorf("%s does not say that answers are generated", path)
		}
	}
}

// The page of documentation takes nothing from elsewhere.
func TestDocsPageIsOurs(t *testing.T) {
	r := newRig(t, nil)
	for path, kind := range map[string]string{"/api/docs": "text/html", "/api/docs/docs.js": "text/javascript", "/api/docs/docs.css": "text/css"} {
		got := r.nobody().do("GET", path, "")
		policy := got.header.Get("Content-Security-Policy")
		if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), kind) || strings.Contains(got.body, "http://") || strings.Contains(got.body, "https://") {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Content-Type"))
		}
		if !strings.Contains(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
}
