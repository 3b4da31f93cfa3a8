package account_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"malmoi/internal/account"
)

// broken is a store whose ledger takes no writes for now.
type broken struct {
	account.Store
	mu   sync.Mutex
	down error
}

func (b *broken) AddSpend(ctx context.Context, day string, u account.UserID, model string, s account.Sum) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down != nil {
		return b.down
	}
	return b.Store.AddSpend(ctx, day, u, model, s)
}

func (w *world) spend(p account.Principal, tokens int64) {
	w.t.Helper()
	w.must(w.Record(w.t.Context(), p, account.Spend{Model: "exaone", PromptTokens: tokens}))
}

func TestQuotaOfTokens(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	u, _, p := w.member("kim", account.Member)
	_, err := w.ChangeUser(ctx, w.boss, u.ID, account.UserChange{Quota: &account.Quota{TokensPerDay: 1000}})
	w.must(err)
	w.must(w.Admit(ctx, p))
	w.spend(p, 999)
	w.must(w.Admit(ctx, p)) // one token is left, and how long the answer becomes is not known
	w.spend(p, 500)
	var over *account.QuotaError
	if err := w.Admit(ctx, p); !errors.As(err, &over) || over.Kind != "tokens" || over.Limit != 1000 || over.Used != 1499 || over.RetryAfter != 12*time.Hour {
		t.Fatalf("beyond the quota at noon: %v, %+v; want 12 hours", err, over)
	}
	w.must(w.Admit(ctx, w.boss)) // somebody else's
	w.must(w.Record(ctx, w.boss, account.Spend{}))
	w.pass(12*time.Hour - time.Second)
	if err := w.Admit(ctx, p); !errors.As(err, &over) || over.RetryAfter != time.Second {
		t.Fatalf("a second before midnight in Seoul: %v", err)
	}
	w.pass(time.Second)
	w.must(w.Admit(ctx, p))
	state, err := w.Usage(ctx, p, 2)
	w.must(err)
	if state.Quota != (account.QuotaState{TokensPerDay: 1000}) || len(state.Days) != 1 || state.Days[0].Day != "2026-11-24" || state.Days[0].PromptTokens != 1499 || state.Days[0].Requests != 2 {
		t.Errorf("usage after midnight: %+v", state)
	}
}

