package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/app"
)

func TestSignInFile(t *testing.T) {
	const oidc = `{"oidc": [{"id": "my-keycloak", "title": "회사 계정", "issuer": "https://id.example.kr", "client_id": "malmoi", "redirect": "https://chat.example.kr/api/oidc/my-keycloak/callback", "group_claim": "groups", "roles": {"ai-admins": "admin"}, "create": true%s}]}`
	const ldap = `{"ldap": {"url": "ldaps://ldap.example.kr", "bind_dn": "cn=reader", "base": "dc=kr"%s}}`
	for _, c := range []struct{ name, text, want string }{
		{"a provider", strings.Replace(oidc, "%s", "", 1), ""},
		{"a directory", strings.Replace(ldap, "%s", "", 1), ""},
		{"nothing", "{}", ""},
		{"an unknown name", strings.Replace(oidc, "%s", `, "secrett": "x"`, 1), "secrett"},
		{"an unknown role", strings.Replace(oidc, "%s", `, "roles": {"a": "root"}`, 1), "root"},
		{"an authority that is not there", strings.Replace(oidc, "%s", `, "ca_file": "/nothing.pem"`, 1), "/nothing.pem"},
		{"an authority that is no certificate", strings.Replace(ldap, "%s", `, "ca_file": "`+os.Args[0]+`"`, 1), "no certificate"},
		{"passwords in the clear", strings.Replace(ldap, "ldaps:", "ldap:", 1), "unencrypted"},
		{"two values", "{}{}", "more than one"},
		{"no JSON", "oidc:\n", "invalid character"},
	} {
		text := strings.Replace(c.text, "%s", "", 1)
		path := filepath.Join(t.TempDir(), "sign-in.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var config app.Config
		err := signIn(path, &Env{Getenv: func(string) string { return "" }}, &config)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v; want an error about %q", c.name, err, c.want)
		}
		if c.name == "a provider" && (len(config.Providers) != 1 || config.Providers[0].Title() != "회사 계정") || c.name == "a directory" && config.Directory == nil {
			t.Errorf("%s: the configuration has %d providers and directory %v", c.name, len(config.Providers), config.Directory)
		}
	}
	if got := secretName("my-keycloak"); got != "MALMOI_OIDC_SECRET_MY_KEYCLOAK" {
		t.Errorf("the secret is looked for in %s", got)
	}
	var config app.Config
	if err := signIn("", &Env{}, &config); err != nil || config.Providers != nil {
		t.Errorf("without a file: %v", err)
	}
	if err := signIn(filepath.Join(t.TempDir(), "none"), &Env{}, &config); err == nil {
		t.Error("a file that is not there is no error")
	}
}
