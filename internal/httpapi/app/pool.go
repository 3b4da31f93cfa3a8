package app

import (
	"context"
	"net/http"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Pool is what holds local models in memory. Unload must take out only a model
// that nobody uses, and report whether it did.
type Pool interface {
	State() llm.PoolState
	Unload(name string) bool
}

// actUnloaded is an action of the audit log.
const actUnloaded = "model.unload"

// residentBody is a local model in memory.
type residentBody struct {
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes" doc:"as estimated before it was loaded, 0 where memory has no limit"`
	Users   int    `json:"users" doc:"requests that use or await it; with none it may be unloaded"`
	Loading bool   `json:"loading"`
	Running int    `json:"running"`
	Waiting int    `json:"waiting"`
}

type poolBody struct {
	Limit       int            `json:"limit" doc:"models that may be in memory at once, 0 where this process loads none"`
	Bytes       int64          `json:"bytes" doc:"that the models in memory take, as estimated"`
	BytesLimit  int64          `json:"bytes_limit" doc:"that they may take together, 0: no limit"`
	KeepAliveMS int64          `json:"keep_alive_ms" doc:"how long a model stays that nobody uses, 0: until another one needs the room"`
	Models      []residentBody `json:"models"`
}

type unloadBody struct {
	Model string `json:"model" minLength:"1" maxLength:"256"`
}

func (a *API) pool() {
	call(a, door.Admin, "GET /api/admin/pool", "Which local models are in memory, and what may be there", func(context.Context, *none) (poolBody, error) {
		return newPool(a.poolState()), nil
	})
	do(a, door.Admin, "POST /api/admin/pool/unload", "Take a local model out of memory that nobody uses", func(ctx context.Context, in *struct{ Body unloadBody }) error {
		return a.unload(ctx, who(ctx), in.Body.Model)
	})
}

func (a *API) poolState() llm.PoolState {
	if a.opt.Pool == nil {
		return llm.PoolState{}
	}
	return a.opt.Pool.State()
}

func newPool(s llm.PoolState) poolBody {
	out := poolBody{Limit: s.Limit, BytesLimit: s.Memory, KeepAliveMS: s.KeepAlive.Milliseconds(), Models: []residentBody{}}
	for _, r := range s.Residents {
		out.Bytes += r.Bytes
		out.Models = append(out.Models, residentBody{r.Name, r.Bytes, r.Users, r.Loading, r.Stats.Running, r.Stats.Waiting})
	}
	return out
}

// unload frees a model's memory. A model that somebody uses stays: no answer is
// broken off by it.
func (a *API) unload(ctx context.Context, p account.Principal, model string) error {
	if r := resident(a.poolState(), model); r == nil {
		return notFound()
	}
	if !a.opt.Pool.Unload(model) {
		return &wire.Error{Status: http.StatusConflict, Type: wire.TypeInvalid, Code: "model_in_use",
			Message: "somebody uses the model now; try again when its answers are done"}
	}
	return a.opt.Accounts.Note(ctx, p, actUnloaded, model, "")
}

// resident is a model in memory, nil if it is not there.
func resident(s llm.PoolState, name string) *llm.Resident {
	for i := range s.Residents {
		if s.Residents[i].Name == name {
			return &s.Residents[i]
		}
	}
	return nil
}
