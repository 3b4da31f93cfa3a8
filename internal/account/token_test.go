package account

import (
	"strings"
	"testing"
)

func TestAPIKeysShowTypingErrors(t *testing.T) {
	key := newAPIKey()
	if ours, err := ParseKey(key); !ours || err != nil {
		t.Fatalf("ParseKey(%q) = %t, %v", key, ours, err)
	}
	for i := len(KeyPrefix); i < len(key); i++ { // every single wrong character
		wrong := []byte(key)
		if wrong[i]++; wrong[i] == 'z'+1 {
			wrong[i] = 'a'
		}
		if ours, err := ParseKey(string(wrong)); !ours || err == nil {
			t.Errorf("with character %d wrong: %t, %v", i, ours, err)
		}
	}
	for _, s := range []string{key[:len(key)-1], key + "x", KeyPrefix, key + "\n"} {
		if ours, err := ParseKey(s); !ours || err == nil || strings.Contains(err.Error(), key[shownChars:len(key)-1]) {
			t.Errorf("ParseKey(%q) = %t, %v", s, ours, err)
		}
	}
	for _, s := range []string{"", "sk-proj-123", "SK-MALMOI-x", newSecret()} {
		if ours, err := ParseKey(s); ours || err != nil {
			t.Errorf("ParseKey(%q) = %t, %v; want no key of ours", s, ours, err)
		}
	}
}

func TestSecretsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		for _, s := range []string{newSecret(), newAPIKey(), newID()} {
			if seen[s] {
				t.Fatalf("%q came twice", s)
			}
			seen[s] = true
		}
	}
	if s := newSecret(); !isToken(s) || isToken(s[1:]) || isToken(s+"a") || isToken("!"+s[1:]) {
		t.Errorf("isToken does not know %q from others", s)
	}
	if id := newID(); len(id) != 26 || strings.ToLower(id) != id {
		t.Errorf("id %q", id)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(newAPIKey())
	f.Add(KeyPrefix)
	f.Add(KeyPrefix + strings.Repeat("가", 20))
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, s string) {
		ours, err := ParseKey(s)
		if ours != strings.HasPrefix(s, KeyPrefix) || !ours && err != nil {
			t.Fatalf("ParseKey(%q) = %t, %v", s, ours, err)
		}
		if ours && err == nil && s != s[:len(s)-checkChars]+check(s[:len(s)-checkChars]) {
			t.Fatalf("%q was accepted", s)
		}
	})
}
