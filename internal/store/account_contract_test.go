package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// The contract of account.Store, on both databases.

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, account.Seoul)

func row(login string, role account.Role) account.UserRow {
	return account.UserRow{User: account.User{ID: account.UserID("id-" + login), Login: login, Name: login + " 씨", Role: role, Created: noon}, Hash: "hash-" + login}
}

func did(action string) account.Entry { return account.Entry{At: noon, Action: action} }

func eachAccounts(t *testing.T, f func(t *testing.T, a *store.Accounts, db *store.DB)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, db.Accounts(), db) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want one wrapping %q", err, want)
	}
}

func addUsers(t *testing.T, a *store.Accounts, users ...account.UserRow) {
	t.Helper()
	for _, u := range users {
		must(t, a.AddUser(t.Context(), u, false, did(account.ActUserCreated)))
	}
}

func TestUsersAreKept(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		must(t, a.EnsureUser(ctx, account.UserRow{User: account.User{ID: account.Local, Login: "~local", Name: "나", Role: account.Admin}}))
		must(t, a.EnsureUser(ctx, account.UserRow{User: account.User{ID: account.Local, Login: "~local", Name: "다른", Role: account.Admin}}))
		if n, err := a.CountUsers(ctx); n != 0 || err != nil {
			t.Fatalf("with the local user alone there are %d accounts, %v; want 0", n, err)
		}
		boss := row("홍길동", account.Admin)
		boss.Quota = account.Quota{TokensPerDay: 1 << 40, RequestsPerDay: account.Unlimited}
		must(t, a.AddUser(ctx, boss, true, did(account.ActSetUp)))
		wants(t, a.AddUser(ctx, row("late", account.Admin), true, did(account.ActSetUp)), account.ErrConflict)
		wants(t, a.AddUser(ctx, row("홍길동", account.Member), false, did(account.ActUserCreated)), account.ErrConflict)
		for _, find := range []func() (account.UserRow, error){
			func() (account.UserRow, error) { return a.UserByID(ctx, boss.ID) },
			func() (account.UserRow, error) { return a.UserByLogin(ctx, "홍길동") },
		} {
			got, err := find()
			must(t, err)
			if got.Created.Equal(noon) {
				got.Created = boss.Created
			}
			if !reflect.DeepEqual(got, boss) {
				t.Fatalf("got %+v\nwant %+v", got, boss)
			}
		}
		_, err := a.UserByLogin(ctx, "nobody")
		wants(t, err, account.ErrNotFound)
		// Refused additions left no trace.
		if n := len(entries(t, a)); n != 1 {
			t.Fatalf("%d entries in the audit log, want the one of the account that was made", n)
		}
	})
}

func TestExternalUsersAreFoundBySubjectOnly(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		kim := row("kim", account.Member)
		kim.External, kim.Subject = "oidc:corp", "248289761001"
		addUsers(t, a, row("park", account.Member), row("lee", account.Member), kim) // two without a provider are no conflict
		got, err := a.UserBySubject(ctx, "oidc:corp", "248289761001")
		must(t, err)
		if got.Login != "kim" {
			t.Fatalf("found %q", got.Login)
		}
		for _, no := range [][2]string{{"oidc:other", "248289761001"}, {"oidc:corp", ""}, {"", ""}, {"oidc:corp", "kim"}} {
			_, err := a.UserBySubject(ctx, no[0], no[1])
			wants(t, err, account.ErrNotFound)
		}
		twin := row("kim2", account.Member)
		twin.External, twin.Subject = kim.External, kim.Subject
		wants(t, a.AddUser(ctx, twin, false, did(account.ActUserCreated)), account.ErrConflict)
	})
}

