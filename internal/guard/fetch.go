package guard

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Page is what an address answered.
type Page struct {
	URL    string // where the redirects ended
	Status int
	Type   string // Content-Type as sent
	Body   []byte
}

// Fetch gets one address with a client of NewClient. Any status is an answer;
// what could not be reached or was too large is an error.
func Fetch(ctx context.Context, c *http.Client, address, accept string) (Page, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, fmt.Errorf("guard: %w", err)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	res, err := c.Do(r)
	if err != nil {
		return Page{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return Page{}, fmt.Errorf("read %s: %w", res.Request.URL.Host, err)
	}
	return Page{URL: res.Request.URL.String(), Status: res.StatusCode, Type: res.Header.Get("Content-Type"), Body: body}, nil
}
