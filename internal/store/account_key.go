package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"malmoi/internal/account"
)

const keyColumns = `k.id, k.user_id, k.name, k.prefix, k.scopes, k.created, k.expires, k.seen`

// keyRow holds what a scan of keyColumns needs on the way.
type keyRow struct {
	account.Key
	scopes                 string
	created, expires, seen int64
}

func (k *keyRow) targets() []any {
	return []any{&k.ID, &k.User, &k.Name, &k.Prefix, &k.scopes, &k.created, &k.expires, &k.seen}
}

func (k *keyRow) key() account.Key {
	for s := range strings.FieldsSeq(k.scopes) {
		k.Scopes = append(k.Scopes, account.Scope(s))
	}
	k.Created, k.Expires, k.Seen = fromMillis(k.created), fromMillis(k.expires), fromMillis(k.seen)
	return k.Key
}

// AddKey adds an API key, up to MaxKeys of one user.
func (a *Accounts) AddKey(ctx context.Context, k account.Key, secret []byte, e account.Entry) error {
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	return a.logged(ctx, e, func(tx Q) error {
		if err := turn(ctx, tx); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM api_keys WHERE user_id = ?`, string(k.User)).Scan(&n); err != nil {
			return err
		}
		if n >= account.MaxKeys {
			return fmt.Errorf("%w: %d keys", account.ErrConflict, n)
		}
		_, err := tx.Exec(ctx, `INSERT INTO api_keys (id, user_id, hash, name, prefix, scopes, created, expires, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			k.ID, string(k.User), hash(secret), k.Name, k.Prefix, strings.Join(scopes, " "), millis(k.Created), millis(k.Expires), millis(k.Seen))
		return err
	})
}

// KeyByHash returns an API key and its user, without groups.
func (a *Accounts) KeyByHash(ctx context.Context, secret []byte) (account.Key, account.UserRow, error) {
	var k keyRow
	u, err := scanUser(a.db.QueryRow(ctx, `SELECT `+userColumns+`, `+keyColumns+` FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.hash = ?`, hash(secret)), k.targets()...)
	return k.key(), u, accountError(err)
}

// Keys lists a user's API keys, newest first.
func (a *Accounts) Keys(ctx context.Context, owner account.UserID) ([]account.Key, error) {
	rows, err := a.db.Query(ctx, `SELECT `+keyColumns+` FROM api_keys k WHERE k.user_id = ? ORDER BY k.created DESC, k.id`, string(owner))
	return list(rows, err, func(r scanner) (account.Key, error) {
		var k keyRow
		err := r.Scan(k.targets()...)
		return k.key(), err
	})
}

// TouchKey writes the last use.
func (a *Accounts) TouchKey(ctx context.Context, owner account.UserID, id string, at time.Time) error {
	return a.seen(ctx, "api_keys", owner, id, at)
}

// DeleteKey revokes one of owner's API keys.
func (a *Accounts) DeleteKey(ctx context.Context, owner account.UserID, id string, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		return one(tx.Exec(ctx, `DELETE FROM api_keys WHERE user_id = ? AND id = ?`, string(owner), id))
	})
}
