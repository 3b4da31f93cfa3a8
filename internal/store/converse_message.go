package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"malmoi/internal/converse"
)

const messageColumns = `m.id, m.chat, m.parent, m.role, m.content, m.reasoning, m.tool_calls, m.model, m.status, m.failure, m.counts,
	m.vote, m.compare_group, m.pasted, m.params, m.created, m.node, m.lease, m.stop`

func scanMessage(r scanner) (converse.Message, error) {
	var m converse.Message
	var calls, failure, counts, params string
	var created, lease, stop int64
	err := r.Scan(&m.ID, &m.Chat, &m.Parent, &m.Role, &m.Content, &m.Reasoning, &calls, &m.Model, &m.Status, &failure, &counts,
		&m.Vote, &m.Compare, &m.Pasted, &params, &created, &m.Node, &lease, &stop)
	if err != nil {
		return m, err
	}
	m.Created, m.Lease, m.Stop = fromMillis(created), fromMillis(lease), stop != 0
	return m, decodeMessage(&m, calls, failure, counts, params)
}

func decodeMessage(m *converse.Message, calls, failure, counts, params string) error {
	var err error
	if m.Failure, err = fromJSON[converse.Failure](failure); err != nil {
		return err
	}
	if m.Usage, err = fromJSON[converse.Usage](counts); err != nil {
		return err
	}
	list, err := fromJSON[[]converse.ToolCall](calls)
	if err != nil {
		return err
	}
	if list != nil {
		m.ToolCalls = *list
	}
	knobs, err := fromJSON[converse.Params](params)
	if knobs != nil {
		m.Params = *knobs
	}
	return err
}

// encoded are the columns of JSON: tool calls, failure, counts, params.
func encoded(m converse.Message) ([4]string, error) {
	var out [4]string
	var err error
	if len(m.ToolCalls) > 0 {
		if out[0], err = asJSON(&m.ToolCalls); err != nil {
			return out, err
		}
	}
	if out[1], err = asJSON(m.Failure); err != nil {
		return out, err
	}
	if out[2], err = asJSON(m.Usage); err != nil {
		return out, err
	}
	if m.Params != (converse.Params{}) {
		out[3], err = asJSON(&m.Params)
	}
	return out, err
}

func messageOf(ctx context.Context, q Q, o converse.Owner, id string) (converse.Message, error) {
	return scanMessage(q.QueryRow(ctx, `SELECT `+messageColumns+` FROM messages m JOIN chats c ON c.id = m.chat
		WHERE m.id = ? AND m.owner = ? AND m.deleted = 0 AND c.deleted = 0`, id, string(o)))
}

