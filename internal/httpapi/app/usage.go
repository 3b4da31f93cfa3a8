package app

import "malmoi/internal/account"

type daysInput struct {
	Days int `query:"days" default:"30" minimum:"1" maximum:"400"`
}

type SumBody struct {
	Requests         int64   `json:"requests"`
	PromptTokens     int64   `json:"prompt_tokens"`
	CachedTokens     int64   `json:"cached_tokens"`
	CompletionTokens int64   `json:"completion_tokens"`
	CostKRW          float64 `json:"cost_krw"`
}

type dayUsage struct {
	Day string `json:"day" doc:"in Seoul, as 2026-11-24"`
	SumBody
}

type modelUsage struct {
	Model string `json:"model"`
	SumBody
}

type userUsage struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	SumBody
}

type quotaState struct {
	TokensPerDay   int64 `json:"tokens_per_day" doc:"0: no limit"`
	RequestsPerDay int64 `json:"requests_per_day"`
	TokensToday    int64 `json:"tokens_today"`
	RequestsToday  int64 `json:"requests_today"`
}

type usageBody struct {
	Days   []dayUsage   `json:"days"`
	Models []modelUsage `json:"models"`
	Users  *[]userUsage `json:"users,omitempty"`
	Quota  quotaState   `json:"quota"`
}

func newUsage(u account.Usage, users bool) usageBody {
	b := usageBody{Days: []dayUsage{}, Models: []modelUsage{}, Quota: quotaState(u.Quota)}
	for _, d := range u.Days {
		b.Days = append(b.Days, dayUsage{d.Day, SumBody(d.Sum)})
	}
	for _, m := range u.Models {
		b.Models = append(b.Models, modelUsage{m.Model, SumBody(m.Sum)})
	}
	if users {
		list := []userUsage{}
		for _, p := range u.Users {
			list = append(list, userUsage{string(p.ID), p.Name, SumBody(p.Sum)})
		}
		b.Users = &list
	}
	return b
}
