package store

import (
	"context"
	"strings"

	"malmoi/internal/account"
)

// AddSpend adds to the row of a day, a user and a model.
func (a *Accounts) AddSpend(ctx context.Context, day string, user account.UserID, model string, s account.Sum) error {
	return a.write(ctx, func(tx Q) error {
		_, err := tx.Exec(ctx, `INSERT INTO ledger (day, user_id, model, requests, prompt_tokens, cached_tokens, completion_tokens, cost_krw)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (day, user_id, model) DO UPDATE SET
				requests = ledger.requests + excluded.requests,
				prompt_tokens = ledger.prompt_tokens + excluded.prompt_tokens,
				cached_tokens = ledger.cached_tokens + excluded.cached_tokens,
				completion_tokens = ledger.completion_tokens + excluded.completion_tokens,
				cost_krw = ledger.cost_krw + excluded.cost_krw`,
			day, string(user), model, s.Requests, s.PromptTokens, s.CachedTokens, s.CompletionTokens, s.CostKRW)
		return err
	})
}

// sums adds up ledger rows; Postgres would make decimals of them.
const sums = `CAST(coalesce(sum(l.requests), 0) AS BIGINT), CAST(coalesce(sum(l.prompt_tokens), 0) AS BIGINT),
	CAST(coalesce(sum(l.cached_tokens), 0) AS BIGINT), CAST(coalesce(sum(l.completion_tokens), 0) AS BIGINT), coalesce(sum(l.cost_krw), 0.0)`

func sumTargets(s *account.Sum) []any {
	return []any{&s.Requests, &s.PromptTokens, &s.CachedTokens, &s.CompletionTokens, &s.CostKRW}
}

// Spent is the sum of one day of one user.
func (a *Accounts) Spent(ctx context.Context, day string, user account.UserID) (s account.Sum, err error) {
	return s, a.db.QueryRow(ctx, `SELECT `+sums+` FROM ledger l WHERE l.user_id = ? AND l.day = ?`, string(user), day).Scan(sumTargets(&s)...)
}

// UsageOf adds up the days from first to last.
func (a *Accounts) UsageOf(ctx context.Context, user account.UserID, first, last string) (u account.Usage, err error) {
	where, args := ` FROM ledger l WHERE l.day >= ? AND l.day <= ?`, []any{first, last}
	if user != "" {
		where, args = where+` AND l.user_id = ?`, append(args, string(user))
	}
	rows, err := a.db.Query(ctx, `SELECT l.day, `+sums+where+` GROUP BY l.day ORDER BY l.day`, args...)
	u.Days, err = list(rows, err, func(r scanner) (d account.DayUsage, err error) {
		return d, r.Scan(append([]any{&d.Day}, sumTargets(&d.Sum)...)...)
	})
	if err != nil {
		return u, err
	}
	rows, err = a.db.Query(ctx, `SELECT l.model, `+sums+where+` GROUP BY l.model ORDER BY l.model`, args...)
	u.Models, err = list(rows, err, func(r scanner) (m account.ModelUsage, err error) {
		return m, r.Scan(append([]any{&m.Model}, sumTargets(&m.Sum)...)...)
	})
	if err != nil || user != "" {
		return u, err
	}
	where = strings.Replace(where, `ledger l`, `ledger l LEFT JOIN users u ON u.id = l.user_id`, 1)
	rows, err = a.db.Query(ctx, `SELECT l.user_id, coalesce(min(u.name), ''), `+sums+where+` GROUP BY l.user_id ORDER BY l.user_id`, args...)
	u.Users, err = list(rows, err, func(r scanner) (m account.UserUsage, err error) {
		return m, r.Scan(append([]any{&m.ID, &m.Name}, sumTargets(&m.Sum)...)...)
	})
	return u, err
}
