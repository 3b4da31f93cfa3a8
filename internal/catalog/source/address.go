package source

import (
	"context"
	"net/url"

	"malmoi/internal/catalog"
)

// Address loads one file from a plain HTTP address. Its SHA-256 must be known:
// nobody vouches for the address.
type Address struct {
	Web    *Web
	Report Report
}

// Plan says what the address would deliver.
func (d *Address) Plan(_ context.Context, e catalog.Entry, s catalog.Source) (*Plan, error) {
	u, err := url.Parse(s.Address)
	if err != nil {
		return nil, err
	}
	p := &Plan{Label: "url:" + u.Redacted(), Files: e.Files}
	p.Fetch = func(ctx context.Context, f catalog.File, to Sink) error {
		_, err := d.Web.download(ctx, s.Address, nil, f.Bytes, to, func(done, total int64) {
			d.Report.event(Event{File: f.Name, Done: done, Total: total})
		})
		return err
	}
	return p, nil
}