func insertMessage(ctx context.Context, tx Q, o converse.Owner, m converse.Message) error {
	j, err := encoded(m)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO messages (id, owner, chat, parent, role, content, reasoning, tool_calls, model, status, failure, counts, vote,
		compare_group, pasted, params, created, deleted, node, lease, stop) VALUES (`+marks(17)+`, 0, ?, ?, 0)`,
		m.ID, string(o), m.Chat, m.Parent, string(m.Role), m.Content, m.Reasoning, j[0], m.Model, string(m.Status), j[1], j[2], m.Vote,
		m.Compare, m.Pasted, j[3], millis(m.Created), m.Node, millis(m.Lease))
	if err != nil || m.Status == converse.Live {
		return err
	}
	return index(ctx, tx, m.ID, m.Content)
}

// Messages is a chat's tree, oldest first.
func (c *Conversations) Messages(ctx context.Context, o converse.Owner, chat string) ([]converse.Message, error) {
	rows, err := c.db.Query(ctx, `SELECT `+messageColumns+` FROM messages m JOIN chats c ON c.id = m.chat
		WHERE m.chat = ? AND m.owner = ? AND m.deleted = 0 AND c.deleted = 0 ORDER BY m.created, m.id`, chat, string(o))
	out, err := list(rows, err, scanMessage)
	return out, converseError(err)
}

// Message returns one message.
func (c *Conversations) Message(ctx context.Context, o converse.Owner, id string) (converse.Message, error) {
	m, err := messageOf(ctx, c.db.Q, o, id)
	return m, converseError(err)
}

// Begin writes a question and its answers, or finds them.
func (c *Conversations) Begin(ctx context.Context, o converse.Owner, b converse.Begin) (converse.Asked, error) {
	var out converse.Asked
	begin := func() error {
		return c.write(ctx, func(tx Q) error {
			var err error
			if out, err = asked(ctx, tx, o, b); err == nil || !errors.Is(converseError(err), converse.ErrNotFound) {
				return err
			}
			out, err = insertTurn(ctx, tx, o, b)
			return err
		})
	}
	err := begin()
	if b.Question != nil && errors.Is(err, ErrConflict) {
		err = begin() // somebody else wrote the same question at the same time
	}
	return out, err
}

// asked finds a question that was written before, with its answers.
func asked(ctx context.Context, tx Q, o converse.Owner, b converse.Begin) (converse.Asked, error) {
	if b.Question == nil {
		return converse.Asked{}, converse.ErrNotFound
	}
	q, err := messageOf(ctx, tx, o, b.Question.ID)
	if err != nil {
		return converse.Asked{}, err
	}
	if q.Chat != b.Chat || q.Role != converse.User {
		return converse.Asked{}, fmt.Errorf("message %q is another one: %w", q.ID, converse.ErrConflict)
	}
	rows, err := tx.Query(ctx, `SELECT `+messageColumns+` FROM messages m WHERE m.parent = ? AND m.owner = ? AND m.deleted = 0 ORDER BY m.created, m.id LIMIT ?`, q.ID, string(o), len(b.Answers))
	answers, err := list(rows, err, scanMessage)
	if err == nil && len(answers) == 0 {
		err = fmt.Errorf("the question was asked and its answers were deleted: %w", converse.ErrConflict)
	}
	return converse.Asked{Question: q, Answers: answers}, err
}

func insertTurn(ctx context.Context, tx Q, o converse.Owner, b converse.Begin) (converse.Asked, error) {
	out := converse.Asked{Answers: b.Answers}
	// The chat's row is taken first: what happens in one chat happens in order.
	if err := some(tx.Exec(ctx, `UPDATE chats SET updated = ?, leaf = ?, model = ? WHERE id = ? AND owner = ? AND deleted = 0`, millis(b.Now), b.Leaf, b.Model, b.Chat, string(o))); err != nil {
		return out, err
	}
	if err := roomFor(ctx, tx, o, len(b.Answers)); err != nil {
		return out, err
	}
	if b.Question != nil {
		out.Question = *b.Question
		if p := b.Question.Parent; p != "" {
			if err := inChat(ctx, tx, o, b.Chat, p); err != nil {
				return out, err
			}
		}
		if err := insertMessage(ctx, tx, o, *b.Question); err != nil {
			return out, err
		}
	} else if err := inChat(ctx, tx, o, b.Chat, b.Answers[0].Parent); err != nil {
		return out, err
	}
	for _, m := range b.Answers {
		if err := insertMessage(ctx, tx, o, m); err != nil {
			return out, err
		}
	}
	return out, nil
}

// roomFor asks that the owner may have more answers made.
func roomFor(ctx context.Context, tx Q, o converse.Owner, more int) error {
	var live int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM messages WHERE owner = ? AND status = 'live'`, string(o)).Scan(&live)
	if err == nil && live+more > converse.MaxLiveUser {
		return converse.ErrBusy
	}
	return err
}

