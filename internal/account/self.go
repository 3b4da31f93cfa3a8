package account

import (
	"context"
	"strings"

	"malmoi/internal/bus"
)

// Me returns p's user.
func (s *Service) Me(ctx context.Context, p Principal) (User, error) {
	u, err := s.store.UserByID(ctx, p.User)
	return u.User, err
}

// ChangeMe changes p's user. A wrong current password is ErrCredentials.
func (s *Service) ChangeMe(ctx context.Context, p Principal, c SelfChange) (User, error) {
	if err := inPerson(p); err != nil {
		return User{}, err
	}
	u, err := s.store.UserByID(ctx, p.User)
	if err != nil {
		return User{}, err
	}
	patch, did, err := selfPatch(c)
	if err != nil {
		return User{}, err
	}
	action := ActUserChanged
	if c.Password != nil {
		hash, err := s.newPassword(ctx, p, u, c)
		if err != nil {
			return User{}, err
		}
		patch.Hash, patch.EndSessions, patch.KeepSession = &hash, true, p.Session
		action, did = ActPassword, append(did, "password")
	}
	if len(did) == 0 {
		return u.User, nil
	}
	if err := s.store.PatchUser(ctx, u.ID, patch, s.entry(p, action, u.Login, strings.Join(did, " "))); err != nil {
		return User{}, err
	}
	if patch.EndSessions {
		s.tell(bus.Notice{Topic: TopicSessions, User: string(u.ID), ID: p.Session})
	}
	s.tellUser(u.ID, false)
	return s.Me(ctx, p)
}

func selfPatch(c SelfChange) (patch UserPatch, did []string, err error) {
	if c.Name != nil {
		name, err := label("name", *c.Name)
		if err != nil {
			return patch, nil, err
		}
		patch.Name, did = &name, append(did, "name")
	}
	if c.Email != nil {
		email, err := mail(*c.Email)
		if err != nil {
			return patch, nil, err
		}
		patch.Email, did = &email, append(did, "email")
	}
	return patch, did, nil
}

// newPassword checks the current password and hashes the new one. Tries count
// as at signing in: a stolen session must not be a way to guess.
func (s *Service) newPassword(ctx context.Context, p Principal, u UserRow, c SelfChange) (string, error) {
	if u.Hash == "" {
		return "", invalid("password", "elsewhere", "this account has no password here: change it where you sign in")
	}
	client := Client{Address: p.Address}
	if err := s.mayTry(u.Login, client); err != nil {
		return "", err
	}
	ok, _, err := s.hasher.verify(ctx, u.Hash, cut(c.CurrentPassword, MaxPassword+1))
	if err == nil && !ok {
		err = ErrCredentials
		s.failed(ctx, u, client, err)
	}
	if err != nil {
		return "", err
	}
	s.mayAgain(u.Login, client)
	if err := checkPassword(*c.Password, u.Login); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, *c.Password)
}

// tellUser says that a user changed; cut ends their streams.
func (s *Service) tellUser(id UserID, cut bool) {
	topic := TopicChanged
	if cut {
		topic = TopicUser
	}
	s.tell(bus.Notice{Topic: topic, User: string(id)})
}

// Sessions lists the sessions of p's user that have not expired, newest first.
func (s *Service) Sessions(ctx context.Context, p Principal) ([]Session, error) {
	if err := inPerson(p); err != nil {
		return nil, err
	}
	all, err := s.store.Sessions(ctx, p.User)
	if err != nil {
		return nil, err
	}
	now, kept := s.now(), all[:0]
	for _, one := range all {
		if ofSession(one, User{}).valid(now) {
			one.Current = one.ID == p.Session
			kept = append(kept, one)
		}
	}
	return kept, nil
}

// EndSession ends one session of p's user.
func (s *Service) EndSession(ctx context.Context, p Principal, id string) error {
	if err := inPerson(p); err != nil {
		return err
	}
	return s.endSession(ctx, p, id, ActSessionsEnded)
}

func (s *Service) endSession(ctx context.Context, p Principal, id, action string) error {
	if err := s.store.EndSession(ctx, p.User, id, s.entry(p, action, id, "")); err != nil {
		return err
	}
	s.tell(bus.Notice{Topic: TopicSession, User: string(p.User), ID: id})
	return nil
}

// EndAllSessions ends every session of p's user, also p's own.
func (s *Service) EndAllSessions(ctx context.Context, p Principal) error {
	if err := inPerson(p); err != nil {
		return err
	}
	return s.endAll(ctx, p, p.User)
}

func (s *Service) endAll(ctx context.Context, p Principal, of UserID) error {
	if err := s.store.EndSessions(ctx, of, "", s.entry(p, ActSessionsEnded, string(of), "all")); err != nil {
		return err
	}
	s.tell(bus.Notice{Topic: TopicSessions, User: string(of)})
	return nil
}
