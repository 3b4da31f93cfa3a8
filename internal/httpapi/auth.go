package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/httpapi/wire"
)

// Accounts find out who holds a token and say when it ends.
type Accounts interface {
	// Authenticate must return an error wrapping account.ErrNotSignedIn for a
	// token that is not that of a session or an API key.
	Authenticate(ctx context.Context, token string, from netip.Addr) (account.Principal, error)
	// Watch returns a channel that is closed when the credential of p ends.
	Watch(ctx context.Context, p account.Principal) <-chan struct{}
}

// keySet holds the digests of the API keys that the server was started with;
// the keys themselves are not kept.
type keySet [][sha256.Size]byte

func newKeySet(keys []string) keySet {
	var set keySet
	for _, k := range keys {
		set = append(set, sha256.Sum256([]byte(k)))
	}
	return set
}

// owner says whose the stored answers of a request are: what one key or one
// person stores, another does not see.
type owner string

// find compares with every key, so that time tells nothing. It returns -1 if
// none fits.
func (set keySet) find(key string) int {
	digest := sha256.Sum256([]byte(key))
	found := -1
	for i := range set {
		equal := subtle.ConstantTimeCompare(digest[:], set[i][:])
		found = subtle.ConstantTimeSelect(equal, i, found)
	}
	return found
}

// identify finds out who sends a request and whether they may use a route. It
// is the one path through which every kind of credential goes. Each credential
// that a request carries must be valid, so that no header can smuggle in a
// request that another header would have stopped.
func (s *Server) identify(w http.ResponseWriter, r *http.Request, a door.Access) error {
	c := callOf(r)
	who, whose, err := s.whoIs(r, &c.Request)
	var refused *wire.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		s.forgetCookie(w, r, &c.Request)
		if a == door.Known {
			return nil
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		return err
	case err != nil:
		return err
	}
	c.Principal, c.owner = who, whose
	c.Principal.Address = c.Address
	return permit(a, who)
}

func (s *Server) whoIs(r *http.Request, about *door.Request) (account.Principal, owner, error) {
	keys := credentials(r)
	if s.opt.Accounts == nil {
		whose, err := s.keyOwner(keys, about.Address)
		return s.opt.Local, whose, err
	}
	if c, err := r.Cookie(door.Cookie(about.Secure)); err == nil {
		keys = append([]string{c.Value}, keys...)
	}
	if len(keys) == 0 {
		return account.Principal{}, "", unauthorized("not_signed_in", "sign in, or send an API key as Authorization: Bearer KEY or x-api-key: KEY")
	}
	var who account.Principal
	var whose owner
	for i, key := range keys {
		p, o, err := s.holder(r.Context(), key, about.Address)
		if err != nil {
			return account.Principal{}, "", err
		}
		if i > 0 && p.User != who.User {
			return account.Principal{}, "", unauthorized("not_signed_in", "the credentials of this request belong to different users")
		}
		who, whose = p, o // the last: a key, which may do less than a session
	}
	return who, whose, nil
}

// keyOwner is the check of personal mode, which knows keys and no people.
// Without keys it is for this machine alone, also where a proxy on it would
// pass on others.
func (s *Server) keyOwner(keys []string, from netip.Addr) (owner, error) {
	if len(s.keys) == 0 {
		if from.IsValid() && !from.IsLoopback() {
			return "", unauthorized("not_signed_in", "in personal mode only this machine may use the server: start it with --accounts, or with an API key")
		}
		return "", nil
	}
	found := -1
	for _, key := range keys {
		if found = s.keys.find(key); found < 0 {
			return "", unauthorized("invalid_api_key", "the API key is not valid")
		}
	}
	if found < 0 {
		return "", unauthorized("missing_api_key", "an API key is needed: send it as Authorization: Bearer KEY or x-api-key: KEY")
	}
	return owner(fmt.Sprintf("key %d", found)), nil
}

