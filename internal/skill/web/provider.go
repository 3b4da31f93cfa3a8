package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"malmoi/internal/skill"
)

// Config chooses a search provider.
type Config struct {
	Kind   string // "naver", "kakao" or "searxng"
	URL    string // SearXNG's address; for the others "" is the public one
	ID     string // NAVER's client id
	Secret string // NAVER's client secret, or Kakao's REST API key
}

// Addresses of the public services.
const (
	naverURL = "https://openapi.naver.com/v1/search/webkr.json" // developers.naver.com, Search > Web
	kakaoURL = "https://dapi.kakao.com/v2/search/web"           // developers.kakao.com, Daum search
)

const maxAnswer = 1 << 20 // bytes of a provider's answer

// NewProvider checks a configuration. The client should be one of package
// guard: SearXNG often stands on a private network and is then listed there.
func NewProvider(client *http.Client, c Config) (Provider, error) {
	var wants []string
	switch c.Kind {
	case "naver":
		if c.ID == "" || c.Secret == "" {
			wants = append(wants, "id and secret of an application at developers.naver.com")
		}
		c.URL = orElse(c.URL, naverURL)
	case "kakao":
		if c.Secret == "" {
			wants = append(wants, "the REST API key of an application at developers.kakao.com as secret")
		}
		c.URL = orElse(c.URL, kakaoURL)
	case "searxng":
		if c.URL == "" {
			wants = append(wants, "the server's url")
		}
		c.URL = strings.TrimSuffix(c.URL, "/") + "/search"
	default:
		return nil, fmt.Errorf("search provider %q is not known: want naver, kakao or searxng", c.Kind)
	}
	if len(wants) > 0 {
		return nil, fmt.Errorf("search provider %s needs %s", c.Kind, strings.Join(wants, ", "))
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("search provider %s: url %q is not an address", c.Kind, c.URL)
	}
	return &provider{client, c}, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

type provider struct {
	client *http.Client
	Config
}

// Search implements Provider.
func (p *provider) Search(ctx context.Context, query string, n int) ([]Result, error) {
	switch p.Kind {
	case "naver":
		return p.naver(ctx, query, n)
	case "kakao":
		return p.kakao(ctx, query, n)
	}
	return p.searxng(ctx, query, n)
}

func (p *provider) naver(ctx context.Context, query string, n int) ([]Result, error) {
	var out struct {
		Items []struct{ Title, Link, Description string }
	}
	err := p.get(ctx, url.Values{"query": {query}, "display": {strconv.Itoa(n)}}, &out,
		"X-Naver-Client-Id", p.ID, "X-Naver-Client-Secret", p.Secret)
	return collect(len(out.Items), n, func(i int) Result {
		x := out.Items[i]
		return Result{unmark(x.Title), x.Link, unmark(x.Description)}
	}), err
}

func (p *provider) kakao(ctx context.Context, query string, n int) ([]Result, error) {
	var out struct {
		Documents []struct{ Title, URL, Contents string }
	}
	err := p.get(ctx, url.Values{"query": {query}, "size": {strconv.Itoa(n)}}, &out, "Authorization", "KakaoAK "+p.Secret)
	return collect(len(out.Documents), n, func(i int) Result {
		x := out.Documents[i]
		return Result{unmark(x.Title), x.URL, unmark(x.Contents)}
	}), err
}

func (p *provider) searxng(ctx context.Context, query string, n int) ([]Result, error) {
	var out struct {
		Results []struct{ Title, URL, Content string }
	}
	err := p.get(ctx, url.Values{"q": {query}, "format": {"json"}, "language": {"ko"}}, &out)
	return collect(len(out.Results), n, func(i int) Result {
		x := out.Results[i]
		return Result{x.Title, x.URL, x.Content}
	}), err
}

// collect keeps results that lead to a web page.
func collect(have, want int, at func(int) Result) []Result {
	var out []Result
	for i := 0; i < have && len(out) < want; i++ {
		r := at(i)
		if u, err := url.Parse(r.Link); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && len(r.Link) < 2048 {
			out = append(out, r)
		}
	}
	return out
}

// get asks the provider. Headers are pairs of name and value.
func (p *provider) get(ctx context.Context, q url.Values, into any, headers ...string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"?"+q.Encode(), nil)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := p.client.Do(r)
	if err != nil {
		return fmt.Errorf("search with %s: %w", p.Kind, plainly(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if err != nil {
		return fmt.Errorf("search with %s: %w", p.Kind, err)
	}
	if res.StatusCode != http.StatusOK {
		return p.refused(res.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("search with %s: the answer is not what was expected: %w", p.Kind, err)
	}
	return nil
}

// refused says what a provider's status means.
func (p *provider) refused(status int, body []byte) error {
	why := "the search provider has a problem; try again later"
	switch {
	case status == http.StatusTooManyRequests:
		why = "the search provider's limit for today or this second is reached"
	case p.Kind == "searxng" && status == http.StatusForbidden:
		why = "the server does not answer in JSON; its administrator lists json under search.formats in settings.yml"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		why = "the key for the search provider is not valid; an administrator must change it"
	}
	var said struct{ ErrorMessage, Message string }
	if json.Unmarshal(body, &said) == nil && utf8.ValidString(said.ErrorMessage+said.Message) {
		if m := oneLine(said.ErrorMessage + said.Message); m != "" {
			why += " (" + skill.Cut(m, 200) + ")"
		}
	}
	return errors.New("search with " + p.Kind + ": " + strconv.Itoa(status) + ": " + why)
}

var tags = regexp.MustCompile(`</?[a-zA-Z][^>]{0,100}>`)

// unmark takes the <b> that providers put around the words searched for.
func unmark(s string) string { return html.UnescapeString(tags.ReplaceAllString(s, "")) }
