package store

import (
	"context"
	"fmt"
	"time"

	"malmoi/internal/account"
)

const userColumns = `u.id, u.login, u.name, u.email, u.role, u.disabled, u.hash, u.provider, u.subject, u.tokens_per_day, u.requests_per_day, u.created, u.seen`

func scanUser(r scanner, more ...any) (account.UserRow, error) {
	var u account.UserRow
	var disabled, created, seen int64
	err := r.Scan(append([]any{&u.ID, &u.Login, &u.Name, &u.Email, &u.Role, &disabled, &u.Hash, &u.External, &u.Subject,
		&u.Quota.TokensPerDay, &u.Quota.RequestsPerDay, &created, &seen}, more...)...)
	u.Disabled, u.Created, u.Seen = disabled != 0, fromMillis(created), fromMillis(seen)
	return u, err
}

// people leaves out the rows that are nobody's account.
const people = `u.id <> 'local' AND u.id <> 'static'`

// CountUsers counts the accounts.
func (a *Accounts) CountUsers(ctx context.Context) (n int, err error) {
	return n, a.db.QueryRow(ctx, `SELECT count(*) FROM users u WHERE `+people).Scan(&n)
}

// AddUser adds an account.
func (a *Accounts) AddUser(ctx context.Context, u account.UserRow, first bool, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		if first {
			if err := onlyFirst(ctx, tx); err != nil {
				return err
			}
		}
		return insertUser(ctx, tx, u)
	})
}