// holder is who a single credential belongs to.
func (s *Server) holder(ctx context.Context, key string, from netip.Addr) (account.Principal, owner, error) {
	if i := s.keys.find(key); i >= 0 {
		return s.opt.Static, owner(fmt.Sprintf("key %d", i)), nil
	}
	p, err := s.opt.Accounts.Authenticate(ctx, key, from)
	if errors.Is(err, account.ErrNotSignedIn) {
		return p, "", unauthorized("not_signed_in", "the session has ended or the API key is not valid; sign in again")
	}
	if err != nil {
		return p, "", fmt.Errorf("httpapi: authenticate: %w", err)
	}
	return p, owner("user " + p.User), nil
}

// permit reports why somebody may not use a route, or nil.
func permit(a door.Access, p account.Principal) error {
	needs := map[door.Access]account.Scope{
		door.Chats: account.ScopeChats, door.Writes: account.ScopeChats,
		door.Models: account.ScopeModels, door.Admin: account.ScopeAdmin,
	}
	scope, some := needs[a]
	switch {
	case some && !p.Can(scope):
		if a == door.Admin && p.Role != account.Admin {
			return forbidden("forbidden", "only an admin may do this")
		}
		return forbidden("forbidden", fmt.Sprintf("the API key lacks the scope %q", scope))
	case a == door.Writes && !p.Writes():
		return forbidden("forbidden", "the account may read and not change anything")
	case a == door.Personal && p.Session == "" && p.User != account.Local:
		return forbidden("forbidden", "this needs a person who is signed in, not an API key")
	}
	return nil
}

// bound ends a request's context when the credential behind it ends or the
// server stops; lasting requests end as soon as it begins to stop.
func (s *Server) bound(r *http.Request, lasting bool) (*http.Request, func()) {
	ctx, cancel := context.WithCancelCause(r.Context())
	var ended <-chan struct{} // nil never closes
	if p := callOf(r).Principal; s.opt.Accounts != nil && (p.Session != "" || p.Key != "") {
		ended = s.opt.Accounts.Watch(ctx, p)
	}
	stop := s.stop
	if lasting {
		stop = s.soon
	}
	go func() {
		select {
		case <-ended:
			cancel(door.ErrEnded)
		case <-stop:
			cancel(door.ErrStopping)
		case <-ctx.Done():
		}
	}()
	return r.WithContext(ctx), func() { cancel(nil) }
}

// cause says why a context ended, where err only says that it did.
func cause(ctx context.Context, err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	if why := context.Cause(ctx); errors.Is(why, door.ErrEnded) || errors.Is(why, door.ErrStopping) {
		return why
	}
	return err
}

// keyHeaders carry a bare key: Anthropic's clients, and CLOVA Studio's older
// ones. Those also send X-NCP-APIGW-API-KEY, which is a key of NAVER's gateway
// and not of the service behind it.
var keyHeaders = []string{"X-Api-Key", "X-Ncp-Clovastudio-Api-Key"}

func credentials(r *http.Request) []string {
	var out []string
	for _, v := range r.Header.Values("Authorization") {
		scheme, key, _ := strings.Cut(v, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			key = "" // never valid
		}
		out = append(out, strings.TrimSpace(key))
	}
	for _, name := range keyHeaders {
		for _, v := range r.Header.Values(name) {
			out = append(out, strings.TrimSpace(v))
		}
	}
	return out
}

// forgetCookie takes a cookie back that is worth nothing any more, so that it
// does not stop the next request, which may sign in.
func (s *Server) forgetCookie(w http.ResponseWriter, r *http.Request, about *door.Request) {
	if s.opt.Accounts == nil {
		return
	}
	if _, err := r.Cookie(door.Cookie(about.Secure)); err == nil {
		http.SetCookie(w, door.NoSession(about.Secure))
	}
}

func unauthorized(code, message string) *wire.Error {
	return &wire.Error{Status: http.StatusUnauthorized, Type: wire.TypeAuth, Code: code, Message: message}
}
