package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"malmoi/internal/bus"
)

// Users lists everybody by login, for admins.
func (s *Service) Users(ctx context.Context, p Principal) ([]User, error) {
	if err := admin(p); err != nil {
		return nil, err
	}
	return s.store.Users(ctx)
}

// User returns one user, for admins.
func (s *Service) User(ctx context.Context, p Principal, id UserID) (User, error) {
	if err := admin(p); err != nil {
		return User{}, err
	}
	u, err := s.person(ctx, id)
	return u.User, err
}

// UserByLogin returns the user with a login, for admins.
func (s *Service) UserByLogin(ctx context.Context, p Principal, login string) (User, error) {
	if err := admin(p); err != nil {
		return User{}, err
	}
	login, err := NormaliseLogin(login)
	if err != nil {
		return User{}, err
	}
	u, err := s.store.UserByLogin(ctx, login)
	return u.User, err
}

// person returns a row that is somebody's account.
func (s *Service) person(ctx context.Context, id UserID) (UserRow, error) {
	if service(id) {
		return UserRow{}, ErrNotFound
	}
	return s.store.UserByID(ctx, id)
}

// CreateUser makes an account, for admins.
func (s *Service) CreateUser(ctx context.Context, p Principal, n NewUser) (User, error) {
	if err := admin(p); err != nil {
		return User{}, err
	}
	u, err := s.build(ctx, n, false)
	if err != nil {
		return User{}, err
	}
	if err := s.store.AddUser(ctx, u, false, s.entry(p, ActUserCreated, u.Login, "role="+string(u.Role))); err != nil {
		return User{}, taken(err, "login", u.Login)
	}
	made, err := s.store.UserByID(ctx, u.ID)
	return made.User, err
}

// taken says which name is in use already.
func taken(err error, what, name string) error {
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("%s %q: %w", what, name, ErrConflict)
	}
	return err
}

// build checks what is wanted of a new account and hashes its password.
func (s *Service) build(ctx context.Context, n NewUser, mustHavePassword bool) (UserRow, error) {
	login, err := NormaliseLogin(n.Login)
	if err != nil {
		return UserRow{}, err
	}
	if strings.TrimSpace(n.Name) == "" {
		n.Name = login
	}
	name, err := label("name", n.Name)
	if err != nil {
		return UserRow{}, err
	}
	email, err := mail(n.Email)
	if err != nil {
		return UserRow{}, err
	}
	if err := checkRole(n.Role); err != nil {
		return UserRow{}, err
	}
	groups, err := s.groupRefs(ctx, n.Groups)
	if err != nil {
		return UserRow{}, err
	}
	u := UserRow{User: User{ID: UserID(newID()), Login: login, Name: name, Email: email, Role: n.Role, Groups: groups, Created: s.now()}}
	if n.Password != "" || mustHavePassword {
		if err := checkPassword(n.Password, login); err != nil {
			return UserRow{}, err
		}
		if u.Hash, err = s.hasher.hash(ctx, n.Password); err != nil {
			return UserRow{}, err
		}
	}
	return u, nil
}

func checkRole(r Role) error {
	if r != Admin && r != Member && r != Reader {
		return invalid("role", "unknown", "a role is admin, member or reader, not %q", string(r))
	}
	return nil
}

// groupRefs turns ids into groups and refuses unknown ones.
func (s *Service) groupRefs(ctx context.Context, ids []string) ([]GroupRef, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := s.store.Groups(ctx)
	if err != nil {
		return nil, err
	}
	var refs []GroupRef
	for _, id := range ids {
		i := slices.IndexFunc(all, func(g Group) bool { return g.ID == id })
		if i < 0 {
			return nil, invalid("groups", "unknown", "there is no group %q", cut(id, 40))
		}
		if ref := (GroupRef{id, all[i].Name}); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// ChangeUser changes an account, for admins. Disabling and a new password end
// all sessions of the user; disabling and another role close all their streams,
// also those of API keys.
func (s *Service) ChangeUser(ctx context.Context, p Principal, id UserID, c UserChange) (User, error) {
	if err := admin(p); err != nil {
		return User{}, err
	}
	u, err := s.person(ctx, id)
	if err != nil {
		return User{}, err
	}
	patch, did, err := s.userPatch(ctx, u, c)
	if err != nil || len(did) == 0 {
		return u.User, err
	}
	if err := s.store.PatchUser(ctx, id, patch, s.entry(p, ActUserChanged, u.Login, strings.Join(did, " "))); err != nil {
		return User{}, err
	}
	if patch.EndSessions {
		s.tell(bus.Notice{Topic: TopicSessions, User: string(id)})
	}
	s.tellUser(id, patch.Role != nil || patch.Disabled != nil && *patch.Disabled)
	return s.User(ctx, p, id)
}

// userPatch checks a change and says in words what it does. What is as wanted
// already is left out.
func (s *Service) userPatch(ctx context.Context, u UserRow, c UserChange) (UserPatch, []string, error) {
	patch, did, err := selfPatch(SelfChange{Name: c.Name, Email: c.Email})
	if err != nil {
		return patch, nil, err
	}
	if c.Role != nil && *c.Role != u.Role {
		if err := checkRole(*c.Role); err != nil {
			return patch, nil, err
		}
		patch.Role, did = c.Role, append(did, fmt.Sprintf("role=%s (was %s)", *c.Role, u.Role))
	}
	if c.Disabled != nil && *c.Disabled != u.Disabled {
		patch.Disabled, did = c.Disabled, append(did, fmt.Sprintf("disabled=%t", *c.Disabled))
		patch.EndSessions = *c.Disabled
	}
	if c.Groups != nil {
		refs, err := s.groupRefs(ctx, *c.Groups)
		if err != nil {
			return patch, nil, err
		}
		ids := make([]string, len(refs))
		for i, g := range refs {
			ids[i] = g.ID
			did = append(did, "group="+g.Name)
		}
		patch.Groups, did = &ids, append(did, fmt.Sprintf("groups=%d", len(refs)))
	}
	if c.Quota != nil {
		if err := checkQuota(*c.Quota); err != nil {
			return patch, nil, err
		}
		patch.Quota, did = c.Quota, append(did, c.Quota.String())
	}
	if c.Password != nil {
		if err := checkPassword(*c.Password, u.Login); err != nil {
			return patch, nil, err
		}
		hash, err := s.hasher.hash(ctx, *c.Password)
		if err != nil {
			return patch, nil, err
		}
		patch.Hash, patch.EndSessions, did = &hash, true, append(did, "password")
	}
	return patch, did, nil
}

// DeleteUser removes an account and all that belongs to it, for admins.
func (s *Service) DeleteUser(ctx context.Context, p Principal, id UserID) error {
	if err := admin(p); err != nil {
		return err
	}
	u, err := s.person(ctx, id)
	if err != nil {
		return err
	}
	if err := s.store.DeleteUser(ctx, id, s.entry(p, ActUserDeleted, u.Login, "")); err != nil {
		return err
	}
	s.tell(bus.Notice{Topic: TopicUser, User: string(id), ID: Deleted})
	return nil
}

// EndSessionsOf ends every session of a user, for admins.
func (s *Service) EndSessionsOf(ctx context.Context, p Principal, id UserID) error {
	if err := admin(p); err != nil {
		return err
	}
	if _, err := s.person(ctx, id); err != nil {
		return err
	}
	return s.endAll(ctx, p, id)
}