func TestQuotaOfRequests(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	u, _, p := w.member("kim", account.Member)
	_, err := w.ChangeUser(ctx, w.boss, u.ID, account.UserChange{Quota: &account.Quota{RequestsPerDay: 3}})
	w.must(err)
	// All at once: reservations count.
	var wg sync.WaitGroup
	var mu sync.Mutex
	admitted := 0
	for range 20 {
		wg.Go(func() {
			if w.Admit(ctx, p) == nil {
				mu.Lock()
				admitted++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if admitted != 3 {
		t.Fatalf("%d of 20 requests at once were admitted, want 3", admitted)
	}
	w.must(w.Record(ctx, p, account.Spend{})) // one failed before it used anything
	w.must(w.Admit(ctx, p))
	for range 3 {
		w.spend(p, 10)
	}
	var over *account.QuotaError
	if err := w.Admit(ctx, p); !errors.As(err, &over) || over.Kind != "requests" || over.Used != 3 {
		t.Fatalf("a fourth request: %v", err)
	}
	// Another process sees what was spent.
	if err := w.second(account.Options{}).Admit(ctx, p); !errors.As(err, &over) {
		t.Fatalf("a fourth request elsewhere: %v", err)
	}
}

// Requests that run at once must not go far past the limit together.
func TestRunningRequestsReserveTokens(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	u, _, p := w.member("kim", account.Member)
	_, err := w.ChangeUser(ctx, w.boss, u.ID, account.UserChange{Quota: &account.Quota{TokensPerDay: 10_000}})
	w.must(err)
	w.must(w.Admit(ctx, p))
	w.spend(p, 2000) // the average is 2,000 now
	admitted := 0
	for range 100 {
		if w.Admit(ctx, p) == nil {
			admitted++
		}
	}
	if admitted != 4 {
		t.Errorf("%d requests of about 2,000 tokens run with 8,000 left, want 4", admitted)
	}
	w.pass(31 * time.Minute) // nobody gave them back
	w.must(w.Admit(ctx, p))
}

func TestWhichQuotaCounts(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	u, _, p := w.member("kim", account.Member)
	state := func(tokens, requests int64) {
		t.Helper()
		use, err := w.Usage(ctx, p, 1)
		w.must(err)
		if q := use.Quota; q.TokensPerDay != tokens || q.RequestsPerDay != requests {
			t.Fatalf("quota %+v, want %d tokens and %d requests", q, tokens, requests)
		}
	}
	state(0, 0)
	_, err := w.SetSite(ctx, w.boss, account.Site{SignUp: account.SignUpInvite, DefaultQuota: account.Quota{TokensPerDay: 1000, RequestsPerDay: 100}})
	w.must(err)
	state(1000, 100) // at once, not when the tally is old
	var groups []string
	for _, q := range []account.Quota{{TokensPerDay: 500}, {TokensPerDay: 300}, {TokensPerDay: account.Unlimited, RequestsPerDay: account.Unlimited}} {
		g, err := w.CreateGroup(ctx, w.boss, "모임"+q.String(), q)
		w.must(err)
		groups = append(groups, g.ID)
	}
	set := func(c account.UserChange) {
		t.Helper()
		_, err := w.ChangeUser(ctx, w.boss, u.ID, c)
		w.must(err)
	}
	set(account.UserChange{Groups: &groups})
	state(300, 0) // the strictest group; a group lifts the site's requests
	two := groups[:1]
	set(account.UserChange{Groups: &two})
	state(500, 100)
	set(account.UserChange{Quota: &account.Quota{TokensPerDay: 9000}})
	state(9000, 100) // the user's own is wider, and counts
	set(account.UserChange{Quota: &account.Quota{TokensPerDay: account.Unlimited, RequestsPerDay: account.Unlimited}})
	state(0, 0)
	local, err := w.EnsureLocal(ctx)
	w.must(err)
	use, err := w.Usage(ctx, local, 1)
	w.must(err)
	if use.Quota.TokensPerDay != 0 {
		t.Errorf("the local user has the site's quota: %+v", use.Quota)
	}
}

func TestCosts(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	_, _, p := w.member("kim", account.Member)
	_, err := w.SetSite(ctx, w.boss, account.Site{KRWPerHour: 600, SignUp: account.SignUpInvite})
	w.must(err)
	w.must(w.Record(ctx, p, account.Spend{Model: "exaone", PromptTokens: 100, CachedTokens: 50, CompletionTokens: 10, Busy: 6 * time.Second}))
	w.must(w.Record(ctx, p, account.Spend{Model: "gpt", PromptTokens: 1, Busy: time.Hour, UpstreamKRW: 12.5}))
	w.must(w.Record(ctx, w.boss, account.Spend{Model: "exaone", PromptTokens: -5, CompletionTokens: 1}))
	use, err := w.SiteUsage(ctx, w.boss, 30)
	w.must(err)
	if len(use.Models) != 2 || use.Models[0].Model != "exaone" || use.Models[0].CostKRW != 1 || use.Models[0].Requests != 2 || use.Models[0].CachedTokens != 50 || use.Models[1].CostKRW != 12.5 {
		t.Errorf("models: %+v", use.Models)
	}
	if len(use.Users) != 2 || use.Users[0].Name != "kim" || use.Users[0].PromptTokens != 101 || use.Users[1].PromptTokens != 0 {
		t.Errorf("users: %+v", use.Users)
	}
	_, err = w.Usage(ctx, p, 0)
	w.wantsInvalid(err, "range")
	_, err = w.Usage(ctx, p, account.MaxUsageDays+1)
	w.wantsInvalid(err, "range")
	_, err = w.SetSite(ctx, w.boss, account.Site{KRWPerHour: -1, SignUp: account.SignUpInvite})
	w.wantsInvalid(err, "range")
}

// A full disk keeps nobody from working, and what was spent is not forgotten.
func TestTheLedgerOutlivesAFullDisk(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	u, _, p := w.member("kim", account.Member)
	_, err := w.ChangeUser(ctx, w.boss, u.ID, account.UserChange{Quota: &account.Quota{TokensPerDay: 1000}})
	w.must(err)
	full := errors.New("disk full")
	b := &broken{Store: w.store, down: full}
	s := account.NewService(b, w.bus, account.Options{Now: w.now, HashKiB: 8})
	w.must(s.Admit(ctx, p))
	w.wants(s.Record(ctx, p, account.Spend{Model: "exaone", PromptTokens: 600}), full)
	w.wants(s.Record(ctx, p, account.Spend{Model: "exaone", PromptTokens: 600}), full)
	w.pass(time.Minute) // what waits counts, also when the tally is read again
	var over *account.QuotaError
	if err := s.Admit(ctx, p); !errors.As(err, &over) {
		t.Errorf("with 1,200 of 1,000 tokens waiting to be written: %v", err)
	}
	b.mu.Lock()
	b.down = nil
	b.mu.Unlock()
	w.must(s.Close())
	use, err := w.Usage(ctx, p, 1)
	w.must(err)
	if len(use.Days) != 1 || use.Days[0].PromptTokens != 1200 || use.Days[0].Requests != 2 {
		t.Errorf("after there was room again the ledger says %+v", use.Days)
	}
}
