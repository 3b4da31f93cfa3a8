package store

import (
	"context"
	"strings"

	"malmoi/internal/account"
)

// Site returns the settings.
func (a *Accounts) Site(ctx context.Context) (s account.Site, err error) {
	err = a.db.QueryRow(ctx, `SELECT krw_per_hour, default_tokens_per_day, default_requests_per_day, sign_up,
		filter_profanity, filter_hate, filter_sexual, filter_judge FROM site WHERE id = 1`).
		Scan(&s.KRWPerHour, &s.DefaultQuota.TokensPerDay, &s.DefaultQuota.RequestsPerDay, &s.SignUp,
			&s.Filter.Profanity, &s.Filter.Hate, &s.Filter.Sexual, &s.Filter.Judge)
	return s, accountError(err)
}

// SetSite changes the settings.
func (a *Accounts) SetSite(ctx context.Context, s account.Site, e account.Entry) error {
	return a.logged(ctx, e, func(tx Q) error {
		return one(tx.Exec(ctx, `UPDATE site SET krw_per_hour = ?, default_tokens_per_day = ?, default_requests_per_day = ?, sign_up = ?,
			filter_profanity = ?, filter_hate = ?, filter_sexual = ?, filter_judge = ? WHERE id = 1`,
			s.KRWPerHour, s.DefaultQuota.TokensPerDay, s.DefaultQuota.RequestsPerDay, s.SignUp,
			s.Filter.Profanity, s.Filter.Hate, s.Filter.Sexual, flag(s.Filter.Judge)))
	})
}

// AddEntry writes a line of the audit log.
func (a *Accounts) AddEntry(ctx context.Context, e account.Entry) error {
	return a.write(ctx, func(tx Q) error { return a.addEntry(ctx, tx, e) })
}

// Entries returns a page of the audit log, newest first.
func (a *Accounts) Entries(ctx context.Context, f account.EntryFilter) ([]account.Entry, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, arg any) { where, args = append(where, condition), append(args, arg) }
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	if f.User != "" {
		add("actor = ?", string(f.User))
	}
	if prefix, ok := strings.CutSuffix(f.Action, "."); ok {
		where, args = append(where, "substr(action, 1, ?) = ?"), append(args, len(f.Action), prefix+".")
	} else if f.Action != "" {
		add("action = ?", f.Action)
	}
	limit := f.Limit
	if limit <= 0 || limit > account.MaxPage {
		limit = account.MaxPage
	}
	rows, err := a.db.Query(ctx, `SELECT id, at, actor, actor_name, action, target, address, detail FROM audit WHERE `+
		strings.Join(where, " AND ")+` ORDER BY id DESC LIMIT ?`, append(args, limit)...)
	return list(rows, err, func(r scanner) (e account.Entry, err error) {
		var at int64
		err = r.Scan(&e.ID, &at, &e.Actor, &e.ActorName, &e.Action, &e.Target, &e.Address, &e.Detail)
		e.At = fromMillis(at)
		return e, err
	})
}
