package app

import (
	"context"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
)

type promptBody struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Text    string `json:"text" doc:"{{name}} in it asks for a value"`
	Created int64  `json:"created"`
}

type promptsBody struct {
	Prompts []promptBody `json:"prompts"`
}

type newPromptBody struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

type promptChange struct {
	Name *string `json:"name,omitempty"`
	Text *string `json:"text,omitempty"`
}

func newPrompt(p converse.Prompt) promptBody {
	return promptBody{p.ID, p.Name, p.Text, millis(p.Created)}
}

func (a *API) library() {
	a.prompts()
	a.presets()
	a.memories()
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/settings", "My settings", func(ctx context.Context, _ *none) (converse.Settings, error) {
		return s.Settings(ctx, who(ctx))
	})
	sized(a, door.Writes, "PUT /api/settings", "Change my settings", maxText, func(ctx context.Context, in *struct{ Body converse.Settings }) (converse.Settings, error) {
		return s.PutSettings(ctx, who(ctx), in.Body)
	})
}

func (a *API) prompts() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/prompts", "List my prompts", func(ctx context.Context, _ *none) (promptsBody, error) {
		list, err := s.Prompts(ctx, who(ctx))
		out := promptsBody{Prompts: []promptBody{}}
		for _, p := range list {
			out.Prompts = append(out.Prompts, newPrompt(p))
		}
		return out, err
	})
	sized(a, door.Writes, "POST /api/prompts", "Add a prompt", maxText, func(ctx context.Context, in *struct{ Body newPromptBody }) (promptBody, error) {
		p, err := s.PutPrompt(ctx, who(ctx), converse.Prompt{Name: in.Body.Name, Text: in.Body.Text})
		return newPrompt(p), err
	})
	sized(a, door.Writes, "PATCH /api/prompts/{id}", "Change a prompt", maxText, func(ctx context.Context, in *struct {
		ByID
		Body promptChange
	}) (promptBody, error) {
		p, err := one(ctx, in.ID, s.Prompts, func(p converse.Prompt) string { return p.ID })
		if err != nil {
			return promptBody{}, err
		}
		set(&p.Name, in.Body.Name)
		set(&p.Text, in.Body.Text)
		p, err = s.PutPrompt(ctx, who(ctx), p)
		return newPrompt(p), err
	})
	do(a, door.Writes, "DELETE /api/prompts/{id}", "Delete a prompt", func(ctx context.Context, in *ByID) error {
		return s.DeletePrompt(ctx, who(ctx), in.ID)
	})
}

type presetBody struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Model   string          `json:"model"`
	System  string          `json:"system"`
	Tone    string          `json:"tone"`
	Params  converse.Params `json:"params"`
	Created int64           `json:"created"`
}

type presetsBody struct {
	Presets []presetBody `json:"presets"`
}

type presetChange struct {
	Name   *string          `json:"name,omitempty"`
	Model  *string          `json:"model,omitempty"`
	System *string          `json:"system,omitempty"`
	Tone   *string          `json:"tone,omitempty"`
	Params *converse.Params `json:"params,omitempty"`
}

func newPreset(p converse.Preset) presetBody {
	return presetBody{p.ID, p.Name, p.Model, p.System, p.Tone, p.Params, millis(p.Created)}
}

func (c presetChange) apply(p *converse.Preset) {
	set(&p.Name, c.Name)
	set(&p.Model, c.Model)
	set(&p.System, c.System)
	set(&p.Tone, c.Tone)
	set(&p.Params, c.Params)
}

func (a *API) presets() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/presets", "List my presets", func(ctx context.Context, _ *none) (presetsBody, error) {
		list, err := s.Presets(ctx, who(ctx))
		out := presetsBody{Presets: []presetBody{}}
		for _, p := range list {
			out.Presets = append(out.Presets, newPreset(p))
		}
		return out, err
	})
	sized(a, door.Writes, "POST /api/presets", "Add a preset", maxText, func(ctx context.Context, in *struct{ Body presetChange }) (presetBody, error) {
		var p converse.Preset
		in.Body.apply(&p)
		p, err := s.PutPreset(ctx, who(ctx), p)
		return newPreset(p), err
	})
	sized(a, door.Writes, "PATCH /api/presets/{id}", "Change a preset", maxText, func(ctx context.Context, in *struct {
		ByID
		Body presetChange
	}) (presetBody, error) {
		p, err := one(ctx, in.ID, s.Presets, func(p converse.Preset) string { return p.ID })
		if err != nil {
			return presetBody{}, err
		}
		in.Body.apply(&p)
		p, err = s.PutPreset(ctx, who(ctx), p)
		return newPreset(p), err
	})
	do(a, door.Writes, "DELETE /api/presets/{id}", "Delete a preset", func(ctx context.Context, in *ByID) error {
		return s.DeletePreset(ctx, who(ctx), in.ID)
	})
}

type memoryBody struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	Enabled bool   `json:"enabled"`
	Created int64  `json:"created"`
}

type memoriesBody struct {
	Memories []memoryBody `json:"memories"`
}

type newMemoryBody struct {
	Text    string `json:"text"`
	Enabled *bool  `json:"enabled,omitempty" doc:"true if it is left out"`
}

type memoryChange struct {
	Text    *string `json:"text,omitempty"`
	Enabled *bool   `json:"enabled,omitempty"`
}

func newMemory(m converse.Memory) memoryBody {
	return memoryBody{m.ID, m.Text, m.Enabled, millis(m.Created)}
}

func (a *API) memories() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/memories", "What the models are told about me", func(ctx context.Context, _ *none) (memoriesBody, error) {
		list, err := s.Memories(ctx, who(ctx))
		out := memoriesBody{Memories: []memoryBody{}}
		for _, m := range list {
			out.Memories = append(out.Memories, newMemory(m))
		}
		return out, err
	})
	call(a, door.Writes, "POST /api/memories", "Add a memory", func(ctx context.Context, in *struct{ Body newMemoryBody }) (memoryBody, error) {
		m := converse.Memory{Text: in.Body.Text, Enabled: true}
		set(&m.Enabled, in.Body.Enabled)
		m, err := s.PutMemory(ctx, who(ctx), m)
		return newMemory(m), err
	})
	call(a, door.Writes, "PATCH /api/memories/{id}", "Change a memory or switch it off", func(ctx context.Context, in *struct {
		ByID
		Body memoryChange
	}) (memoryBody, error) {
		m, err := one(ctx, in.ID, s.Memories, func(m converse.Memory) string { return m.ID })
		if err != nil {
			return memoryBody{}, err
		}
		set(&m.Text, in.Body.Text)
		set(&m.Enabled, in.Body.Enabled)
		m, err = s.PutMemory(ctx, who(ctx), m)
		return newMemory(m), err
	})
	do(a, door.Writes, "DELETE /api/memories/{id}", "Delete a memory", func(ctx context.Context, in *ByID) error {
		return s.DeleteMemory(ctx, who(ctx), in.ID)
	})
}

// one finds what has an id among what is somebody's own.
func one[T any](ctx context.Context, id string, list func(context.Context, account.Principal) ([]T, error), idOf func(T) string) (T, error) {
	var zero T
	all, err := list(ctx, who(ctx))
	if err != nil {
		return zero, err
	}
	for _, x := range all {
		if idOf(x) == id {
			return x, nil
		}
	}
	return zero, notFound()
}

// set changes a field if there is something to change it to.
func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}
