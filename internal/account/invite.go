package account

import (
	"context"
	"fmt"
	"time"
)

// maxInvitation is how far ahead an invitation may end.
const maxInvitation = 365 * 24 * time.Hour

// Invite makes an invitation and returns its token, which is shown only now;
// for admins.
func (s *Service) Invite(ctx context.Context, p Principal, n NewInvitation) (Invitation, string, error) {
	if err := s.mayInvite(ctx, p); err != nil {
		return Invitation{}, "", err
	}
	i, err := s.buildInvitation(ctx, p, n)
	if err != nil {
		return Invitation{}, "", err
	}
	token := newSecret()
	detail := fmt.Sprintf("role=%s until=%s", i.Role, i.Expires.UTC().Format(time.RFC3339))
	if err := s.store.AddInvitation(ctx, i, digest(token), s.entry(p, ActInvited, i.ID, detail)); err != nil {
		return Invitation{}, "", err
	}
	return i, token, nil
}

func (s *Service) mayInvite(ctx context.Context, p Principal) error {
	if err := admin(p); err != nil {
		return err
	}
	site, err := s.store.Site(ctx)
	if err != nil {
		return err
	}
	if site.SignUp == SignUpClosed {
		return fmt.Errorf("%w: invitations are switched off in the settings", ErrForbidden)
	}
	all, err := s.store.Invitations(ctx)
	if err != nil {
		return err
	}
	open := 0
	for _, i := range all {
		if i.open(s.now()) {
			open++
		}
	}
	if open >= MaxOpen {
		return invalid("role", "too_many", "%d invitations are open: take some back first", open)
	}
	return nil
}

func (i Invitation) open(now time.Time) bool { return i.Used.IsZero() && now.Before(i.Expires) }

func (s *Service) buildInvitation(ctx context.Context, p Principal, n NewInvitation) (Invitation, error) {
	now := s.now()
	i := Invitation{ID: newID(), Role: n.Role, By: p.User, Groups: n.Groups, Created: now, Expires: n.Expires}
	if err := checkRole(n.Role); err != nil {
		return i, err
	}
	if _, err := s.groupRefs(ctx, n.Groups); err != nil {
		return i, err
	}
	var err error
	if n.Name != "" {
		if i.Name, err = label("name", n.Name); err != nil {
			return i, err
		}
	}
	if i.Email, err = mail(n.Email); err != nil {
		return i, err
	}
	if i.Expires.IsZero() {
		i.Expires = now.Add(InvitationLife)
	}
	if !i.Expires.After(now) || i.Expires.Sub(now) > maxInvitation {
		return i, invalid("expires", "range", "an invitation ends within a year from now")
	}
	return i, nil
}

// Invitations lists the invitations, newest first, for admins.
func (s *Service) Invitations(ctx context.Context, p Principal) ([]Invitation, error) {
	if err := admin(p); err != nil {
		return nil, err
	}
	return s.store.Invitations(ctx)
}

// DeleteInvitation takes an invitation back, for admins.
func (s *Service) DeleteInvitation(ctx context.Context, p Principal, id string) error {
	if err := admin(p); err != nil {
		return err
	}
	return s.store.DeleteInvitation(ctx, id, s.entry(p, ActInvitationGone, id, ""))
}

// Invitation returns an open invitation; ErrNotFound if the token is wrong, used
// or expired. Anybody may ask; a *RateError stops those who guess.
func (s *Service) Invitation(ctx context.Context, token string, c Client) (Invitation, error) {
	if err := s.mayTry("", c); err != nil {
		return Invitation{}, err
	}
	if !isToken(token) {
		return Invitation{}, ErrNotFound
	}
	i, err := s.store.InvitationByHash(ctx, digest(token))
	if err != nil {
		return Invitation{}, err
	}
	site, err := s.store.Site(ctx)
	if err != nil {
		return Invitation{}, err
	}
	if !i.open(s.now()) || site.SignUp == SignUpClosed {
		return Invitation{}, ErrNotFound
	}
	s.mayAgain("", c)
	return i, nil
}

// AcceptInvitation makes the invited account and signs it in. Of n, the login,
// name, email and password count; role and groups are the invitation's.
func (s *Service) AcceptInvitation(ctx context.Context, token string, n NewUser, c Client) (string, Principal, error) {
	i, err := s.Invitation(ctx, token, c)
	if err != nil {
		return "", Principal{}, err
	}
	n.Role, n.Groups = i.Role, nil
	if n.Name == "" {
		n.Name = i.Name
	}
	if n.Email == "" {
		n.Email = i.Email
	}
	u, err := s.build(ctx, n, true)
	if err != nil {
		return "", Principal{}, err
	}
	for _, id := range i.Groups { // those that are still there
		if g, err := s.group(ctx, id); err == nil {
			u.Groups = append(u.Groups, GroupRef{g.ID, g.Name})
		}
	}
	self := Principal{User: u.ID, Name: u.Name, Address: c.Address}
	if err := s.store.UseInvitation(ctx, digest(token), s.now(), u, s.entry(self, ActInvitationUsed, u.Login, "invitation "+i.ID)); err != nil {
		return "", Principal{}, taken(err, "login", u.Login)
	}
	return s.begin(ctx, u, c, ActSignIn, "invitation")
}