func TestUsersChange(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		addUsers(t, a, row("boss", account.Admin), row("kim", account.Member))
		must(t, a.AddGroup(ctx, account.Group{ID: "g1", Name: "영업", Quota: account.Quota{TokensPerDay: 5}, Created: noon}, did(account.ActGroupCreated)))
		must(t, a.AddGroup(ctx, account.Group{ID: "g2", Name: "개발", Created: noon}, did(account.ActGroupCreated)))
		name, email, role, disabled, hash := "김 부장", "kim@example.kr", account.Reader, true, "new"
		patch := account.UserPatch{Name: &name, Email: &email, Role: &role, Disabled: &disabled, Hash: &hash, Groups: &[]string{"g1", "g2", "g1"}, Quota: &account.Quota{RequestsPerDay: 7}}
		must(t, a.PatchUser(ctx, "id-kim", patch, did(account.ActUserChanged)))
		got, err := a.UserByID(ctx, "id-kim")
		must(t, err)
		want := account.UserRow{User: account.User{ID: "id-kim", Login: "kim", Name: name, Email: email, Role: role, Disabled: true,
			Groups: []account.GroupRef{{ID: "g2", Name: "개발"}, {ID: "g1", Name: "영업"}}, Created: got.Created, Quota: account.Quota{RequestsPerDay: 7}}, Hash: "new"}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		wants(t, a.PatchUser(ctx, "id-nobody", account.UserPatch{}, did(account.ActUserChanged)), account.ErrNotFound)
		wants(t, a.SetHash(ctx, "id-kim", "old", "newer"), account.ErrNotFound)
		must(t, a.SetHash(ctx, "id-kim", "new", "newer"))
		users, err := a.Users(ctx)
		must(t, err)
		if len(users) != 2 || users[0].Login != "boss" || len(users[1].Groups) != 2 {
			t.Fatalf("users: %+v", users)
		}
		groups, err := a.Groups(ctx)
		must(t, err)
		if len(groups) != 2 || groups[1].Members != 1 || groups[1].Quota.TokensPerDay != 5 {
			t.Fatalf("groups: %+v", groups)
		}
		must(t, a.DeleteGroup(ctx, "g1", did(account.ActGroupDeleted)))
		quotas, err := a.GroupQuotas(ctx, "id-kim")
		must(t, err)
		if len(quotas) != 1 || quotas[0] != (account.Quota{}) {
			t.Fatalf("quotas of the groups that are left: %+v", quotas)
		}
	})
}

func TestTheLastAdminStays(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		member, yes := account.Member, true
		addUsers(t, a, row("boss", account.Admin), row("vice", account.Admin), row("kim", account.Member))
		must(t, a.EnsureUser(ctx, account.UserRow{User: account.User{ID: account.Local, Login: "~local", Name: "나", Role: account.Admin}}))
		must(t, a.PatchUser(ctx, "id-vice", account.UserPatch{Disabled: &yes}, did(account.ActUserChanged)))
		wants(t, a.PatchUser(ctx, "id-boss", account.UserPatch{Role: &member}, did(account.ActUserChanged)), account.ErrLastAdmin)
		wants(t, a.PatchUser(ctx, "id-boss", account.UserPatch{Disabled: &yes}, did(account.ActUserChanged)), account.ErrLastAdmin)
		wants(t, a.DeleteUser(ctx, "id-boss", did(account.ActUserDeleted)), account.ErrLastAdmin)
		if u, err := a.UserByID(ctx, "id-boss"); err != nil || u.Role != account.Admin || u.Disabled {
			t.Fatalf("the refused change was made: %+v, %v", u, err)
		}
		must(t, a.DeleteUser(ctx, "id-kim", did(account.ActUserDeleted)))
	})
}

// Two admins who demote each other at the same moment must not both succeed.
func TestAdminsDoNotDemoteEachOtherAtOnce(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		member, admin := account.Member, account.Admin
		addUsers(t, a, row("a", account.Admin), row("b", account.Admin))
		for round := range 20 {
			var wg sync.WaitGroup
			errs := make([]error, 2)
			for i, id := range []account.UserID{"id-a", "id-b"} {
				wg.Go(func() {
					errs[i] = a.PatchUser(context.Background(), id, account.UserPatch{Role: &member}, did(account.ActUserChanged))
				})
			}
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("round %d: both or neither were demoted: %v, %v", round, errs[0], errs[1])
			}
			for _, id := range []account.UserID{"id-a", "id-b"} {
				must(t, a.PatchUser(t.Context(), id, account.UserPatch{Role: &admin}, did(account.ActUserChanged)))
			}
		}
	})
}

