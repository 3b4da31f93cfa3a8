package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody bounds what is read of one answer, in bytes.
const maxBody = 256 << 20

// Client is a server and a key for it.
type Client struct {
	base string
	key  string
	http *http.Client
}

// New returns a client of the server at base ("http://127.0.0.1:8080"). The key
// may be empty in personal mode.
func New(base, key string) *Client {
	return NewWith(base, key, http.DefaultClient)
}

// NewWith is New with an HTTP client of one's own. Its Timeout would cut
// streams; use contexts.
func NewWith(base, key string, c *http.Client) *Client {
	return &Client{strings.TrimRight(base, "/"), key, c}
}

// Error is why the server did not do what it was asked.
type Error struct {
	Status     int           `json:"-"` // HTTP
	RetryAfter time.Duration `json:"-"` // 0: not said
	RequestID  string        `json:"-"` // what the server's log calls it
	Message    string        `json:"message"`
	Type       string        `json:"type"`
	Code       string        `json:"code"` // for programs: not_found, quota_exceeded, content_filter, …
	Param      string        `json:"param"`
	Reason     string        `json:"reason"`
}

func (e *Error) Error() string {
	if e.Param != "" {
		return fmt.Sprintf("malmoi: %d %s: %s (%s)", e.Status, e.Code, e.Message, e.Param)
	}
	return fmt.Sprintf("malmoi: %d %s: %s", e.Status, e.Code, e.Message)
}

// call sends in as JSON (nil: no body) and reads the answer into out (nil:
// none is wanted).
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.open(ctx, method, path, in, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(out); err != nil {
		return fmt.Errorf("malmoi: answer of %s %s: %w", method, path, err)
	}
	return nil
}

// open sends a request and returns an answer that is a success. The caller
// closes its body.
func (c *Client) open(ctx context.Context, method, path string, in any, header http.Header) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("malmoi: %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("malmoi: %w", err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("malmoi: %w", err)
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	return resp, nil
}

// maxRefusal bounds what is read of an error, in bytes.
const maxRefusal = 64 << 10

func refusal(resp *http.Response) error {
	var w struct {
		Error *Error `json:"error"`
	}
	data, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // what is there is all we can say
	e := &Error{}
	if json.Unmarshal(data, &w) == nil && w.Error != nil {
		e = w.Error
	}
	if e.Message == "" { // a proxy's page, perhaps
		e.Message = http.StatusText(resp.StatusCode)
	}
	e.Status, e.RequestID = resp.StatusCode, resp.Header.Get("X-Request-Id")
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(s) * time.Second
	}
	return e
}

// under is a path with an id in it.
func under(prefix, id, suffix string) string { return prefix + url.PathEscape(id) + suffix }
