package app

import (
	"context"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
)

type groupBody struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Quota   quotaBody `json:"quota"`
	Members int       `json:"members"`
	Created int64     `json:"created"`
}

type groupsBody struct {
	Groups []groupBody `json:"groups"`
}

func newGroup(g account.Group) groupBody {
	return groupBody{g.ID, g.Name, newQuota(g.Quota), g.Members, millis(g.Created)}
}

type newGroupBody struct {
	Name  string    `json:"name"`
	Quota quotaBody `json:"quota,omitempty"`
}

type groupChange struct {
	Name  *string    `json:"name,omitempty"`
	Quota *quotaBody `json:"quota,omitempty"`
}

func (a *API) groups() {
	s := a.opt.Accounts
	call(a, door.Admin, "GET /api/admin/groups", "List the groups", func(ctx context.Context, _ *none) (groupsBody, error) {
		list, err := s.Groups(ctx, who(ctx))
		out := groupsBody{Groups: []groupBody{}}
		for _, g := range list {
			out.Groups = append(out.Groups, newGroup(g))
		}
		return out, err
	})
	call(a, door.Admin, "POST /api/admin/groups", "Make a group", func(ctx context.Context, in *struct{ Body newGroupBody }) (groupBody, error) {
		g, err := s.CreateGroup(ctx, who(ctx), in.Body.Name, account.Quota(in.Body.Quota))
		return newGroup(g), err
	})
	call(a, door.Admin, "PATCH /api/admin/groups/{id}", "Change a group", func(ctx context.Context, in *struct {
		ByID
		Body groupChange
	}) (groupBody, error) {
		c := account.GroupChange{Name: in.Body.Name}
		if in.Body.Quota != nil {
			q := account.Quota(*in.Body.Quota)
			c.Quota = &q
		}
		g, err := s.ChangeGroup(ctx, who(ctx), in.ID, c)
		return newGroup(g), err
	})
	do(a, door.Admin, "DELETE /api/admin/groups/{id}", "Delete a group; its members stay", func(ctx context.Context, in *ByID) error {
		return s.DeleteGroup(ctx, who(ctx), in.ID)
	})
}