func TestOnlyOneFirstAccount(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() {
				errs[i] = a.AddUser(context.Background(), row(fmt.Sprint("u", i), account.Admin), true, did(account.ActSetUp))
			})
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				wants(t, err, account.ErrConflict)
			}
		}
		if n, err := a.CountUsers(t.Context()); made != 1 || n != 1 || err != nil {
			t.Fatalf("%d of 6 made the first account, %d are there, %v; want one", made, n, err)
		}
	})
}

func session(user, id string, created time.Time) account.Session {
	return account.Session{ID: id, User: account.UserID("id-" + user), Created: created, Seen: created, Expires: created.Add(time.Hour), Address: "192.0.2.1", Agent: "Firefox"}
}

func TestSessionsBelongToTheirUser(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		addUsers(t, a, row("kim", account.Admin), row("lee", account.Member))
		must(t, a.AddSession(ctx, session("kim", "s1", noon), []byte{1}, did(account.ActSignIn)))
		must(t, a.AddSession(ctx, session("kim", "s2", noon.Add(time.Minute)), []byte{2}, did(account.ActSignIn)))
		must(t, a.AddSession(ctx, session("lee", "s3", noon), []byte{3}, did(account.ActSignIn)))
		if u, _ := a.UserByID(ctx, "id-lee"); !u.Seen.Equal(noon) {
			t.Fatalf("who has just signed in was last seen at %v", u.Seen)
		}
		wants(t, a.AddSession(ctx, session("lee", "s4", noon), []byte{3}, did(account.ActSignIn)), account.ErrConflict)
		s, u, err := a.SessionByHash(ctx, []byte{2})
		must(t, err)
		if s.ID != "s2" || u.Login != "kim" || !s.Expires.Equal(noon.Add(time.Minute+time.Hour)) || s.Agent != "Firefox" {
			t.Fatalf("got %+v of %+v", s, u)
		}
		wants(t, a.EndSession(ctx, "id-lee", "s1", did(account.ActSessionsEnded)), account.ErrNotFound)
		wants(t, a.TouchSession(ctx, "id-lee", "s1", noon), account.ErrNotFound)
		must(t, a.TouchSession(ctx, "id-kim", "s1", noon.Add(30*time.Minute)))
		if u, _ := a.UserByID(ctx, "id-kim"); !u.Seen.Equal(noon.Add(30 * time.Minute)) {
			t.Fatalf("the user was last seen at %v", u.Seen)
		}
		must(t, a.EndSessions(ctx, "id-kim", "s2", did(account.ActSessionsEnded)))
		if got := ids(t, a, "id-kim"); got != "s2" {
			t.Fatalf("kim's sessions: %s", got)
		}
		must(t, a.EndSession(ctx, "id-kim", "s2", did(account.ActSessionsEnded)))
		_, _, err = a.SessionByHash(ctx, []byte{2})
		wants(t, err, account.ErrNotFound)
		if got := ids(t, a, "id-lee"); got != "s3" {
			t.Fatalf("lee's sessions: %s", got)
		}
	})
}

func ids(t *testing.T, a *store.Accounts, of account.UserID) string {
	t.Helper()
	all, err := a.Sessions(t.Context(), of)
	must(t, err)
	var names []string
	for _, s := range all {
		names = append(names, s.ID)
	}
	return strings.Join(names, " ")
}

func TestSessionsEnd(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		addUsers(t, a, row("kim", account.Admin), row("lee", account.Member))
		for i := range account.MaxSessions + 3 {
			must(t, a.AddSession(ctx, session("kim", fmt.Sprintf("s%02d", i), noon.Add(time.Duration(i)*time.Minute)), []byte{byte(i)}, did(account.ActSignIn)))
		}
		if got := ids(t, a, "id-kim"); strings.Count(got, "s") != account.MaxSessions || strings.Contains(got, "s02") || !strings.Contains(got, "s03") {
			t.Fatalf("sessions: %s; want the newest %d", got, account.MaxSessions)
		}
		hash := "other"
		must(t, a.PatchUser(ctx, "id-kim", account.UserPatch{Hash: &hash, EndSessions: true, KeepSession: "s40"}, did(account.ActPassword)))
		if got := ids(t, a, "id-kim"); got != "s40" {
			t.Fatalf("after a new password: %s; want s40", got)
		}
		must(t, a.AddSession(ctx, session("lee", "old", noon.Add(-2*time.Hour)), []byte{100}, did(account.ActSignIn)))
		if n, err := a.PurgeSessions(ctx, noon, noon.Add(-24*time.Hour)); n != 1 || err != nil {
			t.Fatalf("%d sessions purged, %v; want the expired one", n, err)
		}
		must(t, a.DeleteUser(ctx, "id-lee", did(account.ActUserDeleted)))
	})
}

