package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"malmoi/internal/catalog"
)

// ErrUnreachable says that a source did not answer in time or at all.
var ErrUnreachable = errors.New("does not answer")

// ErrWrongContent says that a source delivers other bytes than it promised or
// than the catalogue expects.
var ErrWrongContent = errors.New("wrong content")

// AccessError says that the hub wants to know who asks.
type AccessError struct {
	Repo  string
	Page  string // where access is asked for
	Token bool   // a token was sent, and it was not enough
	Gated bool   // the repository exists and its makers decide who may load it
}

func (e *AccessError) Error() string {
	switch {
	case e.Gated && e.Token:
		return fmt.Sprintf("hub: your account has no access to %s yet", e.Repo)
	case e.Gated:
		return fmt.Sprintf("hub: %s is gated: its makers want you to ask for access first", e.Repo)
	case e.Token:
		return fmt.Sprintf("hub: %s does not exist, or your token may not read it", e.Repo)
	}
	return fmt.Sprintf("hub: %s does not exist, or it is private", e.Repo)
}

// Sink is where the bytes of one file go; store.Partial is one. Write appends.
type Sink interface {
	io.Writer
	Size() int64
	Reset() error
	Path() string
	Validator() string
	SetValidator(string) error
}

// Plan is what a source would deliver.
type Plan struct {
	Label   string          // the source and version, for people: "hub:owner/name@commit"
	Files   []catalog.File  // sizes and hashes as far as they are known
	Scratch int64           // bytes of disk wanted beside the files themselves
	Licence catalog.Licence // as the source states it; empty for entries of the catalogue

	// Key names the exact content of a file without hash, so that a later
	// attempt continues only what is the same.
	Key func(f catalog.File) string
	// Fetch appends what is missing of a file to the sink. When it returns nil
	// the sink holds the whole file, whose hash the caller checks.
	Fetch func(ctx context.Context, f catalog.File, to Sink) error
}

// Report tells how a fetch goes on. It may be called from any goroutine, one
// call at a time.
type Report func(Event)

// Event is a step of a fetch.
type Event struct {
	Line  string // something a person should read now, or ""
	File  string // the file or package under way
	Done  int64  // bytes of it that are here
	Total int64  // its size, 0 if not known
	Count bool   // Done and Total count packages, not bytes
}
