package store

import (
	"context"
	"time"

	"malmoi/internal/account"
)

const sessionColumns = `s.id, s.user_id, s.created, s.seen, s.expires, s.address, s.agent`

func sessionTargets(s *account.Session, created, seen, expires *int64) []any {
	return []any{&s.ID, &s.User, created, seen, expires, &s.Address, &s.Agent}
}

// AddSession adds a session, which is a use of the account, and ends the user's
// oldest beyond MaxSessions.
func (a *Accounts) AddSession(ctx context.Context, s account.Session, token []byte, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		_, err := tx.Exec(ctx, `INSERT INTO sessions (id, user_id, hash, created, seen, expires, address, agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			s.ID, string(s.User), hash(token), millis(s.Created), millis(s.Seen), millis(s.Expires), s.Address, s.Agent)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE users SET seen = ? WHERE id = ? AND seen < ?`, millis(s.Seen), string(s.User), millis(s.Seen)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = ? AND id <> ? AND id NOT IN
			(SELECT id FROM sessions WHERE user_id = ? AND id <> ? ORDER BY created DESC, id LIMIT ?)`,
			string(s.User), s.ID, string(s.User), s.ID, account.MaxSessions-1)
		return err
	})
}

// SessionByHash returns a session and its user, without groups.
func (a *Accounts) SessionByHash(ctx context.Context, token []byte) (account.Session, account.UserRow, error) {
	var s account.Session
	var created, seen, expires int64
	u, err := scanUser(a.db.QueryRow(ctx, `SELECT `+userColumns+`, `+sessionColumns+` FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = ?`, hash(token)),
		sessionTargets(&s, &created, &seen, &expires)...)
	s.Created, s.Seen, s.Expires = fromMillis(created), fromMillis(seen), fromMillis(expires)
	return s, u, accountError(err)
}

// Sessions lists a user's sessions, newest first.
func (a *Accounts) Sessions(ctx context.Context, owner account.UserID) ([]account.Session, error) {
	rows, err := a.db.Query(ctx, `SELECT `+sessionColumns+` FROM sessions s WHERE s.user_id = ? ORDER BY s.created DESC, s.id`, string(owner))
	return list(rows, err, func(r scanner) (s account.Session, err error) {
		var created, seen, expires int64
		err = r.Scan(sessionTargets(&s, &created, &seen, &expires)...)
		s.Created, s.Seen, s.Expires = fromMillis(created), fromMillis(seen), fromMillis(expires)
		return s, err
	})
}

// TouchSession writes the last use.
func (a *Accounts) TouchSession(ctx context.Context, owner account.UserID, id string, at time.Time) error {
	return a.seen(ctx, "sessions", owner, id, at)
}

// EndSession ends one of owner's sessions.
func (a *Accounts) EndSession(ctx context.Context, owner account.UserID, id string, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		return one(tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = ? AND id = ?`, string(owner), id))
	})
}

// EndSessions ends all of owner's sessions but keep.
func (a *Accounts) EndSessions(ctx context.Context, owner account.UserID, keep string, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = ? AND id <> ?`, string(owner), keep)
		return err
	})
}

// PurgeSessions forgets expired sessions.
func (a *Accounts) PurgeSessions(ctx context.Context, now, idle time.Time) (n int64, err error) {
	err = a.write(ctx, func(tx Q) error {
		n, err = tx.Exec(ctx, `DELETE FROM sessions WHERE expires <= ? OR seen <= ?`, millis(now), millis(idle))
		return err
	})
	return n, err
}