func TestKeysBelongToTheirUser(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		addUsers(t, a, row("kim", account.Admin), row("lee", account.Member))
		k := account.Key{ID: "k1", User: "id-kim", Name: "집", Prefix: "sk-malmoi-abcd", Scopes: []account.Scope{account.ScopeModels, account.ScopeChats}, Created: noon, Expires: noon.Add(time.Hour)}
		must(t, a.AddKey(ctx, k, []byte{1}, did(account.ActKeyCreated)))
		got, u, err := a.KeyByHash(ctx, []byte{1})
		must(t, err)
		if got.Created, got.Expires = k.Created, k.Expires; !reflect.DeepEqual(got, k) || u.Login != "kim" {
			t.Fatalf("got %+v of %q\nwant %+v", got, u.Login, k)
		}
		wants(t, a.DeleteKey(ctx, "id-lee", "k1", did(account.ActKeyDeleted)), account.ErrNotFound)
		wants(t, a.TouchKey(ctx, "id-lee", "k1", noon), account.ErrNotFound)
		must(t, a.TouchKey(ctx, "id-kim", "k1", noon))
		if list, err := a.Keys(ctx, "id-lee"); len(list) != 0 || err != nil {
			t.Fatalf("lee sees %v, %v", list, err)
		}
		for i := 2; i <= account.MaxKeys; i++ {
			must(t, a.AddKey(ctx, account.Key{ID: fmt.Sprint("k", i), User: "id-kim", Name: "n", Created: noon}, []byte{byte(i)}, did(account.ActKeyCreated)))
		}
		wants(t, a.AddKey(ctx, account.Key{ID: "more", User: "id-kim", Name: "n"}, []byte{200}, did(account.ActKeyCreated)), account.ErrConflict)
		must(t, a.DeleteKey(ctx, "id-kim", "k1", did(account.ActKeyDeleted)))
		_, _, err = a.KeyByHash(ctx, []byte{1})
		wants(t, err, account.ErrNotFound)
		must(t, a.AddUser(ctx, row("next", account.Admin), false, did(account.ActUserCreated)))
		must(t, a.DeleteUser(ctx, "id-kim", did(account.ActUserDeleted)))
		_, _, err = a.KeyByHash(ctx, []byte{2})
		wants(t, err, account.ErrNotFound)
	})
}

func TestInvitationsAreUsedOnce(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		addUsers(t, a, row("boss", account.Admin))
		must(t, a.AddGroup(ctx, account.Group{ID: "g1", Name: "영업", Created: noon}, did(account.ActGroupCreated)))
		i := account.Invitation{ID: "i1", Role: account.Member, Name: "새 사람", Email: "new@example.kr", Groups: []string{"g1"}, By: "id-boss", Created: noon, Expires: noon.Add(time.Hour)}
		must(t, a.AddInvitation(ctx, i, []byte{1}, did(account.ActInvited)))
		got, err := a.InvitationByHash(ctx, []byte{1})
		must(t, err)
		if got.Created, got.Expires = i.Created, i.Expires; !reflect.DeepEqual(got, i) {
			t.Fatalf("got %+v\nwant %+v", got, i)
		}
		u := row("new", account.Member)
		u.Groups = []account.GroupRef{{ID: "g1"}}
		wants(t, a.UseInvitation(ctx, []byte{1}, noon.Add(time.Hour), u, did(account.ActInvitationUsed)), account.ErrNotFound)
		wants(t, a.UseInvitation(ctx, []byte{1}, noon, row("boss", account.Member), did(account.ActInvitationUsed)), account.ErrConflict)
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for n := range errs {
			wg.Go(func() {
				one := u
				one.ID, one.Login = account.UserID(fmt.Sprint("n", n)), fmt.Sprint("new", n)
				errs[n] = a.UseInvitation(context.Background(), []byte{1}, noon, one, did(account.ActInvitationUsed))
			})
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				wants(t, err, account.ErrNotFound)
			}
		}
		users, err := a.Users(ctx)
		must(t, err)
		if made != 1 || len(users) != 2 || len(users[1].Groups) != 1 {
			t.Fatalf("%d came in, users %+v; want one", made, users)
		}
		all, err := a.Invitations(ctx)
		must(t, err)
		if len(all) != 1 || all[0].User != users[1].ID || all[0].Used.IsZero() {
			t.Fatalf("the used invitation: %+v", all)
		}
		must(t, a.DeleteInvitation(ctx, "i1", did(account.ActInvitationGone)))
		wants(t, a.DeleteInvitation(ctx, "i1", did(account.ActInvitationGone)), account.ErrNotFound)
	})
}

