package account

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/text/unicode/norm"
)

// cheap is the least that argon2 takes; nothing secret is hashed in tests.
var cheap = cost{memory: 8, time: 1, threads: 1}

func TestPasswordsAreVerified(t *testing.T) {
	h := newHasher(cheap)
	ctx := t.Context()
	stored, err := h.hash(ctx, "올바른 말 배터리 못")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := h.hash(ctx, "올바른 말 배터리 못")
	if stored == again {
		t.Error("two hashes of one password are the same: no salt")
	}
	check := func(h *hasher, stored, password string, wantOK, wantStale bool) {
		t.Helper()
		ok, stale, err := h.verify(ctx, stored, password)
		if ok != wantOK || stale != wantStale || err != nil {
			t.Errorf("verify(%q) = %t, %t, %v; want %t, %t", password, ok, stale, err, wantOK, wantStale)
		}
	}
	check(h, stored, "올바른 말 배터리 못", true, false)
	check(h, stored, norm.NFD.String("올바른 말 배터리 못"), true, false) // typed on macOS
	check(h, stored, "올바른 말 배터리 못 ", false, false)
	check(h, stored, "", false, false)
	check(h, "", "올바른 말 배터리 못", false, false)
	check(h, "broken", "올바른 말 배터리 못", false, false)
	dearer := cheap
	dearer.time = 2
	check(newHasher(dearer), stored, "올바른 말 배터리 못", true, true)
}

// The reference program's output, so that hashes move between programs:
// echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1, a test vector of
// phc-winner-argon2 (src/test.c, version 0x13).
func TestHashesOfTheReferenceProgram(t *testing.T) {
	const stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := newHasher(standard)
	if ok, stale, err := h.verify(t.Context(), stored, "password"); !ok || !stale || err != nil {
		t.Errorf("verify = %t, %t, %v; want ok and another cost than ours", ok, stale, err)
	}
}

func TestHashesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(cheap)
		var leave []func()
		for range hashesAtOnce {
			l, err := h.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, l)
		}
		waiting, got := 0, make(chan error, hashWaiters)
		ctx, cancel := context.WithCancel(t.Context())
		for range hashWaiters {
			go func() { _, err := h.hash(ctx, "x"); got <- err }()
			waiting++
		}
		synctest.Wait()
		if _, err := h.hash(t.Context(), "x"); !errors.Is(err, ErrBusy) {
			t.Errorf("one more than may wait: %v, want ErrBusy", err)
		}
		cancel()
		for range waiting {
			if err := <-got; !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up got %v", err)
			}
		}
		for _, l := range leave {
			l()
		}
		if _, err := h.hash(t.Context(), "x"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestWeakPasswordsAreRefused(t *testing.T) {
	for _, c := range []struct{ password, login, want string }{
		{"올바른말배터리못", "kim", "too_short"},
		{"올바른말배터리못하나", "kim", ""},
		{"correct horse", "kim", ""},
		{"Vz7#qLm2xw", "kim", ""},
		{"short", "kim", "too_short"},
		{strings.Repeat("가나다", 100), "kim", "too_long"},
		{"password123", "kim", "common"},
		{"P@ssw0rd2026!", "kim", "common"},
		{"passwordpassword", "kim", "common"},
		{"1234567890", "kim", "common"},
		{"0987654321", "kim", "common"},
		{"12345678901234", "kim", "common"},
		{"1q2w3e4r5t", "kim", "common"},
		{"qwertyuiop", "kim", "common"},
		{"asdfghjkl12", "kim", "common"},
		{"1qaz2wsx3edc", "kim", "common"},
		{"aaaaaaaaaaaa", "kim", "common"},
		{"abababababab", "kim", "common"},
		{"dkssudgktpdy", "kim", "common"},  // 안녕하세요 on an English layout
		{"qlalfqjsgh123", "kim", "common"}, // 비밀번호
		{"사랑해사랑해사랑해1!", "kim", "common"},
		{"비밀번호비밀번호12", "kim", "common"},
		{"ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "kim", "common"},
		{"malmoi2026!!", "kim", "common"},
		{"kim.chulsoo", "kim.chulsoo", "like_login"},
		{"kim.chulsoo99", "kim.chulsoo", "like_login"},
		{"kim.chulsoo-likes-tea", "kim.chulsoo", ""},
	} {
		err := checkPassword(c.password, c.login)
		got := ""
		if e, ok := errors.AsType[*InvalidError](err); ok {
			got = e.Code
		}
		if got != c.want {
			t.Errorf("checkPassword(%q, %q) = %v; want %q", c.password, c.login, err, c.want)
		}
	}
}

func TestPHCIsStrict(t *testing.T) {
	const good = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	p, err := parsePHC(good)
	if err != nil || p.cost != standard || string(p.salt) != "somesalt" || p.String() != good {
		t.Fatalf("parsePHC = %+v, %v", p, err)
	}
	for _, bad := range []string{
		"", "$", "plain", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=65536", "m=4294967295", 1), strings.Replace(good, "t=3", "t=0", 1), strings.Replace(good, "t=3", "t=+3", 1),
		strings.Replace(good, "p=1", "p=256", 1), strings.Replace(good, "m=65536,t=3", "t=3,m=65536", 1), strings.Replace(good, "m=65536", "m=8", 1)[:20],
		strings.Replace(good, "$c29tZXNhbHQ", "$c2", 1), good + "$", good + "=", strings.Replace(good, "m=65536,t=3,p=1", "m=8,t=3,p=2", 1), strings.Repeat("a", 600),
	} {
		if p, err := parsePHC(bad); err == nil {
			t.Errorf("parsePHC(%q) = %+v; want an error", bad, p)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		if p.memory > maxMemoryKiB || p.time > maxPasses || p.threads > maxThreads || len(p.key) > maxPart {
			t.Fatalf("%q costs %+v", s, p.cost)
		}
		if p.String() != s {
			t.Fatalf("%q reads as %q", s, p.String())
		}
	})
}
