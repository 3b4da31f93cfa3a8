package app

import (
	"context"
	"runtime"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Site says how the place is doing where the site's data lie.
type Site interface {
	Health(ctx context.Context) Health
}

// Health is the state of the site's data and processes.
type Health struct {
	Database DatabaseHealth `json:"database"`
	Disk     DiskHealth     `json:"disk"`
	Answers  int            `json:"answers" doc:"being made in this process"`
	Nodes    []NodeHealth   `json:"nodes"`
}

// DatabaseHealth is the state of the database.
type DatabaseHealth struct {
	Kind     string `json:"kind" doc:"sqlite or postgres"`
	OK       bool   `json:"ok"`
	ReadOnly bool   `json:"read_only" doc:"the disk takes no writes"`
	Bytes    int64  `json:"bytes"`
	Schema   int64  `json:"schema" doc:"the newest migration"`
}

// DiskHealth is the room, in bytes, where the data lie; 0 where it is not known.
type DiskHealth struct {
	Free  int64 `json:"free"`
	Total int64 `json:"total"`
}

// NodeHealth is one process of the site.
type NodeHealth struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Started int64  `json:"started"`
	Seen    int64  `json:"seen"`
	Current bool   `json:"current"`
}

type healthBody struct {
	Version    string `json:"version"`
	UptimeMS   int64  `json:"uptime_ms"`
	Goroutines int    `json:"goroutines"`
	Memory     uint64 `json:"memory" doc:"bytes that the process holds from the system"`
	Streams    int    `json:"streams" doc:"open to readers in this process"`
	Health
}

type siteModel struct {
	wire.Model
	Running int `json:"running"`
	Waiting int `json:"waiting"`
}

type siteModels struct {
	Models []siteModel `json:"models"`
}

type settingsBody struct {
	KRWPerHour   float64   `json:"krw_per_hour" minimum:"0"`
	DefaultQuota quotaBody `json:"default_quota"`
	SignUp       string    `json:"signup" enum:"invite,closed"`
	// Filter may be left out of a change, which leaves it as it is.
	Filter *filterBody `json:"filter,omitempty"`
}

// filterBody is how strictly questions and answers are filtered.
type filterBody struct {
	Profanity string `json:"profanity" enum:"off,low,strict"`
	Hate      string `json:"hate" enum:"off,low,strict"`
	Sexual    string `json:"sexual" enum:"off,low,strict"`
	Judge     bool   `json:"judge" doc:"a model judges too, before and after each answer"`
}

func (a *API) newSettings(s account.Site) settingsBody {
	f := filterBody(s.Filter.Or(a.opt.FilterLevel))
	return settingsBody{s.KRWPerHour, newQuota(s.DefaultQuota), s.SignUp, &f}
}

// settings are what a change makes of the site's settings.
func (a *API) settings(ctx context.Context, b settingsBody) (account.Site, error) {
	site := account.Site{KRWPerHour: b.KRWPerHour, DefaultQuota: account.Quota(b.DefaultQuota), SignUp: b.SignUp}
	if b.Filter != nil {
		site.Filter = account.TextFilter(*b.Filter)
		return site, nil
	}
	old, err := a.opt.Accounts.Site(ctx, who(ctx))
	site.Filter = old.Filter
	return site, err
}

func (a *API) site() {
	s := a.opt.Accounts
	call(a, door.Admin, "GET /api/admin/models", "Models with what they do now", a.siteModels)
	call(a, door.Admin, "GET /api/admin/health", "How the site is doing", a.health)
	call(a, door.Admin, "GET /api/admin/settings", "The site's settings", func(ctx context.Context, _ *none) (settingsBody, error) {
		site, err := s.Site(ctx, who(ctx))
		return a.newSettings(site), err
	})
	call(a, door.Admin, "PUT /api/admin/settings", "Change the site's settings", func(ctx context.Context, in *struct{ Body settingsBody }) (settingsBody, error) {
		site, err := a.settings(ctx, in.Body)
		if err == nil {
			site, err = s.SetSite(ctx, who(ctx), site)
		}
		return a.newSettings(site), err
	})
}

func (a *API) health(ctx context.Context, _ *none) (healthBody, error) {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b := healthBody{
		Version: a.opt.Version, UptimeMS: a.opt.Now().Sub(a.started).Milliseconds(),
		Goroutines: runtime.NumGoroutine(), Memory: memory.Sys, Streams: a.open.open(),
	}
	if a.opt.Site != nil {
		b.Health = a.opt.Site.Health(ctx)
	}
	if b.Nodes == nil {
		b.Nodes = []NodeHealth{}
	}
	return b, nil
}

// statsTimeout bounds how long a model in memory is waited for.
const statsTimeout = 2 * time.Second

func (a *API) siteModels(ctx context.Context, _ *none) (siteModels, error) {
	out := siteModels{Models: []siteModel{}}
	pool := a.poolState()
	for _, i := range a.opt.Models.List() {
		m := siteModel{Model: wire.NewModel(i)}
		switch local := resident(pool, i.Name); {
		case local != nil && !i.Remote:
			m.Running, m.Waiting = local.Stats.Running, local.Stats.Waiting
		case i.Loaded && (i.Remote || a.opt.Pool == nil):
			m.Running, m.Waiting = a.working(ctx, i)
		}
		out.Models = append(out.Models, m)
	}
	return out, nil
}

// working is what a model does now that no pool holds. One that cannot be
// reached does nothing.
func (a *API) working(ctx context.Context, i llm.Info) (running, waiting int) {
	ctx, cancel := context.WithTimeout(ctx, statsTimeout)
	defer cancel()
	m, release, err := a.opt.Models.Acquire(ctx, i.Name)
	if err != nil {
		return 0, 0
	}
	defer release()
	s := m.Stats()
	return s.Running, s.Waiting
}
