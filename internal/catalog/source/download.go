package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// statusError is an answer that is no file.
type statusError struct {
	host   string
	status int
	code   string // the hub's X-Error-Code
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.host, e.status, http.StatusText(e.status))
}

// passing reports whether asking again may help.
func (e *statusError) passing() bool {
	return e.status == http.StatusTooManyRequests || e.status >= 500
}

// errChanged says that the file behind an address is not the one that was begun.
var errChanged = errors.New("the file changed while it was loaded")

// download appends what is missing of a file to the sink, going on after
// interruptions as long as attempts bring something. size is -1 if it is not
// known. It returns what the hub called the file on the way (see seen).
func (w *Web) download(ctx context.Context, address string, header http.Header, size int64, to Sink, report func(done, total int64)) (seen, error) {
	if size >= 0 && to.Size() > size {
		if err := to.Reset(); err != nil {
			return seen{}, err
		}
	}
	var marks seen
	idle, pause := 0, orElse(w.Pause, time.Second)
	for {
		if size >= 0 && to.Size() == size && (size > 0 || idle > 0) {
			return marks, nil
		}
		before := to.Size()
		done, err := w.attempt(ctx, address, header, &size, to, &marks, report)
		if err == nil && done {
			return marks, nil
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		if ctx.Err() != nil {
			return marks, context.Cause(ctx)
		}
		idle++
		if to.Size() > before {
			idle = 0
		}
		if !worthAnother(err, before) || idle >= orElse(w.Tries, 4) {
			return marks, err
		}
		select {
		case <-time.After(min(pause<<min(idle, 5), 30*time.Second)):
		case <-ctx.Done():
			return marks, context.Cause(ctx)
		}
	}
}

// worthAnother says whether an attempt that failed may be repeated. A server
// that never answered is not asked twice: another source may be quicker.
func worthAnother(err error, begun int64) bool {
	var status *statusError
	var sink *sinkError
	switch {
	case errors.As(err, &status):
		return status.passing()
	case errors.As(err, &sink):
		return false
	case errors.Is(err, ErrWrongContent):
		return false
	case errors.Is(err, ErrUnreachable):
		return begun > 0
	}
	return true
}

// sinkError is a failure on this side: the disk, not the network.
type sinkError struct{ error }

func (e *sinkError) Unwrap() error { return e.error }

// attempt makes one request for what is missing. It learns the size if it was
// not known. done means that the file is complete.
func (w *Web) attempt(ctx context.Context, address string, header http.Header, size *int64, to Sink, marks *seen, report func(done, total int64)) (done bool, err error) {
	have := to.Size()
	h := header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if have > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if v := to.Validator(); v != "" {
			h.Set("If-Range", v)
		}
	}
	a, err := w.open(ctx, address, h)
	if err != nil {
		return false, err
	}
	defer a.close()
	if a.seen.linkedETag != "" {
		*marks = *a.seen
	}
	switch a.StatusCode {
	case http.StatusOK:
		if err := restart(to, a.Response, size); err != nil {
			return false, err
		}
	case http.StatusPartialContent:
		if err := matchRange(a.Header.Get("Content-Range"), have, size); err != nil {
			return false, errors.Join(err, to.Reset())
		}
	case http.StatusRequestedRangeNotSatisfiable:
		// What is here reaches past the end: it belongs to another file.
		return false, errors.Join(errChanged, to.Reset())
	default:
		return false, &statusError{a.Request.URL.Host, a.StatusCode, a.Header.Get("X-Error-Code")}
	}
	err = copyTo(to, a.body, *size, report)
	return err == nil && (*size < 0 || to.Size() == *size), err
}

// restart begins a file anew, with the size and version that the server states.
func restart(to Sink, resp *http.Response, size *int64) error {
	if err := to.Reset(); err != nil {
		return &sinkError{err}
	}
	if n := resp.ContentLength; n >= 0 {
		if *size >= 0 && n != *size {
			return fmt.Errorf("%w: %s sends %d bytes, expected %d", ErrWrongContent, resp.Request.URL.Host, n, *size)
		}
		*size = n
	}
	// A weak validator does not promise equal bytes (RFC 9110, 8.8.1).
	if v := resp.Header.Get("ETag"); strings.HasPrefix(v, `"`) {
		if err := to.SetValidator(v); err != nil {
			return &sinkError{err}
		}
	}
	return nil
}

// matchRange checks "bytes 5-9/10" against what was asked for.
func matchRange(header string, have int64, size *int64) error {
	rest, ok := strings.CutPrefix(header, "bytes ")
	span, total, ok2 := strings.Cut(rest, "/")
	from, _, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 || from != strconv.FormatInt(have, 10) {
		return fmt.Errorf("asked for bytes from %d, got Content-Range %q", have, header)
	}
	if total == "*" {
		return nil
	}
	n, err := strconv.ParseInt(total, 10, 64)
	if err != nil || (*size >= 0 && n != *size) {
		return fmt.Errorf("%w: expected %d bytes in all, got Content-Range %q", errChanged, *size, header)
	}
	*size = n
	return nil
}

// copyTo appends a body to the sink, not more than the file may have.
func copyTo(to Sink, body io.Reader, size int64, report func(done, total int64)) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := body.Read(buf)
		if size >= 0 && to.Size()+int64(n) > size {
			return errors.Join(fmt.Errorf("%w: more than the %d bytes expected", ErrWrongContent, size), to.Reset())
		}
		if _, werr := to.Write(buf[:n]); werr != nil {
			return &sinkError{werr}
		}
		if n > 0 {
			report(to.Size(), max(0, size))
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
