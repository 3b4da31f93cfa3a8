package app

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"malmoi/internal/httpapi"
	api "malmoi/internal/httpapi/app"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/safety"
	"malmoi/internal/upstream"
)

// Mode says whether people have accounts.
type Mode int

// The modes.
const (
	Auto     Mode = iota // Accounts if the database has any, else Single
	Single               // personal: whoever reaches the server is its one user
	Accounts             // everybody signs in
)

// Config is what a site is built of. Listen and Database must be set.
type Config struct {
	Listen   string // host:port
	Database string // as store.Open takes it
	Mode     Mode

	APIKeys []string // keys that are no person's: the model APIs only, or in personal mode everything
	Hosts   []string // names of the server, beside its address
	Origins []string // pages of other sites that may call
	Proxies []netip.Prefix

	Directory account.Directory // may be nil
	Providers []api.Provider

	Blobs converse.Blobs // files of folders; nil: there are none

	Filter *safety.Filter // finds bad language; nil: the program's own list

	Skills converse.Skills // what answers may use; nil: nothing

	ModelNames map[string]string // further names of local models in the model APIs

	Pool      api.Pool      // holds local models in memory, for admins; may be nil
	Upstreams *upstream.Set // other servers, for admins; may be nil

	Pull httpapi.Puller // what clients may fetch models with in personal mode; may be nil

	MaxConcurrent int // requests at the model APIs at the same time
	MaxBody       int64
	KeepAlive     time.Duration
	DrainTimeout  time.Duration

	Version string
	Page    http.Handler
	Log     *slog.Logger
	Now     func() time.Time
}

// ErrOpen is wrapped by Open when other machines could reach a site that
// everybody who reaches it owns.
var ErrOpen = errors.New("in personal mode everybody who reaches the server owns it")
