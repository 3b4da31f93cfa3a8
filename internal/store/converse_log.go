package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"malmoi/internal/converse"
)

// batch is how many rows go into one INSERT of the log.
const batch = 100

// Append writes runs of events of the answers that node makes.
func (c *Conversations) Append(ctx context.Context, node string, entries []converse.Entry) (lost, stopped []string, err error) {
	err = c.write(ctx, func(tx Q) error {
		lost, stopped = nil, nil
		mine, err := liveOf(ctx, tx, node)
		if err != nil {
			return err
		}
		var kept []converse.Entry
		for _, e := range entries {
			stop, have := mine[e.Message]
			if !have {
				lost = append(lost, e.Message)
				continue
			}
			if stop {
				stopped = append(stopped, e.Message)
			}
			kept = append(kept, e)
		}
		for len(kept) > 0 {
			n := min(batch, len(kept))
			if err := insertEntries(ctx, tx, kept[:n]); err != nil {
				return err
			}
			kept = kept[n:]
		}
		return nil
	})
	return lost, stopped, err
}

// liveOf are the answers that node makes, with whether they are to stop.
func liveOf(ctx context.Context, tx Q, node string) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `SELECT id, stop FROM messages WHERE status = 'live' AND node = ?`, node)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		var stop int64
		if err := rows.Scan(&id, &stop); err != nil {
			return nil, err
		}
		out[id] = stop != 0
	}
	return out, rows.Err()
}

// insertEntries overwrites what is there already: a transaction whose end was
// not heard of is tried again.
func insertEntries(ctx context.Context, tx Q, entries []converse.Entry) error {
	query := `INSERT INTO message_deltas (message, first_seq, last_seq, payload) VALUES `
	var args []any
	for i, e := range entries {
		payload, err := json.Marshal(e.Deltas)
		if err != nil {
			return err
		}
		if i > 0 {
			query += `, `
		}
		query += `(?, ?, ?, ?)`
		args = append(args, e.Message, e.First, e.Last(), string(payload))
	}
	_, err := tx.Exec(ctx, query+` ON CONFLICT (message, first_seq) DO UPDATE SET last_seq = excluded.last_seq, payload = excluded.payload`, args...)
	return err
}

// Entries are an answer's runs that end after a number.
func (c *Conversations) Entries(ctx context.Context, o converse.Owner, message string, after int) ([]converse.Entry, error) {
	rows, err := c.db.Query(ctx, `SELECT d.first_seq, d.payload FROM message_deltas d JOIN messages m ON m.id = d.message
		WHERE d.message = ? AND m.owner = ? AND d.last_seq > ? ORDER BY d.first_seq`, message, string(o), after)
	out, err := list(rows, err, func(r scanner) (converse.Entry, error) {
		e := converse.Entry{Message: message}
		var payload string
		if err := r.Scan(&e.First, &payload); err != nil {
			return e, err
		}
		if err := json.Unmarshal([]byte(payload), &e.Deltas); err != nil {
			return e, fmt.Errorf("store: the log of %s: %w", message, err)
		}
		return e, nil
	})
	return out, converseError(err)
}

// Finish writes an answer's last state and forgets its log.
func (c *Conversations) Finish(ctx context.Context, o converse.Owner, node string, m converse.Message) error {
	j, err := encoded(m)
	if err != nil {
		return err
	}
	return c.write(ctx, func(tx Q) error {
		n, err := tx.Exec(ctx, `UPDATE messages SET content = ?, reasoning = ?, tool_calls = ?, status = ?, failure = ?, counts = ?, node = '', lease = 0, stop = 0, consent = '', brought_call = -1, brought = ''
			WHERE id = ? AND owner = ? AND node = ? AND status = 'live'`,
			m.Content, m.Reasoning, j[0], string(m.Status), j[1], j[2], m.ID, string(o), node)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("answer %s is not made here any more: %w", m.ID, converse.ErrConflict)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM message_deltas WHERE message = ?`, m.ID); err != nil {
			return err
		}
		return index(ctx, tx, m.ID, m.Content)
	})
}

// AskStop marks a live answer to be stopped.
func (c *Conversations) AskStop(ctx context.Context, o converse.Owner, id string) (converse.Message, error) {
	var m converse.Message
	err := c.write(ctx, func(tx Q) error {
		var err error
		if m, err = messageOf(ctx, tx, o, id); err != nil || m.Status != converse.Live {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE messages SET stop = 1 WHERE id = ? AND status = 'live'`, id)
		return err
	})
	return m, err
}

// Consent keeps what the owner answered to a live answer's question.
func (c *Conversations) Consent(ctx context.Context, o converse.Owner, id string, said converse.Said) error {
	body, e1 := asJSON(&said)
	other, e2 := asJSON(&converse.Said{Call: said.Call, Allow: !said.Allow})
	if err := errors.Join(e1, e2); err != nil {
		return err
	}
	return c.write(ctx, func(tx Q) error {
		n, err := tx.Exec(ctx, `UPDATE messages SET consent = ? WHERE id = ? AND owner = ? AND status = 'live' AND consent NOT IN (?, ?)`,
			body, id, string(o), body, other)
		if err == nil && n == 0 {
			err = fmt.Errorf("the question is answered, or its answer has ended: %w", converse.ErrConflict)
		}
		return err
	})
}

// Consented is what the owner answered last to an answer that node makes.
func (c *Conversations) Consented(ctx context.Context, o converse.Owner, node, id string) (*converse.Said, error) {
	var body string
	err := c.db.QueryRow(ctx, `SELECT consent FROM messages WHERE id = ? AND owner = ? AND node = ? AND status = 'live'`, id, string(o), node).Scan(&body)
	if err != nil {
		return nil, converseError(err)
	}
	return fromJSON[converse.Said](body)
}

// Renew moves the end of all leases that node holds.
func (c *Conversations) Renew(ctx context.Context, node string, lease time.Time) ([]string, error) {
	var stopped []string
	err := c.write(ctx, func(tx Q) error {
		stopped = nil
		if _, err := tx.Exec(ctx, `UPDATE messages SET lease = ? WHERE status = 'live' AND node = ?`, millis(lease), node); err != nil {
			return err
		}
		mine, err := liveOf(ctx, tx, node)
		for id, stop := range mine {
			if stop {
				stopped = append(stopped, id)
			}
		}
		return err
	})
	return stopped, err
}

// Orphans are live answers whose lease has ended.
func (c *Conversations) Orphans(ctx context.Context, before time.Time, limit int) ([]converse.Orphan, error) {
	rows, err := c.db.Query(ctx, `SELECT m.owner, `+messageColumns+` FROM messages m WHERE m.status = 'live' AND m.lease < ? ORDER BY m.lease, m.id LIMIT ?`, millis(before), limit)
	return list(rows, err, func(r scanner) (converse.Orphan, error) {
		var o converse.Orphan
		var err error
		o.Message, err = scanMessage(ahead{r, &o.Owner})
		return o, err
	})
}

// ahead scans one more column in front of others.
type ahead struct {
	r     scanner
	first any
}

func (a ahead) Scan(dest ...any) error { return a.r.Scan(append([]any{a.first}, dest...)...) }

// Adopt takes an orphan over.
func (c *Conversations) Adopt(ctx context.Context, id, from, node string, lease time.Time) (bool, error) {
	err := c.write(ctx, func(tx Q) error {
		return some(tx.Exec(ctx, `UPDATE messages SET node = ?, lease = ? WHERE id = ? AND node = ? AND status = 'live'`, node, millis(lease), id, from))
	})
	if errors.Is(err, converse.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
