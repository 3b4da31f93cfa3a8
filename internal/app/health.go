package app

import (
	"context"

	api "malmoi/internal/httpapi/app"
)

// Health is how the site is doing, for its admins.
func (s *Site) Health(ctx context.Context) api.Health {
	h := s.db.Health(ctx)
	out := api.Health{
		Database: api.DatabaseHealth{Kind: string(h.Kind), OK: h.OK, ReadOnly: h.ReadOnly, Bytes: h.Bytes, Schema: h.Schema},
		Disk:     api.DiskHealth{Free: h.DiskFree, Total: h.DiskTotal},
		Answers:  s.Converse.Running(),
	}
	for _, n := range h.Nodes {
		out.Nodes = append(out.Nodes, api.NodeHealth{ID: n.ID, Version: n.Version, Started: n.Started.UnixMilli(), Seen: n.Seen.UnixMilli(), Current: n.ID == s.node})
	}
	return out
}
