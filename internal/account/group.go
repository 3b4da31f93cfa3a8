package account

import (
	"context"
	"fmt"
	"slices"

	"malmoi/internal/bus"
)

// Groups lists the groups by name, for admins.
func (s *Service) Groups(ctx context.Context, p Principal) ([]Group, error) {
	if err := admin(p); err != nil {
		return nil, err
	}
	return s.store.Groups(ctx)
}

// group returns one group.
func (s *Service) group(ctx context.Context, id string) (Group, error) {
	all, err := s.store.Groups(ctx)
	if err != nil {
		return Group{}, err
	}
	i := slices.IndexFunc(all, func(g Group) bool { return g.ID == id })
	if i < 0 {
		return Group{}, ErrNotFound
	}
	return all[i], nil
}

// CreateGroup makes a group, for admins.
func (s *Service) CreateGroup(ctx context.Context, p Principal, name string, q Quota) (Group, error) {
	if err := admin(p); err != nil {
		return Group{}, err
	}
	name, err := label("name", name)
	if err != nil {
		return Group{}, err
	}
	if err := checkQuota(q); err != nil {
		return Group{}, err
	}
	all, err := s.store.Groups(ctx)
	if err != nil {
		return Group{}, err
	}
	if len(all) >= MaxGroups {
		return Group{}, invalid("name", "too_many", "a site has at most %d groups", MaxGroups)
	}
	g := Group{ID: newID(), Name: name, Quota: q, Created: s.now()}
	err = s.store.AddGroup(ctx, g, s.entry(p, ActGroupCreated, name, q.String()))
	return g, taken(err, "group", name)
}

// ChangeGroup changes a group, for admins.
func (s *Service) ChangeGroup(ctx context.Context, p Principal, id string, c GroupChange) (Group, error) {
	if err := admin(p); err != nil {
		return Group{}, err
	}
	g, err := s.group(ctx, id)
	if err != nil {
		return Group{}, err
	}
	detail := ""
	if c.Name != nil {
		name, err := label("name", *c.Name)
		if err != nil {
			return Group{}, err
		}
		c.Name, detail = &name, "name="+name
	}
	if c.Quota != nil {
		if err := checkQuota(*c.Quota); err != nil {
			return Group{}, err
		}
		detail += " " + c.Quota.String()
	}
	if err := s.store.PatchGroup(ctx, id, c, s.entry(p, ActGroupChanged, g.Name, detail)); err != nil {
		return Group{}, taken(err, "group", g.Name)
	}
	s.tell(bus.Notice{Topic: TopicChanged})
	return s.group(ctx, id)
}

// DeleteGroup removes a group; its members stay.
func (s *Service) DeleteGroup(ctx context.Context, p Principal, id string) error {
	if err := admin(p); err != nil {
		return err
	}
	g, err := s.group(ctx, id)
	if err != nil {
		return err
	}
	if err := s.store.DeleteGroup(ctx, id, s.entry(p, ActGroupDeleted, g.Name, fmt.Sprintf("%d members", g.Members))); err != nil {
		return err
	}
	s.tell(bus.Notice{Topic: TopicChanged})
	return nil
}
