package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"malmoi/internal/converse"
	"malmoi/internal/terms"
)

const chatColumns = `c.id, c.title, c.named, c.model, c.folder, c.preset, c.system, c.leaf, c.pinned, c.archived, c.created, c.updated, c.skills, c.skill_names,
	(SELECT count(*) FROM imports i WHERE i.chat = c.id),
	(SELECT count(*) FROM messages m WHERE m.chat = c.id AND m.deleted = 0),
	(SELECT count(*) FROM messages m WHERE m.chat = c.id AND m.deleted = 0 AND m.status = 'live')`

func scanChat(r scanner) (converse.Chat, error) {
	var c converse.Chat
	var named, pinned, archived, created, updated, imported, live int64
	var names string
	err := r.Scan(&c.ID, &c.Title, &named, &c.Model, &c.Folder, &c.Preset, &c.System, &c.Leaf, &pinned, &archived, &created, &updated, &c.Skills, &names, &imported, &c.Messages, &live)
	if err != nil {
		return c, err
	}
	chosen, err := fromJSON[[]string](names)
	if chosen != nil {
		c.Chosen = *chosen
	}
	c.Named, c.Pinned, c.Archived, c.Imported, c.Live = named != 0, pinned != 0, archived != 0, imported != 0, live != 0
	c.Created, c.Updated = fromMillis(created), fromMillis(updated)
	return c, err
}

func chatOf(ctx context.Context, q Q, o converse.Owner, id string) (converse.Chat, error) {
	return scanChat(q.QueryRow(ctx, `SELECT `+chatColumns+` FROM chats c WHERE c.id = ? AND c.owner = ? AND c.deleted = 0`, id, string(o)))
}

// AddChat adds a chat, or returns the owner's that has its id.
func (c *Conversations) AddChat(ctx context.Context, o converse.Owner, n converse.Chat) (converse.Chat, error) {
	var out converse.Chat
	err := c.write(ctx, func(tx Q) error {
		if err := insertChat(ctx, tx, o, n, true); err != nil {
			return err
		}
		var err error
		out, err = chatOf(ctx, tx, o, n.ID)
		return err
	})
	return out, err
}

func insertChat(ctx context.Context, tx Q, o converse.Owner, n converse.Chat, again bool) error {
	names, err := namesJSON(n.Chosen)
	if err != nil {
		return err
	}
	query := `INSERT INTO chats (id, owner, title, named, model, folder, preset, system, leaf, pinned, archived, created, updated, skills, skill_names, deleted)
		VALUES (` + marks(15) + `, 0)`
	if again {
		query += ` ON CONFLICT (id) DO NOTHING`
	}
	_, err = tx.Exec(ctx, query, n.ID, string(o), n.Title, flag(n.Named), n.Model, n.Folder, n.Preset, n.System, n.Leaf,
		flag(n.Pinned), flag(n.Archived), millis(n.Created), millis(n.Updated), string(n.Skills), names)
	return err
}

// namesJSON is a list as a column, ” for an empty one.
func namesJSON(names []string) (string, error) {
	if len(names) == 0 {
		return "", nil
	}
	return asJSON(&names)
}

// Chat returns one chat.
func (c *Conversations) Chat(ctx context.Context, o converse.Owner, id string) (converse.Chat, error) {
	out, err := chatOf(ctx, c.db.Q, o, id)
	return out, converseError(err)
}

// Chats lists one page.
func (c *Conversations) Chats(ctx context.Context, o converse.Owner, q converse.ChatQuery) ([]converse.Chat, string, error) {
	where := `c.owner = ? AND c.deleted = 0 AND c.archived = ?`
	args := []any{string(o), flag(q.Archived)}
	if q.Folder != nil {
		where += ` AND c.folder = ?`
		args = append(args, *q.Folder)
	}
	if q.Before != "" {
		pinned, updated, id, err := readCursor(q.Before)
		if err != nil {
			return nil, "", err
		}
		where += ` AND (c.pinned, c.updated, c.id) < (?, ?, ?)`
		args = append(args, pinned, updated, id)
	}
	rows, err := c.db.Query(ctx, `SELECT `+chatColumns+` FROM chats c WHERE `+where+` ORDER BY c.pinned DESC, c.updated DESC, c.id DESC LIMIT ?`, append(args, q.Limit+1)...)
	out, err := list(rows, err, scanChat)
	if err != nil || len(out) <= q.Limit {
		return out, "", converseError(err)
	}
	out = out[:q.Limit]
	last := out[q.Limit-1]
	return out, fmt.Sprintf("%d.%d.%s", flag(last.Pinned), millis(last.Updated), last.ID), nil
}

func readCursor(s string) (pinned, updated int64, id string, err error) {
	a, rest, _ := strings.Cut(s, ".")
	b, id, ok := strings.Cut(rest, ".")
	pinned, e1 := strconv.ParseInt(a, 10, 64)
	updated, e2 := strconv.ParseInt(b, 10, 64)
	if !ok || e1 != nil || e2 != nil {
		return 0, 0, "", &converse.InvalidError{Field: "before", Reason: "is not the 'next' of a page"}
	}
	return pinned, updated, id, nil
}

