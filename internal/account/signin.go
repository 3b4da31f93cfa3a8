package account

import (
	"context"
	"errors"
	"fmt"
)

// SignIn checks a password and begins a session. It returns ErrCredentials,
// ErrBusy, ErrUnavailable or a *RateError.
func (s *Service) SignIn(ctx context.Context, login, password string, c Client) (token string, p Principal, err error) {
	login, spelled := NormaliseLogin(login)
	if err := s.mayTry(login, c); err != nil {
		return "", Principal{}, err
	}
	u, err := s.check(ctx, login, spelled == nil, password)
	if err != nil {
		s.failed(ctx, u, c, err)
		return "", Principal{}, err
	}
	s.mayAgain(login, c)
	return s.begin(ctx, u, c, ActSignIn, "password")
}

// mayTry counts a try; login is "" if it is none that exists.
func (s *Service) mayTry(login string, c Client) error {
	now := s.now()
	wait := s.address.take(addressText(c.Address), now)
	if login != "" {
		wait = max(wait, s.pairs.take(pair(login, c), now), s.logins.take(login, now))
	}
	if wait > 0 {
		s.log.Warn("too many tries to sign in", "address", addressText(c.Address), "wait", wait)
		return &RateError{wait}
	}
	return nil
}

// mayAgain takes back what mayTry counted: only tries that fail are limited.
func (s *Service) mayAgain(login string, c Client) {
	s.address.giveBack(addressText(c.Address))
	if login != "" {
		s.pairs.forgive(pair(login, c))
		s.logins.giveBack(login)
	}
}

func pair(login string, c Client) string { return login + "\n" + addressText(c.Address) }

// check finds the user that login and password belong to. Of a known login it
// returns the row with the error too, for the audit log.
func (s *Service) check(ctx context.Context, login string, spelled bool, password string) (UserRow, error) {
	var u UserRow
	err := ErrNotFound
	if spelled {
		u, err = s.store.UserByLogin(ctx, login)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return u, err
	}
	if u.Hash == "" && s.dir != nil && spelled {
		return s.checkDirectory(ctx, u, login, password)
	}
	if len(password) > MaxPassword {
		password = "" // belongs to nobody
	}
	ok, stale, err := s.hasher.verify(ctx, u.Hash, password)
	switch {
	case err != nil:
		return u, err
	case !ok || u.Disabled:
		return u, ErrCredentials
	}
	if stale {
		s.rehash(ctx, u, password)
	}
	return u, nil
}

// checkDirectory asks the directory; u is a row with this login, if there is
// one, which need not be the person the directory knows.
func (s *Service) checkDirectory(ctx context.Context, u UserRow, login, password string) (UserRow, error) {
	x, err := s.dir.SignIn(ctx, login, password)
	if err != nil {
		return u, err
	}
	u, err = s.adopt(ctx, x)
	switch {
	case errors.Is(err, ErrForbidden):
		return u, ErrCredentials // says no more than a wrong password does
	case err != nil:
		return u, err
	}
	return u, nil
}

// rehash replaces a hash that was made with another cost. That it fails is no
// reason to refuse somebody who knows the password.
func (s *Service) rehash(ctx context.Context, u UserRow, password string) {
	hash, err := s.hasher.hash(ctx, password)
	if err == nil {
		err = s.store.SetHash(ctx, u.ID, u.Hash, hash)
	}
	if err != nil {
		s.log.Warn("the password's hash keeps its old cost", "user", u.ID, "error", err)
	}
}

// failed writes a failure into the audit log. A login that nobody has is not
// written down: people type their password there by mistake.
func (s *Service) failed(ctx context.Context, u UserRow, c Client, cause error) {
	e := s.entry(Principal{User: u.ID, Name: u.Name, Address: c.Address}, ActSignInFailed, u.Login, "")
	switch {
	case !errors.Is(cause, ErrCredentials):
		e.Detail = cause.Error()
	case u.ID == "":
		e.Detail = "unknown login"
	case u.Disabled:
		e.Detail = "disabled"
	default:
		e.Detail = "wrong password"
	}
	if err := s.store.AddEntry(ctx, e); err != nil {
		s.log.Error("the audit log takes no entry", "action", e.Action, "error", err)
	}
}

// begin makes a session for u.
func (s *Service) begin(ctx context.Context, u UserRow, c Client, action, how string) (string, Principal, error) {
	token, one := s.newSession(u.ID, c)
	p := ofSession(one, u.User).principal
	p.Address = c.Address
	if err := s.store.AddSession(ctx, one, digest(token), s.entry(p, action, u.Login, how)); err != nil {
		return "", Principal{}, fmt.Errorf("begin session: %w", err)
	}
	return token, p, nil
}

func (s *Service) newSession(u UserID, c Client) (string, Session) {
	now := s.now()
	return newSecret(), Session{
		ID: newID(), User: u, Created: now, Seen: now, Expires: now.Add(SessionLife),
		Address: addressText(c.Address), Agent: cut(c.Agent, MaxAgent),
	}
}

// SignOut ends the session of p. With an API key there is nothing to end.
func (s *Service) SignOut(ctx context.Context, p Principal) error {
	if p.Session == "" {
		return nil
	}
	return s.endSession(ctx, p, p.Session, ActSignOut)
}
