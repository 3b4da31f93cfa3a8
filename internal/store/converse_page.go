package store

import (
	"context"
	"fmt"

	"malmoi/internal/converse"
)

// Bring keeps what a page made of a live answer's call. Calls wait one after
// another, so a place that is not behind the last one has its result.
func (c *Conversations) Bring(ctx context.Context, o converse.Owner, id string, b converse.Brought) error {
	body, err := asJSON(&b)
	if err != nil {
		return err
	}
	return c.write(ctx, func(tx Q) error {
		n, err := tx.Exec(ctx, `UPDATE messages SET brought_call = ?, brought = ? WHERE id = ? AND owner = ? AND status = 'live' AND brought_call < ?`,
			b.Call, body, id, string(o), b.Call)
		if err == nil && n == 0 {
			err = fmt.Errorf("the call has its result, or its answer has ended: %w", converse.ErrConflict)
		}
		return err
	})
}

// Brought is what a page brought last to an answer that node makes.
func (c *Conversations) Brought(ctx context.Context, o converse.Owner, node, id string) (*converse.Brought, error) {
	var body string
	err := c.db.QueryRow(ctx, `SELECT brought FROM messages WHERE id = ? AND owner = ? AND node = ? AND status = 'live'`, id, string(o), node).Scan(&body)
	if err != nil {
		return nil, converseError(err)
	}
	return fromJSON[converse.Brought](body)
}
