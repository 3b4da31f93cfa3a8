package store

import (
	"context"
	"errors"
	"time"

	"malmoi/internal/converse"
)

// put adds a row or replaces the owner's row with its id.
func (c *Conversations) put(ctx context.Context, o converse.Owner, table, id string, s *set, created time.Time) error {
	return c.write(ctx, func(tx Q) error {
		var owner string
		err := tx.QueryRow(ctx, `SELECT owner FROM `+table+` WHERE id = ?`, id).Scan(&owner)
		if err == nil {
			if owner != string(o) {
				return converse.ErrNotFound
			}
			return s.update(ctx, tx, table, id)
		}
		if !errors.Is(converseError(err), converse.ErrNotFound) {
			return err
		}
		columns, args := `id, owner, created`, []any{id, string(o), millis(created)}
		for i, col := range s.columns {
			columns += `, ` + col[:len(col)-len(" = ?")]
			args = append(args, s.args[i])
		}
		_, err = tx.Exec(ctx, `INSERT INTO `+table+` (`+columns+`) VALUES (`+marks(len(args))+`)`, args...)
		return err
	})
}

func (c *Conversations) remove(ctx context.Context, o converse.Owner, table, id string) error {
	return c.write(ctx, func(tx Q) error {
		return some(tx.Exec(ctx, `DELETE FROM `+table+` WHERE id = ? AND owner = ?`, id, string(o)))
	})
}

// PutPrompt adds or replaces a prompt.
func (c *Conversations) PutPrompt(ctx context.Context, o converse.Owner, p converse.Prompt) error {
	s := &set{}
	s.add("name", p.Name)
	s.add("body", p.Text)
	return c.put(ctx, o, "prompts", p.ID, s, p.Created)
}

// Prompts lists by name.
func (c *Conversations) Prompts(ctx context.Context, o converse.Owner) ([]converse.Prompt, error) {
	rows, err := c.db.Query(ctx, `SELECT id, name, body, created FROM prompts WHERE owner = ? ORDER BY name, id`, string(o))
	return list(rows, err, func(r scanner) (converse.Prompt, error) {
		var p converse.Prompt
		var created int64
		err := r.Scan(&p.ID, &p.Name, &p.Text, &created)
		p.Created = fromMillis(created)
		return p, err
	})
}

// DeletePrompt forgets a prompt.
func (c *Conversations) DeletePrompt(ctx context.Context, o converse.Owner, id string) error {
	return c.remove(ctx, o, "prompts", id)
}

// PutPreset adds or replaces a preset.
func (c *Conversations) PutPreset(ctx context.Context, o converse.Owner, p converse.Preset) error {
	params, err := asJSON(&p.Params)
	if err != nil {
		return err
	}
	s := &set{}
	s.add("name", p.Name)
	s.add("model", p.Model)
	s.add("system", p.System)
	s.add("tone", p.Tone)
	s.add("params", params)
	return c.put(ctx, o, "presets", p.ID, s, p.Created)
}

// Presets lists by name.
func (c *Conversations) Presets(ctx context.Context, o converse.Owner) ([]converse.Preset, error) {
	rows, err := c.db.Query(ctx, `SELECT id, name, model, system, tone, params, created FROM presets WHERE owner = ? ORDER BY name, id`, string(o))
	return list(rows, err, func(r scanner) (converse.Preset, error) {
		var p converse.Preset
		var params string
		var created int64
		if err := r.Scan(&p.ID, &p.Name, &p.Model, &p.System, &p.Tone, &params, &created); err != nil {
			return p, err
		}
		p.Created = fromMillis(created)
		knobs, err := fromJSON[converse.Params](params)
		if knobs != nil {
			p.Params = *knobs
		}
		return p, err
	})
}

// DeletePreset forgets a preset.
func (c *Conversations) DeletePreset(ctx context.Context, o converse.Owner, id string) error {
	return c.remove(ctx, o, "presets", id)
}

// PutMemory adds or replaces a memory.
func (c *Conversations) PutMemory(ctx context.Context, o converse.Owner, m converse.Memory) error {
	s := &set{}
	s.add("body", m.Text)
	s.add("enabled", flag(m.Enabled))
	return c.put(ctx, o, "memories", m.ID, s, m.Created)
}

// Memories lists oldest first.
func (c *Conversations) Memories(ctx context.Context, o converse.Owner) ([]converse.Memory, error) {
	rows, err := c.db.Query(ctx, `SELECT id, body, enabled, created FROM memories WHERE owner = ? ORDER BY created, id`, string(o))
	return list(rows, err, func(r scanner) (converse.Memory, error) {
		var m converse.Memory
		var enabled, created int64
		err := r.Scan(&m.ID, &m.Text, &enabled, &created)
		m.Enabled, m.Created = enabled != 0, fromMillis(created)
		return m, err
	})
}

// DeleteMemory forgets a memory.
func (c *Conversations) DeleteMemory(ctx context.Context, o converse.Owner, id string) error {
	return c.remove(ctx, o, "memories", id)
}

// Settings are the owner's; who has none gets the first ones.
func (c *Conversations) Settings(ctx context.Context, o converse.Owner) (converse.Settings, error) {
	first := converse.Settings{Memory: true}
	var body string
	err := c.db.QueryRow(ctx, `SELECT body FROM user_settings WHERE owner = ?`, string(o)).Scan(&body)
	if err = converseError(err); errors.Is(err, converse.ErrNotFound) {
		return first, nil
	}
	if err != nil {
		return first, err
	}
	s, err := fromJSON[converse.Settings](body)
	if err != nil || s == nil {
		return first, err
	}
	return *s, nil
}

// PutSettings replaces the owner's settings.
func (c *Conversations) PutSettings(ctx context.Context, o converse.Owner, s converse.Settings) error {
	body, err := asJSON(&s)
	if err != nil {
		return err
	}
	return c.write(ctx, func(tx Q) error {
		_, err := tx.Exec(ctx, `INSERT INTO user_settings (owner, body) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET body = excluded.body`, string(o), body)
		return err
	})
}
