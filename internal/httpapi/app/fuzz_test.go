package app

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDisposition(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		kind, params, err := mime.ParseMediaType(disposition(name))
		if err != nil || kind != "attachment" || params["filename"] != want {
			t.Errorf("%q: %q is read as %q (%v), want %q", name, disposition(name), params["filename"], err, want)
		}
	}
	f("보고서 2026.md", "보고서 2026.md")
	f(`a"b;c.txt`, `a"b;c.txt`)
	f("../../etc/passwd", ".._.._etc_passwd")
	f("a\r\nX-Evil: 1", "a__X-Evil: 1")
	f("gpj.\u202eexe", "gpj._exe") // would read as exe.jpg
	f(strings.Repeat("가", 100)+".txt", strings.Repeat("가", 65)+".txt")
}

// FuzzDisposition: no name leaves its header, and browsers get it back whole.
func FuzzDisposition(f *testing.F) {
	for _, s := range []string{"", "a.txt", "가\x00나", "\xff\xfe", `"\"`, "%41", "a/b\\c", "\u202e", strings.Repeat("뷁", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		value := disposition(name)
		if strings.ContainsAny(value, "\r\n\x00") || !utf8.ValidString(value) || len(value) > 5*maxFileName {
			t.Fatalf("%q: header %q", name, value)
		}
		kind, params, err := mime.ParseMediaType(value)
		if err != nil || kind != "attachment" || strings.ContainsAny(params["filename"], "/\\\r\n") {
			t.Fatalf("%q: %q is read as %q, %v", name, value, params["filename"], err)
		}
	})
}

// FuzzResumeAfter: the id of an event is a number or refused.
func FuzzResumeAfter(f *testing.F) {
	for _, s := range []string{"", "0", "7", "-1", "1e3", "9223372036854775808", "٣", " 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		r := &http.Request{Header: http.Header{"Last-Event-Id": {id}}}
		r.URL = &url.URL{}
		if n, err := resumeAfter(r); err == nil && n < 0 {
			t.Fatalf("%q resumes after %d", id, n)
		}
	})
}