func onlyFirst(ctx context.Context, tx Q) error {
	if err := turn(ctx, tx); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM users u WHERE `+people).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%w: the site has accounts already", account.ErrConflict)
	}
	return nil
}

const insertUserSQL = `INSERT INTO users (id, login, name, email, role, disabled, hash, provider, subject, tokens_per_day, requests_per_day, created, seen)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func userValues(u account.UserRow) []any {
	return []any{string(u.ID), u.Login, u.Name, u.Email, string(u.Role), flag(u.Disabled), u.Hash, u.External, u.Subject,
		u.Quota.TokensPerDay, u.Quota.RequestsPerDay, millis(u.Created), millis(u.Seen)}
}

func insertUser(ctx context.Context, tx Q, u account.UserRow) error {
	if _, err := tx.Exec(ctx, insertUserSQL, userValues(u)...); err != nil {
		return err
	}
	ids := make([]string, len(u.Groups))
	for i, g := range u.Groups {
		ids[i] = g.ID
	}
	return join(ctx, tx, u.ID, ids)
}

// join puts a user into groups.
func join(ctx context.Context, tx Q, id account.UserID, groups []string) error {
	for _, g := range groups {
		if _, err := tx.Exec(ctx, `INSERT INTO account_members (group_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, g, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// EnsureUser adds u if its id is unknown.
func (a *Accounts) EnsureUser(ctx context.Context, u account.UserRow) error {
	if _, err := a.UserByID(ctx, u.ID); err == nil {
		return nil
	}
	return a.write(ctx, func(tx Q) error {
		_, err := tx.Exec(ctx, insertUserSQL+` ON CONFLICT (id) DO NOTHING`, userValues(u)...)
		return err
	})
}

// UserByID returns one user with their groups.
func (a *Accounts) UserByID(ctx context.Context, id account.UserID) (account.UserRow, error) {
	return a.user(ctx, `u.id = ?`, string(id))
}

// UserByLogin returns the user with a normalised login.
func (a *Accounts) UserByLogin(ctx context.Context, login string) (account.UserRow, error) {
	return a.user(ctx, `u.login = ?`, login)
}

// UserBySubject returns the user for whom a provider vouches.
func (a *Accounts) UserBySubject(ctx context.Context, provider, subject string) (account.UserRow, error) {
	return a.user(ctx, `u.provider = ? AND u.provider <> '' AND u.subject = ?`, provider, subject)
}

func (a *Accounts) user(ctx context.Context, where string, args ...any) (account.UserRow, error) {
	u, err := scanUser(a.db.QueryRow(ctx, `SELECT `+userColumns+` FROM users u WHERE `+where, args...))
	if err != nil {
		return account.UserRow{}, accountError(err)
	}
	rows, err := a.db.Query(ctx, `SELECT g.id, g.name FROM account_members m JOIN account_groups g ON g.id = m.group_id WHERE m.user_id = ? ORDER BY g.name`, string(u.ID))
	u.Groups, err = list(rows, err, func(r scanner) (g account.GroupRef, err error) { return g, r.Scan(&g.ID, &g.Name) })
	return u, err
}

// Users lists all accounts with their groups.
func (a *Accounts) Users(ctx context.Context) ([]account.User, error) {
	rows, err := a.db.Query(ctx, `SELECT `+userColumns+` FROM users u WHERE `+people+` ORDER BY u.login`)
	users, err := list(rows, err, func(r scanner) (account.User, error) { u, err := scanUser(r); return u.User, err })
	if err != nil {
		return nil, err
	}
	type member struct {
		user account.UserID
		account.GroupRef
	}
	rows, err = a.db.Query(ctx, `SELECT m.user_id, g.id, g.name FROM account_members m JOIN account_groups g ON g.id = m.group_id ORDER BY g.name`)
	members, err := list(rows, err, func(r scanner) (m member, err error) { return m, r.Scan(&m.user, &m.ID, &m.Name) })
	if err != nil {
		return nil, err
	}
	groups := map[account.UserID][]account.GroupRef{}
	for _, m := range members {
		groups[m.user] = append(groups[m.user], m.GroupRef)
	}
	for i := range users {
		users[i].Groups = groups[users[i].ID]
	}
	return users, nil
}

// PatchUser changes a user.
func (a *Accounts) PatchUser(ctx context.Context, id account.UserID, p account.UserPatch, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		return keepingAnAdmin(ctx, tx, func() error { return patchUser(ctx, tx, id, p) })
	})
}

func patchUser(ctx context.Context, tx Q, id account.UserID, p account.UserPatch) error {
	var s set
	s.add("id", string(id)) // so that an empty patch still finds out whether the user is there
	if p.Name != nil {
		s.add("name", *p.Name)
	}
	if p.Email != nil {
		s.add("email", *p.Email)
	}
	if p.Role != nil {
		s.add("role", string(*p.Role))
	}
	if p.Disabled != nil {
		s.add("disabled", flag(*p.Disabled))
	}
	if p.Quota != nil {
		s.add("tokens_per_day", p.Quota.TokensPerDay)
		s.add("requests_per_day", p.Quota.RequestsPerDay)
	}
	if p.Hash != nil {
		s.add("hash", *p.Hash)
	}
	if err := s.update(ctx, tx, "users", string(id)); err != nil {
		return err
	}
	if p.Groups != nil {
		if _, err := tx.Exec(ctx, `DELETE FROM account_members WHERE user_id = ?`, string(id)); err != nil {
			return err
		}
		if err := join(ctx, tx, id, *p.Groups); err != nil {
			return err
		}
	}
	if p.EndSessions {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE user_id = ? AND id <> ?`, string(id), p.KeepSession)
		return err
	}
	return nil
}

// keepingAnAdmin runs f and refuses what it did if it took the last admin.
func keepingAnAdmin(ctx context.Context, tx Q, f func() error) error {
	if err := turn(ctx, tx); err != nil {
		return err
	}
	before, err := admins(ctx, tx)
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	after, err := admins(ctx, tx)
	if err == nil && before > 0 && after == 0 {
		err = account.ErrLastAdmin
	}
	return err
}

func admins(ctx context.Context, tx Q) (n int, err error) {
	return n, tx.QueryRow(ctx, `SELECT count(*) FROM users u WHERE u.role = 'admin' AND u.disabled = 0 AND `+people).Scan(&n)
}

// DeleteUser removes a user and what hangs on them.
func (a *Accounts) DeleteUser(ctx context.Context, id account.UserID, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		return keepingAnAdmin(ctx, tx, func() error {
			return one(tx.Exec(ctx, `DELETE FROM users WHERE id = ?`, string(id)))
		})
	})
}

// SetHash replaces a hash that is still the old one.
func (a *Accounts) SetHash(ctx context.Context, id account.UserID, old, hash string) error {
	return a.write(ctx, func(tx Q) error {
		return one(tx.Exec(ctx, `UPDATE users SET hash = ? WHERE id = ? AND hash = ?`, hash, string(id), old))
	})
}

// seen writes the last use of a row that belongs to a user, and of the user.
func (a *Accounts) seen(ctx context.Context, table string, owner account.UserID, id string, at time.Time) error {
	return a.write(ctx, func(tx Q) error {
		if err := one(tx.Exec(ctx, `UPDATE `+table+` SET seen = ? WHERE id = ? AND user_id = ?`, millis(at), id, string(owner))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE users SET seen = ? WHERE id = ? AND seen < ?`, millis(at), string(owner), millis(at))
		return err
	})
}
