package store

import (
	"context"
	"strings"
	"time"

	"malmoi/internal/account"
)

// AddGroup adds a group.
func (a *Accounts) AddGroup(ctx context.Context, g account.Group, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		_, err := tx.Exec(ctx, `INSERT INTO account_groups (id, name, tokens_per_day, requests_per_day, created) VALUES (?, ?, ?, ?, ?)`,
			g.ID, g.Name, g.Quota.TokensPerDay, g.Quota.RequestsPerDay, millis(g.Created))
		return err
	})
}

// Groups lists the groups by name, with the number of their members.
func (a *Accounts) Groups(ctx context.Context) ([]account.Group, error) {
	rows, err := a.db.Query(ctx, `SELECT g.id, g.name, g.tokens_per_day, g.requests_per_day, g.created,
		(SELECT count(*) FROM account_members m WHERE m.group_id = g.id) FROM account_groups g ORDER BY g.name`)
	return list(rows, err, func(r scanner) (g account.Group, err error) {
		var created int64
		err = r.Scan(&g.ID, &g.Name, &g.Quota.TokensPerDay, &g.Quota.RequestsPerDay, &created, &g.Members)
		g.Created = fromMillis(created)
		return g, err
	})
}

// PatchGroup changes a group.
func (a *Accounts) PatchGroup(ctx context.Context, id string, c account.GroupChange, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		var s set
		s.add("id", id)
		if c.Name != nil {
			s.add("name", *c.Name)
		}
		if c.Quota != nil {
			s.add("tokens_per_day", c.Quota.TokensPerDay)
			s.add("requests_per_day", c.Quota.RequestsPerDay)
		}
		return s.update(ctx, tx, "account_groups", id)
	})
}

// DeleteGroup removes a group.
func (a *Accounts) DeleteGroup(ctx context.Context, id string, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		return one(tx.Exec(ctx, `DELETE FROM account_groups WHERE id = ?`, id))
	})
}

// GroupQuotas returns the quotas of a user's groups.
func (a *Accounts) GroupQuotas(ctx context.Context, id account.UserID) ([]account.Quota, error) {
	rows, err := a.db.Query(ctx, `SELECT g.tokens_per_day, g.requests_per_day FROM account_members m JOIN account_groups g ON g.id = m.group_id WHERE m.user_id = ?`, string(id))
	return list(rows, err, func(r scanner) (q account.Quota, err error) { return q, r.Scan(&q.TokensPerDay, &q.RequestsPerDay) })
}

// AddInvitation adds an invitation.
func (a *Accounts) AddInvitation(ctx context.Context, i account.Invitation, token []byte, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		_, err := tx.Exec(ctx, `INSERT INTO invitations (id, hash, role, name, email, group_ids, by_user, created, expires, used, user_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')`,
			i.ID, hash(token), string(i.Role), i.Name, i.Email, strings.Join(i.Groups, " "), string(i.By), millis(i.Created), millis(i.Expires))
		return err
	})
}

const invitationColumns = `id, role, name, email, group_ids, by_user, created, expires, used, user_id`

func scanInvitation(r scanner) (i account.Invitation, err error) {
	var groups string
	var created, expires, used int64
	err = r.Scan(&i.ID, &i.Role, &i.Name, &i.Email, &groups, &i.By, &created, &expires, &used, &i.User)
	i.Groups = strings.Fields(groups)
	i.Created, i.Expires, i.Used = fromMillis(created), fromMillis(expires), fromMillis(used)
	return i, err
}

// Invitations lists the invitations, newest first.
func (a *Accounts) Invitations(ctx context.Context) ([]account.Invitation, error) {
	rows, err := a.db.Query(ctx, `SELECT `+invitationColumns+` FROM invitations ORDER BY created DESC, id`)
	return list(rows, err, scanInvitation)
}

// InvitationByHash returns one invitation.
func (a *Accounts) InvitationByHash(ctx context.Context, token []byte) (account.Invitation, error) {
	i, err := scanInvitation(a.db.QueryRow(ctx, `SELECT `+invitationColumns+` FROM invitations WHERE hash = ?`, hash(token)))
	return i, accountError(err)
}

// UseInvitation makes the invited account, once.
func (a *Accounts) UseInvitation(ctx context.Context, token []byte, now time.Time, u account.UserRow, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		err := one(tx.Exec(ctx, `UPDATE invitations SET used = ?, user_id = ? WHERE hash = ? AND used = 0 AND expires > ?`, millis(now), string(u.ID), hash(token), millis(now)))
		if err != nil {
			return err
		}
		return insertUser(ctx, tx, u)
	})
}

// DeleteInvitation removes an invitation.
func (a *Accounts) DeleteInvitation(ctx context.Context, id string, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		return one(tx.Exec(ctx, `DELETE FROM invitations WHERE id = ?`, id))
	})
}
