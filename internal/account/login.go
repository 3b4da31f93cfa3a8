package account

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxLogin is the length of a login in characters.
const MaxLogin = 64

// NormaliseLogin returns the one spelling under which a login is kept and
// looked for: composed (NFC, as macOS types Hangul apart) and in lower case. A
// login is made of ASCII letters and digits, Hangul syllables and the signs
// . _ - + @, and begins with a letter, a digit or a syllable. No two characters
// of these look alike, unlike Cyrillic or full-width letters, so nobody can
// pass for somebody else.
func NormaliseLogin(login string) (string, error) {
	if len(login) > 4*3*MaxLogin { // three code points of up to four bytes make a syllable
		return "", invalid("login", "too_long", "a login has at most %d characters", MaxLogin)
	}
	n := strings.ToLower(norm.NFC.String(strings.TrimSpace(login)))
	switch count := utf8.RuneCountInString(n); {
	case count == 0:
		return "", invalid("login", "empty", "a login has at least one character")
	case count > MaxLogin:
		return "", invalid("login", "too_long", "a login has at most %d characters", MaxLogin)
	}
	for i, r := range n {
		if !loginRune(r, i == 0) {
			return "", invalid("login", "characters", "%q may not stand here: use English letters, digits, Hangul and . _ - + @, and begin with a letter or digit", r)
		}
	}
	return n, nil
}

func loginRune(r rune, first bool) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= '가' && r <= '힣':
		return true
	}
	return !first && strings.ContainsRune("._-+@", r)
}

// suggestLogin makes a login of what an identity provider calls somebody: what
// may not stand in one is left out.
func suggestLogin(wish string) string {
	var b strings.Builder
	count := 0
	for _, r := range strings.ToLower(norm.NFC.String(cut(wish, 4*MaxLogin))) {
		if count < MaxLogin-4 && loginRune(r, count == 0) { // room for a number
			b.WriteRune(r)
			count++
		}
	}
	return b.String()
}

// cut shortens s to at most n bytes without cutting a character, and leaves out
// what databases refuse: bytes that are no UTF-8, and NUL.
func cut(s string, n int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// label checks a name that people see: of a person, a group, a key.
func label(field, s string) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(cut(s, 16*MaxName)))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", invalid(field, "empty", "a name has at least one character")
	case n > MaxName:
		return "", invalid(field, "too_long", "a name has at most %d characters", MaxName)
	}
	if i := strings.IndexFunc(s, hidden); i >= 0 {
		return "", invalid(field, "characters", "a name holds no control characters")
	}
	return s, nil
}

// hidden recognises characters that cannot be seen and turn text around:
// controls and the marks of bidirectional text (Unicode TR 36).
func hidden(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0xfeff ||
		r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// mail checks an e-mail address as far as one can without writing to it.
func mail(s string) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(s))
	if s == "" {
		return "", nil
	}
	name, host, ok := strings.Cut(s, "@")
	if !ok || name == "" || host == "" || len(s) > MaxEmail || strings.ContainsAny(s, " \t<>\",;") || strings.ContainsFunc(s, hidden) || strings.Contains(host, "@") {
		return "", invalid("email", "malformed", "that is no e-mail address")
	}
	return s, nil
}
