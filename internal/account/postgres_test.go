package account_test

import (
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/store/storetest"
)

// Two processes on one Postgres, each with its own bus: what one ends is cut in
// the other, and forgotten there, without waiting for the next look.
func TestRevocationCrossesProcesses(t *testing.T) {
	db := storetest.Postgres(t)
	ctx := t.Context()
	var s [2]*account.Service
	for i := range s {
		b, quiet := db.Bus(ctx)
		s[i] = account.NewService(db.Accounts(), b, account.Options{HashKiB: 8})
		defer quiet()
		defer s[i].Close()
	}
	_, boss, err := s[0].SetUp(ctx, account.NewUser{Login: "boss", Password: secret}, home)
	if err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(p account.Principal) error{
		"sign out": func(p account.Principal) error { return s[0].SignOut(ctx, p) },
		"disable": func(p account.Principal) error {
			yes := true
			_, err := s[0].ChangeUser(ctx, boss, p.User, account.UserChange{Disabled: &yes})
			return err
		},
	} {
		u, err := s[0].CreateUser(ctx, boss, account.NewUser{Login: "kim" + name[:1], Role: account.Member, Password: secret})
		if err != nil {
			t.Fatal(err)
		}
		token, p, err := s[1].SignIn(ctx, u.Login, secret, home)
		if err != nil {
			t.Fatal(err)
		}
		there := s[1].Watch(ctx, p)
		if _, err := s[1].Authenticate(ctx, token, home.Address); err != nil {
			t.Fatal(err)
		}
		if err := end(p); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if !soon(there) {
			t.Errorf("%s: the stream in the other process stays open", name)
		}
		t.Logf("%s: cut after %v", name, time.Since(began))
		if _, err := s[1].Authenticate(ctx, token, home.Address); err == nil {
			t.Errorf("%s: the other process lets the token in", name)
		}
	}
}
