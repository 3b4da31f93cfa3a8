package converse

import (
	"context"
	"errors"
	"strings"

	"malmoi/internal/account"
)

// Prompts lists the prompt library.
func (s *Service) Prompts(ctx context.Context, p account.Principal) ([]Prompt, error) {
	return s.store.Prompts(ctx, p.User)
}

// PutPrompt adds a prompt, or replaces the one with its id.
func (s *Service) PutPrompt(ctx context.Context, p account.Principal, x Prompt) (Prompt, error) {
	if err := writes(p); err != nil {
		return x, err
	}
	if err := checkName("name", &x.Name); err != nil {
		return x, err
	}
	if err := checkText("text", x.Text, MaxText); err != nil {
		return x, err
	}
	if strings.TrimSpace(x.Text) == "" {
		return x, invalid("text", "must not be empty")
	}
	all, err := s.store.Prompts(ctx, p.User)
	if err != nil {
		return x, err
	}
	if x.ID, x.Created, err = place(s, all, x.ID, MaxLibrary, func(o Prompt) (string, created) { return o.ID, o.Created }); err != nil {
		return x, err
	}
	return x, s.store.PutPrompt(ctx, p.User, x)
}

// DeletePrompt forgets a prompt.
func (s *Service) DeletePrompt(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	return s.store.DeletePrompt(ctx, p.User, id)
}

// Presets lists the presets.
func (s *Service) Presets(ctx context.Context, p account.Principal) ([]Preset, error) {
	return s.store.Presets(ctx, p.User)
}

// PutPreset adds a preset, or replaces the one with its id.
func (s *Service) PutPreset(ctx context.Context, p account.Principal, x Preset) (Preset, error) {
	if err := writes(p); err != nil {
		return x, err
	}
	if err := checkName("name", &x.Name); err != nil {
		return x, err
	}
	if err := checkChat(nil, &x.Model, &x.System); err != nil {
		return x, err
	}
	if !ToneKnown(x.Tone) {
		return x, invalid("tone", "must be haeyo, hapsyo, english or empty")
	}
	if err := x.Params.check(); err != nil {
		return x, err
	}
	all, err := s.store.Presets(ctx, p.User)
	if err != nil {
		return x, err
	}
	if x.ID, x.Created, err = place(s, all, x.ID, MaxLibrary, func(o Preset) (string, created) { return o.ID, o.Created }); err != nil {
		return x, err
	}
	return x, s.store.PutPreset(ctx, p.User, x)
}

// DeletePreset forgets a preset. Chats that use it go on without.
func (s *Service) DeletePreset(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	return s.store.DeletePreset(ctx, p.User, id)
}

// Memories lists what the models are told about the user.
func (s *Service) Memories(ctx context.Context, p account.Principal) ([]Memory, error) {
	return s.store.Memories(ctx, p.User)
}

// PutMemory adds a memory, or replaces the one with its id.
func (s *Service) PutMemory(ctx context.Context, p account.Principal, x Memory) (Memory, error) {
	if err := writes(p); err != nil {
		return x, err
	}
	x.Text = strings.Join(strings.Fields(x.Text), " ") // one line: it becomes an item of a list
	if x.Text == "" {
		return x, invalid("text", "must not be empty")
	}
	if err := checkText("text", x.Text, MaxMemory); err != nil {
		return x, err
	}
	all, err := s.store.Memories(ctx, p.User)
	if err != nil {
		return x, err
	}
	if x.ID, x.Created, err = place(s, all, x.ID, MaxMemories, func(o Memory) (string, created) { return o.ID, o.Created }); err != nil {
		return x, err
	}
	return x, s.store.PutMemory(ctx, p.User, x)
}

// DeleteMemory forgets a memory.
func (s *Service) DeleteMemory(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	return s.store.DeleteMemory(ctx, p.User, id)
}

// Settings are the user's own.
func (s *Service) Settings(ctx context.Context, p account.Principal) (Settings, error) {
	return s.store.Settings(ctx, p.User)
}

// PutSettings replaces the user's settings.
func (s *Service) PutSettings(ctx context.Context, p account.Principal, x Settings) (Settings, error) {
	if err := writes(p); err != nil {
		return x, err
	}
	if err := checkChat(nil, &x.DefaultModel, &x.System); err != nil {
		return x, err
	}
	if !ToneKnown(x.Tone) {
		return x, invalid("tone", "must be haeyo, hapsyo, english or empty")
	}
	if x.Language != "" && x.Language != "ko" && x.Language != "en" {
		return x, invalid("language", "must be ko, en or empty")
	}
	if err := errors.Join(x.Params.check(), x.Skills.check(), checkChosen(x.Chosen)); err != nil {
		return x, err
	}
	x.Chosen = tidyNames(x.Chosen)
	return x, s.store.PutSettings(ctx, p.User, x)
}
