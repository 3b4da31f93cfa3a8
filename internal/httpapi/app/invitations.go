package app

import (
	"context"
	"net/http"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
)

type invitationBody struct {
	ID      string   `json:"id"`
	Role    string   `json:"role"`
	Name    string   `json:"name"`
	Email   string   `json:"email"`
	Groups  []string `json:"groups"`
	By      string   `json:"by"`
	Created int64    `json:"created"`
	Expires int64    `json:"expires"`
	Used    int64    `json:"used" doc:"0: still open"`
	User    string   `json:"user" doc:"who came of it"`
	Token   string   `json:"token,omitempty" doc:"only in the answer that makes it"`
	URL     string   `json:"url,omitempty" doc:"the path of the page that accepts it, as /invite/TOKEN"`
}

type invitationsBody struct {
	Invitations []invitationBody `json:"invitations"`
}

func newInvitation(i account.Invitation, token string) invitationBody {
	b := invitationBody{
		ID: i.ID, Role: string(i.Role), Name: i.Name, Email: i.Email, Groups: []string{}, By: string(i.By),
		Created: millis(i.Created), Expires: millis(i.Expires), Used: millis(i.Used), User: string(i.User), Token: token,
	}
	b.Groups = append(b.Groups, i.Groups...)
	if token != "" {
		b.URL = "/invite/" + token
	}
	return b
}

type newInvitationBody struct {
	Role    string   `json:"role,omitempty" enum:"admin,member,reader" default:"member"`
	Name    string   `json:"name,omitempty"`
	Email   string   `json:"email,omitempty"`
	Groups  []string `json:"groups,omitempty"`
	Expires int64    `json:"expires,omitempty" minimum:"0" doc:"0: in a week"`
}

func (a *API) invitations() {
	s := a.opt.Accounts
	call(a, door.Admin, "GET /api/admin/invitations", "List the invitations", func(ctx context.Context, _ *none) (invitationsBody, error) {
		list, err := s.Invitations(ctx, who(ctx))
		out := invitationsBody{Invitations: []invitationBody{}}
		for _, i := range list {
			out.Invitations = append(out.Invitations, newInvitation(i, ""))
		}
		return out, err
	})
	call(a, door.Admin, "POST /api/admin/invitations", "Invite somebody", func(ctx context.Context, in *struct{ Body newInvitationBody }) (invitationBody, error) {
		b := in.Body
		i, token, err := s.Invite(ctx, who(ctx), account.NewInvitation{
			Role: account.Role(b.Role), Name: b.Name, Email: b.Email, Groups: b.Groups, Expires: fromMillis(b.Expires),
		})
		return newInvitation(i, token), err
	})
	do(a, door.Admin, "DELETE /api/admin/invitations/{id}", "Take an invitation back", func(ctx context.Context, in *ByID) error {
		return s.DeleteInvitation(ctx, who(ctx), in.ID)
	})
}

// ByToken is the input of an operation on what a link's token opens.
type ByToken struct {
	Token string `path:"token" maxLength:"128"`
}

// invitedBody is what somebody with a link may see of an invitation.
type invitedBody struct {
	Role    string `json:"role"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Expires int64  `json:"expires"`
}

// invited are the routes for who holds an invitation and no account yet.
func (a *API) invited() {
	s := a.opt.Accounts
	call(a, door.Open, "GET /api/invitations/{token}", "Look at an invitation", func(ctx context.Context, in *struct {
		ByToken
		Agent
	}) (invitedBody, error) {
		if a.opt.Single {
			return invitedBody{}, notFound()
		}
		i, err := s.Invitation(ctx, in.Token, in.client(ctx))
		return invitedBody{string(i.Role), i.Name, i.Email, millis(i.Expires)}, err
	})
	op := operation("POST /api/invitations/{token}", "Accept an invitation", http.StatusOK, maxBody)
	operate(a, door.Open, op, func(ctx context.Context, in *struct {
		ByToken
		Agent
		Body newAccount
	}) (*signedIn, error) {
		if a.opt.Single {
			return nil, notFound()
		}
		token, p, err := s.AcceptInvitation(ctx, in.Token, in.Body.user(), in.client(ctx))
		return a.welcome(ctx, token, p, err)
	})
}