func TestTheLedgerAddsUp(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		addUsers(t, a, row("kim", account.Admin))
		one := account.Sum{Requests: 1, PromptTokens: 1 << 33, CachedTokens: 3, CompletionTokens: 20, CostKRW: 0.25}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := a.AddSpend(context.Background(), "2026-11-24", "id-kim", "exaone", one); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		must(t, a.AddSpend(ctx, "2026-11-24", "id-kim", "qwen", one))
		must(t, a.AddSpend(ctx, "2026-11-23", "id-gone", "qwen", one))
		must(t, a.AddSpend(ctx, "2026-10-01", "id-kim", "qwen", one))
		s, err := a.Spent(ctx, "2026-11-24", "id-kim")
		must(t, err)
		if want := (account.Sum{Requests: 9, PromptTokens: 9 << 33, CachedTokens: 27, CompletionTokens: 180, CostKRW: 2.25}); s != want {
			t.Fatalf("spent %+v, want %+v", s, want)
		}
		if s, err := a.Spent(ctx, "2026-11-25", "id-kim"); s != (account.Sum{}) || err != nil {
			t.Fatalf("on a day without use: %+v, %v", s, err)
		}
		own, err := a.UsageOf(ctx, "id-kim", "2026-11-01", "2026-11-30")
		must(t, err)
		if len(own.Days) != 1 || own.Days[0].Requests != 9 || len(own.Models) != 2 || own.Models[0].Model != "exaone" || own.Models[0].Requests != 8 || own.Users != nil {
			t.Fatalf("own usage: %+v", own)
		}
		site, err := a.UsageOf(ctx, "", "2026-11-01", "2026-11-30")
		must(t, err)
		if len(site.Days) != 2 || site.Days[0].Day != "2026-11-23" || len(site.Users) != 2 || site.Users[0].Name != "" || site.Users[1].Name != "kim 씨" {
			t.Fatalf("the site's usage: %+v", site)
		}
	})
}

func entries(t *testing.T, a *store.Accounts) []account.Entry {
	t.Helper()
	all, err := a.Entries(t.Context(), account.EntryFilter{})
	must(t, err)
	return all
}

