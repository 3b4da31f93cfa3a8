package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// SignInExternal begins a session for somebody an identity provider vouches
// for. It returns an error wrapping ErrForbidden if the person has no account
// and none may be made, or if it is disabled.
//
// An account is found by provider and subject only. A like login or address is
// never enough: whoever may choose them there would own the account here.
func (s *Service) SignInExternal(ctx context.Context, x External, c Client) (token string, p Principal, err error) {
	u, err := s.adopt(ctx, x)
	if err == nil {
		return s.begin(ctx, u, c, ActSignIn, x.Provider)
	}
	if errors.Is(err, ErrForbidden) {
		e := s.entry(Principal{User: u.ID, Name: u.Name, Address: c.Address}, ActExternalRejected, x.Provider+" "+x.Subject, err.Error())
		if err := s.store.AddEntry(ctx, e); err != nil {
			s.log.Error("the audit log takes no entry", "action", e.Action, "error", err)
		}
	}
	return "", Principal{}, err
}

// adopt returns the account of x, made or brought up to date.
func (s *Service) adopt(ctx context.Context, x External) (UserRow, error) {
	if x.Provider == "" || x.Subject == "" || len(x.Subject) > maxSubject {
		return UserRow{}, fmt.Errorf("%w: the provider names no subject of at most %d bytes", ErrForbidden, maxSubject)
	}
	groups, err := s.groupIDs(ctx, x.Groups)
	if err != nil {
		return UserRow{}, err
	}
	u, err := s.store.UserBySubject(ctx, x.Provider, x.Subject)
	switch {
	case errors.Is(err, ErrNotFound) && !x.Create:
		return u, fmt.Errorf("%w: there is no account for this person; an admin can allow making them", ErrForbidden)
	case errors.Is(err, ErrNotFound):
		return s.makeExternal(ctx, x, groups)
	case err != nil:
		return u, err
	case u.Disabled:
		return u, fmt.Errorf("%w: the account is disabled", ErrForbidden)
	}
	return s.refresh(ctx, u, x, groups)
}

// Limits of what a provider says.
const (
	maxSubject   = 512 // bytes
	maxSuggested = 50  // logins that are tried: kim, kim2, kim3 …
)

// groupIDs returns the ids of the groups that have these names; names without a
// group here are left out, for a directory has many that do not concern us.
func (s *Service) groupIDs(ctx context.Context, names []string) ([]string, error) {
	if names == nil {
		return nil, nil
	}
	all, err := s.store.Groups(ctx)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, g := range all {
		if slices.Contains(names, g.Name) {
			ids = append(ids, g.ID)
		}
	}
	return ids, nil
}

func (s *Service) makeExternal(ctx context.Context, x External, groups []string) (UserRow, error) {
	base := suggestLogin(x.Login)
	if base == "" {
		base = "user"
	}
	role := x.Role
	if role == "" {
		role = Member
	}
	u := UserRow{User: User{ID: UserID(newID()), Role: role, External: x.Provider, Created: s.now()}, Subject: x.Subject}
	for _, id := range groups {
		u.Groups = append(u.Groups, GroupRef{ID: id})
	}
	u.Email, _ = mail(x.Email)
	for n := 1; n <= maxSuggested; n++ {
		u.Login = base
		if n > 1 {
			u.Login += strconv.Itoa(n)
		}
		u.Name = nameOr(x.Name, u.Login)
		e := s.entry(Principal{User: u.ID, Name: u.Name}, ActUserCreated, u.Login, x.Provider+" "+x.Subject)
		err := s.store.AddUser(ctx, u, false, e)
		if !errors.Is(err, ErrConflict) {
			return u, err
		}
		// The person may have signed in twice at once.
		if there, err := s.store.UserBySubject(ctx, x.Provider, x.Subject); err == nil {
			return there, nil
		}
	}
	return u, fmt.Errorf("%w: %d accounts are called like %q", ErrConflict, maxSuggested, base)
}

// refresh takes over what the provider says now.
func (s *Service) refresh(ctx context.Context, u UserRow, x External, groups []string) (UserRow, error) {
	var p UserPatch
	detail, demoted := "", false
	if name := nameOr(x.Name, u.Name); name != u.Name {
		p.Name, u.Name, detail = &name, name, detail+" name"
	}
	if email, err := mail(x.Email); err == nil && email != "" && email != u.Email {
		p.Email, u.Email, detail = &email, email, detail+" email"
	}
	if x.Role != "" && x.Role != u.Role {
		p.Role, u.Role, demoted, detail = &x.Role, x.Role, true, detail+" role="+string(x.Role)
	}
	if groups != nil && !sameGroups(u.Groups, groups) {
		p.Groups, detail = &groups, detail+" groups"
	}
	if detail == "" {
		return u, nil
	}
	err := s.store.PatchUser(ctx, u.ID, p, s.entry(Principal{User: u.ID, Name: u.Name}, ActUserChanged, u.Login, x.Provider+" says:"+detail))
	if errors.Is(err, ErrLastAdmin) {
		s.log.Warn("the provider would take the last admin's role: it stays", "user", u.ID)
		return s.store.UserByID(ctx, u.ID)
	}
	if err != nil {
		return u, err
	}
	s.tellUser(u.ID, demoted)
	return u, nil
}

func sameGroups(have []GroupRef, want []string) bool {
	if len(have) != len(want) {
		return false
	}
	for _, g := range have {
		if !slices.Contains(want, g.ID) {
			return false
		}
	}
	return true
}

func nameOr(name, otherwise string) string {
	if n, err := label("name", name); err == nil {
		return n
	}
	return otherwise
}

// MapRole returns the highest role that a rule gives to one of the groups,
// otherwise if none does, and "" (the role stays as it is) without rules.
func MapRole(groups []string, rules map[string]Role, otherwise Role) Role {
	if len(rules) == 0 {
		return ""
	}
	best := Role("")
	for _, g := range groups {
		if r := rules[g]; rank[r] > rank[best] {
			best = r
		}
	}
	if best == "" {
		return otherwise
	}
	return best
}

var rank = map[Role]int{Reader: 1, Member: 2, Admin: 3}
