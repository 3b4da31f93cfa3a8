package app

import (
	"context"

	"malmoi/internal/httpapi/door"
)

// Upstreams say how the servers are whose models are offered here too.
type Upstreams interface {
	Upstreams() []Upstream
}

// Upstream is one such server. It holds no key.
type Upstream struct {
	Name     string    `json:"name"`
	Masked   bool      `json:"masked" doc:"personal numbers are hidden in what is sent there"`
	Models   int       `json:"models" doc:"that are offered"`
	Requests int64     `json:"requests" doc:"since this process began"`
	Failed   int64     `json:"failed"`
	Replicas []Replica `json:"replicas"`
}

// Replica is one address of a server.
type Replica struct {
	Address   string  `json:"address"`
	Answers   bool    `json:"answers" doc:"it answered when it was last asked for its models"`
	Resting   bool    `json:"resting" doc:"it failed in a row and is left alone for a moment"`
	InFlight  int     `json:"in_flight" doc:"requests from here that it works on"`
	Models    int     `json:"models"`
	Probed    int64   `json:"probed" doc:"when it was last asked, 0: not yet"`
	LatencyMS float64 `json:"latency_ms" doc:"until it gave its models the last time, 0: never"`
	FirstMS   float64 `json:"first_ms" doc:"until the first piece of its newest answer, 0: never"`
	Failure   string  `json:"failure" doc:"the newest one, empty: none"`
	FailedAt  int64   `json:"failed_at"`
}

type upstreamsBody struct {
	Upstreams []Upstream `json:"upstreams"`
}

func (a *API) upstreams() {
	call(a, door.Admin, "GET /api/admin/upstreams", "How the servers are whose models are offered too", func(context.Context, *none) (upstreamsBody, error) {
		out := upstreamsBody{Upstreams: []Upstream{}}
		if a.opt.Upstreams != nil {
			out.Upstreams = append(out.Upstreams, a.opt.Upstreams.Upstreams()...)
		}
		return out, nil
	})
}
