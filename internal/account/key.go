package account

import (
	"context"
	"errors"
	"slices"
	"strings"

	"malmoi/internal/bus"
)

// Keys lists the API keys of p's user.
func (s *Service) Keys(ctx context.Context, p Principal) ([]Key, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	return s.store.Keys(ctx, p.User)
}

// CreateKey makes an API key and returns it in full, which is shown only now.
// Readers cannot: they have nothing to use it for.
func (s *Service) CreateKey(ctx context.Context, p Principal, n NewKey) (Key, string, error) {
	if err := inPerson(p); err != nil {
		return Key{}, "", err
	}
	if !p.Writes() {
		return Key{}, "", ErrForbidden
	}
	return s.createKey(ctx, p, User{ID: p.User, Role: p.Role}, n)
}

// CreateKeyFor makes an API key of another user; for the operator's command
// line only, not for admins: a key acts as its user.
func (s *Service) CreateKeyFor(ctx context.Context, p Principal, of UserID, n NewKey) (Key, string, error) {
	u, err := s.operated(ctx, p, of)
	if err != nil {
		return Key{}, "", err
	}
	return s.createKey(ctx, p, u.User, n)
}

// KeysOf lists the API keys of a user, for the operator's command line.
func (s *Service) KeysOf(ctx context.Context, p Principal, of UserID) ([]Key, error) {
	u, err := s.operated(ctx, p, of)
	if err != nil {
		return nil, err
	}
	return s.store.Keys(ctx, u.ID)
}

// DeleteKeyOf revokes an API key of a user, for the operator's command line.
func (s *Service) DeleteKeyOf(ctx context.Context, p Principal, of UserID, id string) error {
	u, err := s.operated(ctx, p, of)
	if err != nil {
		return err
	}
	return s.deleteKey(ctx, p, u.ID, id)
}

// operated returns the user of whom the operator wants something.
func (s *Service) operated(ctx context.Context, p Principal, of UserID) (UserRow, error) {
	if p.User != "" || admin(p) != nil {
		return UserRow{}, ErrForbidden
	}
	return s.store.UserByID(ctx, of)
}

func (s *Service) createKey(ctx context.Context, p Principal, of User, n NewKey) (Key, string, error) {
	name, err := label("name", n.Name)
	if err != nil {
		return Key{}, "", err
	}
	scopes, err := checkScopes(n.Scopes, of.Role)
	if err != nil {
		return Key{}, "", err
	}
	now := s.now()
	if !n.Expires.IsZero() && !n.Expires.After(now) {
		return Key{}, "", invalid("expires", "range", "a key cannot end in the past")
	}
	secret := newAPIKey()
	k := Key{ID: newID(), User: of.ID, Name: name, Prefix: secret[:shownChars], Scopes: scopes, Created: now, Expires: n.Expires}
	err = s.store.AddKey(ctx, k, digest(secret), s.entry(p, ActKeyCreated, k.ID, k.Prefix+"… for "+words(scopes)))
	if errors.Is(err, ErrConflict) {
		return Key{}, "", invalid("name", "too_many", "one user has at most %d keys: revoke some first", MaxKeys)
	}
	if err != nil {
		return Key{}, "", err
	}
	return k, secret, nil
}

// checkScopes puts scopes into their order and refuses what the role cannot do.
func checkScopes(scopes []Scope, r Role) ([]Scope, error) {
	var out []Scope
	for _, known := range everything {
		if slices.Contains(scopes, known) {
			out = append(out, known)
		}
	}
	for _, s := range scopes {
		if !slices.Contains(everything, s) {
			return nil, invalid("scopes", "unknown", "a scope is models, chats or admin, not %q", cut(string(s), 40))
		}
	}
	if len(out) == 0 {
		return nil, invalid("scopes", "empty", "a key needs a scope: models, chats or admin")
	}
	if r != Admin && slices.Contains(out, ScopeAdmin) {
		return nil, invalid("scopes", "role", "only admins have keys for the scope admin")
	}
	return out, nil
}

func words(scopes []Scope) string {
	var b strings.Builder
	for i, s := range scopes {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// DeleteKey revokes an API key of p's user.
func (s *Service) DeleteKey(ctx context.Context, p Principal, id string) error {
	if err := inPerson(p); err != nil {
		return err
	}
	return s.deleteKey(ctx, p, p.User, id)
}

func (s *Service) deleteKey(ctx context.Context, p Principal, of UserID, id string) error {
	if err := s.store.DeleteKey(ctx, of, id, s.entry(p, ActKeyDeleted, id, "")); err != nil {
		return err
	}
	s.tell(bus.Notice{Topic: TopicKey, User: string(of), ID: id})
	return nil
}