func TestTheAuditLogOnlyGrows(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		for i := range 5 {
			e := account.Entry{At: noon, Actor: account.UserID(fmt.Sprint("u", i%2)), ActorName: "이름", Action: []string{"session.sign_in", "user.create", "sessionless"}[i%3], Target: fmt.Sprint(i), Address: "192.0.2.7", Detail: "자세히"}
			must(t, a.AddEntry(ctx, e))
		}
		check := func(f account.EntryFilter, want string) {
			t.Helper()
			got := ""
			list, err := a.Entries(ctx, f)
			must(t, err)
			for _, e := range list {
				got += e.Target
			}
			if got != want {
				t.Errorf("filter %+v: entries %q, want %q", f, got, want)
			}
		}
		check(account.EntryFilter{}, "43210")
		check(account.EntryFilter{User: "u1"}, "31")
		check(account.EntryFilter{Action: "session."}, "30")
		check(account.EntryFilter{Action: "user.create"}, "41")
		check(account.EntryFilter{Limit: 2}, "43")
		all := entries(t, a)
		check(account.EntryFilter{Before: all[1].ID, Limit: 2}, "21")
		if e := all[0]; !e.At.Equal(noon) || e.ActorName != "이름" || e.Address != "192.0.2.7" || e.Detail != "자세히" {
			t.Errorf("an entry came back as %+v", e)
		}
		statements := []string{`UPDATE audit SET detail = 'nothing happened'`, `DELETE FROM audit`, `DELETE FROM audit WHERE target = '2'`}
		if db.Dialect() == store.SQLite {
			statements = append(statements, fmt.Sprintf(`REPLACE INTO audit SELECT id, at, actor, actor_name, action, 'x', address, detail FROM audit WHERE id = %d`, all[0].ID))
		} else {
			statements = append(statements, `TRUNCATE audit`, fmt.Sprintf(`INSERT INTO audit SELECT * FROM audit WHERE id = %d ON CONFLICT (id) DO UPDATE SET target = 'x'`, all[0].ID))
		}
		for _, sql := range statements {
			err := db.Write(ctx, func(tx store.Q) error { _, err := tx.Exec(ctx, sql); return err })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v; want a refusal", sql, err)
			}
		}
		if !reflect.DeepEqual(entries(t, a), all) {
			t.Errorf("the log is not what it was")
		}
	})
}

func TestSettingsAreKept(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		s, err := a.Site(ctx)
		must(t, err)
		if s != (account.Site{SignUp: account.SignUpInvite}) {
			t.Fatalf("a new site has %+v", s)
		}
		want := account.Site{KRWPerHour: 123.5, DefaultQuota: account.Quota{TokensPerDay: 10, RequestsPerDay: -1}, SignUp: account.SignUpClosed,
			Filter: account.TextFilter{Profanity: account.FilterStrict, Sexual: account.FilterOff, Judge: true}}
		must(t, a.SetSite(ctx, want, did(account.ActSettings)))
		if s, err := a.Site(ctx); s != want || err != nil {
			t.Fatalf("got %+v, %v; want %+v", s, err, want)
		}
	})
}

// With an account goes all that is its own, the search index included; what it
// spent and did stays written down.
func TestDeletingAUserTakesTheirConversations(t *testing.T) {
	eachAccounts(t, func(t *testing.T, a *store.Accounts, db *store.DB) {
		ctx := t.Context()
		addUsers(t, a, row("boss", account.Admin), row("kim", account.Member), row("lee", account.Member))
		c := db.Conversations()
		for _, who := range []account.UserID{"id-kim", "id-lee"} {
			chat := converse.Chat{ID: "c-" + string(who), Title: "제목", Created: noon, Updated: noon}
			tree := []converse.Message{{ID: "m-" + string(who), Chat: chat.ID, Role: converse.User, Content: "말모이는 사전이다", Status: converse.Done, Created: noon}}
			added, err := c.AddTree(ctx, who, chat, tree, "f")
			must(t, err)
			if !added {
				t.Fatal("no chat was added")
			}
		}
		must(t, a.AddSpend(ctx, "2026-11-24", "id-kim", "m", account.Sum{Requests: 1}))
		must(t, a.AddEntry(ctx, account.Entry{At: noon, Actor: "id-kim", Action: account.ActShared}))
		must(t, a.DeleteUser(ctx, "id-kim", did(account.ActUserDeleted)))
		for _, table := range []string{"chats", "messages"} {
			var owners string
			must(t, db.QueryRow(ctx, `SELECT min(owner) || ' ' || count(*) FROM `+table).Scan(&owners))
			if owners != "id-lee 1" {
				t.Errorf("%s belong to %s, want one of lee's", table, owners)
			}
		}
		if bad, err := c.CheckIndex(ctx); bad != 0 || err != nil {
			t.Errorf("the search index differs in %d messages, %v", bad, err)
		}
		if s, err := a.Spent(ctx, "2026-11-24", "id-kim"); s.Requests != 1 || err != nil {
			t.Errorf("the ledger forgot: %+v, %v", s, err)
		}
		if log, err := a.Entries(ctx, account.EntryFilter{User: "id-kim"}); len(log) != 1 || err != nil {
			t.Errorf("the audit log forgot: %+v, %v", log, err)
		}
	})
}