// ChangeChat changes a chat's own fields.
func (c *Conversations) ChangeChat(ctx context.Context, o converse.Owner, id string, n converse.ChatChange) (converse.Chat, error) {
	var out converse.Chat
	err := c.write(ctx, func(tx Q) error {
		if _, err := chatOf(ctx, tx, o, id); err != nil {
			return err
		}
		s, err := chatSet(n)
		if err != nil {
			return err
		}
		if n.Leaf != nil {
			if err := inChat(ctx, tx, o, id, *n.Leaf); err != nil {
				return err
			}
			s.add("leaf", *n.Leaf)
		}
		if err := s.update(ctx, tx, "chats", id); err != nil {
			return err
		}
		out, err = chatOf(ctx, tx, o, id)
		return err
	})
	return out, err
}

func chatSet(n converse.ChatChange) (*set, error) {
	s := &set{}
	for _, f := range []struct {
		column string
		value  *string
	}{{"title", n.Title}, {"model", n.Model}, {"folder", n.Folder}, {"preset", n.Preset}, {"system", n.System}, {"skills", (*string)(n.Skills)}} {
		if f.value != nil {
			s.add(f.column, *f.value)
		}
	}
	if n.Title != nil {
		s.add("named", 1)
	}
	if n.Pinned != nil {
		s.add("pinned", flag(*n.Pinned))
	}
	if n.Archived != nil {
		s.add("archived", flag(*n.Archived))
	}
	if n.Chosen != nil {
		names, err := namesJSON(*n.Chosen)
		if err != nil {
			return nil, err
		}
		s.add("skill_names", names)
	}
	return s, nil
}

// inChat asks that a message is one of a chat's.
func inChat(ctx context.Context, tx Q, o converse.Owner, chat, id string) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM messages WHERE id = ? AND chat = ? AND owner = ? AND deleted = 0`, id, chat, string(o)).Scan(&one)
	if err := converseError(err); errors.Is(err, converse.ErrNotFound) {
		return fmt.Errorf("message %q is not in this chat: %w", id, converse.ErrConflict)
	}
	return err
}

// NameChat sets the title unless the user has.
func (c *Conversations) NameChat(ctx context.Context, o converse.Owner, id, title string) (converse.Chat, error) {
	var out converse.Chat
	err := c.write(ctx, func(tx Q) error {
		_, err := tx.Exec(ctx, `UPDATE chats SET title = ? WHERE id = ? AND owner = ? AND deleted = 0 AND named = 0`, title, id, string(o))
		if err == nil {
			out, err = chatOf(ctx, tx, o, id)
		}
		return err
	})
	return out, err
}

// DeleteChat hides a chat.
func (c *Conversations) DeleteChat(ctx context.Context, o converse.Owner, id string, now time.Time) error {
	return c.write(ctx, func(tx Q) error {
		return some(tx.Exec(ctx, `UPDATE chats SET deleted = ? WHERE id = ? AND owner = ? AND deleted = 0`, millis(now), id, string(o)))
	})
}

// RestoreChat shows a hidden chat again.
func (c *Conversations) RestoreChat(ctx context.Context, o converse.Owner, id string) (converse.Chat, error) {
	var out converse.Chat
	err := c.write(ctx, func(tx Q) error {
		if err := some(tx.Exec(ctx, `UPDATE chats SET deleted = 0 WHERE id = ? AND owner = ? AND deleted <> 0`, id, string(o))); err != nil {
			return err
		}
		var err error
		out, err = chatOf(ctx, tx, o, id)
		return err
	})
	return out, err
}

// Purge forgets what was hidden before a time.
func (c *Conversations) Purge(ctx context.Context, before time.Time) error {
	return c.write(ctx, func(tx Q) error {
		for _, table := range []string{"chats", "messages"} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE deleted <> 0 AND deleted < ?`, millis(before)); err != nil {
				return err
			}
		}
		return nil
	})
}

// SearchTitles finds chats whose title has all words of the query, newest
// first. Titles are few and short: they need no index.
func (c *Conversations) SearchTitles(ctx context.Context, o converse.Owner, query string, limit int) ([]converse.Chat, error) {
	rows, err := c.db.Query(ctx, `SELECT `+chatColumns+` FROM chats c WHERE c.owner = ? AND c.deleted = 0 ORDER BY c.updated DESC`, string(o))
	all, err := list(rows, err, scanChat)
	words := terms.Words(query)
	var out []converse.Chat
	for _, chat := range all {
		if len(out) < limit && terms.Holds(terms.Fold(chat.Title), words) {
			out = append(out, chat)
		}
	}
	return out, converseError(err)
}

// AddTree takes over a conversation once.
func (c *Conversations) AddTree(ctx context.Context, o converse.Owner, n converse.Chat, tree []converse.Message, fingerprint string) (bool, error) {
	added := false
	err := c.write(ctx, func(tx Q) error {
		added = false
		var have int
		// A conversation that was thrown away may come again.
		err := tx.QueryRow(ctx, `SELECT count(*) FROM imports i JOIN chats c ON c.id = i.chat WHERE i.owner = ? AND i.fingerprint = ? AND c.deleted = 0`, string(o), fingerprint).Scan(&have)
		if err != nil || have > 0 {
			return err
		}
		if err := insertChat(ctx, tx, o, n, false); err != nil {
			return err
		}
		for _, m := range tree {
			if err := insertMessage(ctx, tx, o, m); err != nil {
				return err
			}
		}
		added = true
		_, err = tx.Exec(ctx, `INSERT INTO imports (owner, fingerprint, chat) VALUES (?, ?, ?) ON CONFLICT (owner, fingerprint) DO UPDATE SET chat = excluded.chat`, string(o), fingerprint, n.ID)
		return err
	})
	return added && err == nil, err
}
