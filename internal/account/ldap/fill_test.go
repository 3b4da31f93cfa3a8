package ldap

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// Whatever a login is, the filter looks for exactly this value and keeps its
// form.
func FuzzFill(f *testing.F) {
	for _, s := range []string{"kim", "홍길동", "*", "k*m", "a)(uid=*", `\2a`, "a\x00b", "%s%u", "()", "&|!", " x "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, login string) {
		if login == "" || !utf8.ValidString(login) {
			return // SignIn and NormaliseLogin let neither through
		}
		p, err := ldap.CompileFilter(fill("(&(objectClass=person)(uid=%s))", login, login))
		if err != nil {
			t.Fatalf("%q: %v", login, err)
		}
		if p.Tag != ldap.FilterAnd || len(p.Children) != 2 {
			t.Fatalf("%q changed the form of the filter", login)
		}
		uid := p.Children[1]
		if uid.Tag != ldap.FilterEqualityMatch || len(uid.Children) != 2 {
			t.Fatalf("%q is not looked for as a value", login)
		}
		if got := uid.Children[1].Data.String(); got != login {
			t.Fatalf("looks for %q instead of %q", got, login)
		}
		if strings.Contains(fill("(member=%s)", login, "x"), "(member=*") {
			t.Fatalf("%q is a wildcard", login)
		}
	})
}
