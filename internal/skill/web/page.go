package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"malmoi/internal/guard"
	"malmoi/internal/skill"
)

// pageRunes is how much of a page one call returns; the rest is there for
// further calls. In Hangul it is three times as many bytes, below
// skill.MaxResult.
const pageRunes = 7000

// acceptPages is what read_page asks servers for.
const acceptPages = "text/html, application/xhtml+xml, text/plain;q=0.9, application/json;q=0.8, */*;q=0.1"

const pageParameters = `{"type":"object","properties":{
"url":{"type":"string","description":"full address, https://…"},
"offset":{"type":"integer","description":"where to read on, as an earlier call said; leave out to begin"},
"links":{"type":"boolean","description":"show the addresses of links"}},"required":["url"]}`

// readPage makes the skill that reads one page. found are addresses that a
// search returned: going there tells nobody anything.
func readPage(c *http.Client, found *links) skill.Skill {
	return skill.Skill{
		Name: "read_page", Title: "웹 페이지 읽기",
		Description: "Reads a web page and returns its text. Use it when the user gives an address, or to read what a search found.",
		Parameters:  json.RawMessage(pageParameters),
		Effect:      skill.Reads,
		Address: func(a json.RawMessage) string {
			in, err := pageInput(a)
			if err != nil || found.has(in.URL) {
				return ""
			}
			return in.URL
		},
		Call: func(ctx context.Context, a json.RawMessage) (string, error) {
			in, err := pageInput(a)
			if err != nil {
				return "", err
			}
			page, err := guard.Fetch(ctx, c, in.URL, acceptPages)
			if err != nil {
				return "", plainly(err)
			}
			text, err := pageText(page, in.Links)
			if err != nil {
				return "", err
			}
			return part(text, in.Offset)
		},
	}
}

type pageArguments struct {
	URL    string `json:"url"`
	Offset int    `json:"offset"`
	Links  bool   `json:"links"`
}

func pageInput(a json.RawMessage) (pageArguments, error) {
	var in pageArguments
	if err := json.Unmarshal(a, &in); err != nil {
		return in, fmt.Errorf("the arguments do not fit: %w", err)
	}
	in.URL = strings.TrimSpace(in.URL)
	if !strings.Contains(in.URL, "://") && in.URL != "" {
		in.URL = "https://" + in.URL
	}
	u, err := url.Parse(in.URL)
	if err != nil || u.Host == "" {
		return in, fmt.Errorf("url %q is not an address: write it as https://example.com/page", skill.Cut(in.URL, 200))
	}
	return in, nil
}

// plainly takes the method and the address, which may be long, from an error of
// the HTTP client.
func plainly(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// pageText is what a page says, or why it cannot be read.
func pageText(p guard.Page, links bool) (string, error) {
	kind, params, err := mime.ParseMediaType(p.Type)
	if err != nil {
		kind = strings.ToLower(strings.TrimSpace(strings.Split(p.Type, ";")[0]))
	}
	if kind == "" {
		kind, params, _ = mime.ParseMediaType(http.DetectContentType(p.Body))
		delete(params, "charset") // a guess that knows no Korean
	}
	markup := kind == "text/html" || kind == "application/xhtml+xml"
	if !markup && !textual(kind) {
		return "", fmt.Errorf("the address holds %s, which cannot be read as a page", kind)
	}
	text, err := decode(p.Body, params["charset"], markup)
	if err != nil {
		return "", err
	}
	head := "주소: " + p.URL + "\n"
	if p.Status >= 400 {
		head += fmt.Sprintf("서버의 응답: %d %s\n", p.Status, http.StatusText(p.Status))
	}
	if !markup {
		return head + "\n" + strings.TrimSpace(text), nil
	}
	d, err := readable(text, p.URL, links)
	if err != nil {
		return "", err
	}
	if d.title != "" {
		head += "제목: " + d.title + "\n"
	}
	if d.text == "" {
		return head + "\n(글이 없습니다. 스크립트로 만들어지는 페이지일 수 있습니다.)", nil
	}
	return head + "\n" + d.text, nil
}

func textual(kind string) bool {
	switch kind {
	case "application/json", "application/xml", "application/ld+json", "application/rss+xml", "application/atom+xml":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

// part is one call's share of a text.
func part(text string, offset int) (string, error) {
	runes := []rune(text)
	if offset < 0 || offset > 0 && offset >= len(runes) {
		return "", fmt.Errorf("offset %d is past the end: the page has %d characters", offset, len(runes))
	}
	end := min(offset+pageRunes, len(runes))
	out := string(runes[offset:end])
	if end < len(runes) {
		out += fmt.Sprintf("\n\n[전체 %d자 중 %d자까지. 이어서 읽으려면 offset=%d]", len(runes), end, end)
	}
	return out, nil
}
