package app

import (
	"time"

	api "malmoi/internal/httpapi/app"
	"malmoi/internal/upstream"
)

// others are the upstreams, as the API shows them to administrators.
type others struct{ set *upstream.Set }

// Upstreams implements api.Upstreams.
func (o others) Upstreams() []api.Upstream {
	var out []api.Upstream
	for _, h := range o.set.Health() {
		u := api.Upstream{Name: h.Name, Masked: h.Masked, Models: h.Models, Requests: h.Requests, Failed: h.Failed, Replicas: []api.Replica{}}
		for _, r := range h.Replicas {
			u.Replicas = append(u.Replicas, api.Replica{
				Address: r.Address, Answers: r.Answers, Resting: r.Resting, InFlight: r.InFlight, Models: r.Models, Probed: millis(r.Probed),
				LatencyMS: milliseconds(r.Latency), FirstMS: milliseconds(r.First), Failure: r.Failure, FailedAt: millis(r.FailedAt),
			})
		}
		out = append(out, u)
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// millis is a time as the API says it, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
