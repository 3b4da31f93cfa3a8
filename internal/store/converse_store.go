package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"malmoi/internal/converse"
)

// Conversations keeps the rows of conversations. It implements converse.Store.
type Conversations struct{ db *DB }

var _ converse.Store = (*Conversations)(nil)

// Conversations returns the store of conversations.
func (db *DB) Conversations() *Conversations { return &Conversations{db} }

// write runs f in a transaction and speaks converse's errors.
func (c *Conversations) write(ctx context.Context, f func(tx Q) error) error {
	return converseError(c.db.Write(ctx, f))
}

func converseError(err error) error {
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return converse.ErrNotFound
	case errors.Is(err, ErrConflict) && !errors.Is(err, converse.ErrConflict):
		return fmt.Errorf("%w (%w)", converse.ErrConflict, err)
	}
	return err
}

// some asks that a statement changed a row.
func some(n int64, err error) error {
	if err == nil && n == 0 {
		return converse.ErrNotFound
	}
	return err
}

// asJSON is a value as a column holds it: "" for nothing.
func asJSON[T any](v *T) (string, error) {
	if v == nil {
		return "", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func fromJSON[T any](text string) (*T, error) {
	if text == "" {
		return nil, nil
	}
	v := new(T)
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return nil, fmt.Errorf("store: a column of JSON: %w", err)
	}
	return v, nil
}

// marks is "?, ?, ?" for n parameters.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