// Resume makes an answer live again.
func (c *Conversations) Resume(ctx context.Context, o converse.Owner, id, node string, lease, now time.Time) (converse.Message, error) {
	var m converse.Message
	err := c.write(ctx, func(tx Q) error {
		var err error
		if m, err = messageOf(ctx, tx, o, id); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, o, 1); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE messages SET status = 'live', failure = '', node = ?, lease = ?, stop = 0, consent = '', brought_call = -1, brought = ''
			WHERE id = ? AND role = 'assistant' AND status NOT IN ('live', 'done')`, node, millis(lease), id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("only an answer that ended early goes on: %w", converse.ErrConflict)
		}
		if _, err := tx.Exec(ctx, `UPDATE chats SET updated = ? WHERE id = ?`, millis(now), m.Chat); err != nil {
			return err
		}
		if err := unindex(ctx, tx, id); err != nil {
			return err
		}
		m, err = messageOf(ctx, tx, o, id)
		return err
	})
	return m, err
}

// below is a message and all under it.
const below = `WITH RECURSIVE below (id) AS (
	SELECT id FROM messages WHERE id = ? AND owner = ? AND deleted = 0
	UNION ALL SELECT m.id FROM messages m JOIN below b ON m.parent = b.id WHERE m.deleted = 0) `

// DeleteMessage hides a message and all under it.
func (c *Conversations) DeleteMessage(ctx context.Context, o converse.Owner, id string, now time.Time) error {
	return c.write(ctx, func(tx Q) error {
		m, err := messageOf(ctx, tx, o, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, below+`UPDATE messages SET deleted = ? WHERE id IN (SELECT id FROM below)`, id, string(o), millis(now)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE chats SET leaf = ? WHERE id = ? AND leaf IN (SELECT id FROM messages WHERE chat = ? AND deleted <> 0)`, m.Parent, m.Chat, m.Chat)
		return err
	})
}

// RestoreMessage shows again what was hidden together with a message.
func (c *Conversations) RestoreMessage(ctx context.Context, o converse.Owner, id string) error {
	return c.write(ctx, func(tx Q) error {
		var hidden int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM messages m JOIN messages above ON above.id = m.parent
			WHERE m.owner = ? AND above.deleted > m.deleted AND m.chat = (SELECT chat FROM messages WHERE id = ? AND owner = ?)
			AND m.deleted = (SELECT deleted FROM messages WHERE id = ?)`, string(o), id, string(o), id).Scan(&hidden)
		if err != nil {
			return err
		}
		if hidden > 0 {
			return fmt.Errorf("what it hangs below was deleted later, restore that first: %w", converse.ErrConflict)
		}
		return some(tx.Exec(ctx, `UPDATE messages SET deleted = 0 WHERE owner = ? AND deleted <> 0
			AND (chat, deleted) = (SELECT chat, deleted FROM messages WHERE id = ? AND owner = ?)`, string(o), id, string(o)))
	})
}

// Vote keeps what the owner thinks of an answer.
func (c *Conversations) Vote(ctx context.Context, o converse.Owner, id, vote string) error {
	return c.write(ctx, func(tx Q) error {
		return some(tx.Exec(ctx, `UPDATE messages SET vote = ? WHERE id = ? AND owner = ? AND role = 'assistant' AND deleted = 0`, vote, id, string(o)))
	})
}

// Prefer keeps a choice between two answers.
func (c *Conversations) Prefer(ctx context.Context, o converse.Owner, p converse.Preference) error {
	return c.write(ctx, func(tx Q) error {
		if _, err := messageOf(ctx, tx, o, p.Question); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO preferences (question, owner, chosen, created) VALUES (?, ?, ?, ?)
			ON CONFLICT (question) DO UPDATE SET chosen = excluded.chosen, created = excluded.created`, p.Question, string(o), p.Chosen, millis(p.Created))
		return err
	})
}

// Preferences lists the owner's choices, oldest first.
func (c *Conversations) Preferences(ctx context.Context, o converse.Owner) ([]converse.Preference, error) {
	rows, err := c.db.Query(ctx, `SELECT question, chosen, created FROM preferences WHERE owner = ? ORDER BY created, question`, string(o))
	return list(rows, err, func(r scanner) (converse.Preference, error) {
		var p converse.Preference
		var created int64
		err := r.Scan(&p.Question, &p.Chosen, &created)
		p.Created = fromMillis(created)
		return p, err
	})
}
