package account

import (
	"strings"
	"unicode/utf8"
)

// commonest are passwords, and beginnings of passwords, that lists of leaked
// ones agree on, with those of Korean keyboards (words typed in the English
// layout). All are in lower case; common also looks behind their usual
// decorations, so "P@ssw0rd2026!" counts as "password".
var commonest = strings.Fields(`
password passwort passw letmein welcome changeme iloveyou sunshine princess football baseball superman batman
dragon monkey master shadow michael jennifer jordan charlie trustno1 whatever starwars computer internet
qwerty qwertyuiop qwer asdf asdfghjkl zxcv zxcvbnm qazwsx qazwsxedc qweasd qweasdzxc qwerasdf qwerasdfzxcv
admin administrator root system manager server default secret guest test tester user login access samsung
naver daum kakao google apple korea seoul malmoi
abcdefg abcdefgh abcdefghij abcabc abc
dkssud dkssudgktpdy tkfkdgo tkfkdgody alfksek qlalfqjsgh qlqjs wlsfkd rkskek rkskekfk gksrnr eogksalsrnr tjdnf
rlaxocjs tjsrudtls wjdqls gustjr audtlrdl zjavbxj rhksflwk dkagh rladustjr tkdydwk ghdrlfehd dlfqhs
비밀번호 안녕하세요 사랑해 사랑해요 대한민국 가나다라 가나다라마바사 관리자 암호 테스트
`)

// leet undoes the usual replacements.
var leet = strings.NewReplacer("@", "a", "0", "o", "1", "i", "3", "e", "$", "s", "5", "s", "7", "t", "!", "i")

// decoration is what people put around a word to satisfy a rule.
const decoration = "0123456789!@#$%^&*()-_=+.,?~ "

// common reports whether a password in lower case is one that is tried first: a
// common word with decorations, or that word twice, one character over and
// over, or a run along the keyboard or the alphabet.
func common(p string) bool {
	for _, core := range []string{p, strings.Trim(p, decoration), strings.Trim(leet.Replace(strings.TrimRight(p, decoration)), decoration)} {
		if core == "" || isCommon(core) {
			return true
		}
	}
	return few(p) || run(p)
}

func isCommon(core string) bool {
	for _, w := range commonest {
		if core == w || core == w+w || core == w+w+w {
			return true
		}
	}
	return false
}

// few reports whether p uses at most two different characters.
func few(p string) bool {
	seen := map[rune]bool{}
	for _, r := range p {
		seen[r] = true
	}
	return len(seen) <= 2
}

// rows are what fingers run along.
var rows = []string{"1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujm", "q1w2e3r4t5y6u7i8o9p0", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ"}

// run reports whether p is made of at most two pieces of rows, forwards or
// backwards ("1q2w3e4r5t", "0987654321", "qwertyuiop12", "asdfghjkl;" is not).
func run(p string) bool {
	pieces := 0
	for p != "" && pieces < 2 {
		n := 0
		for _, row := range rows {
			n = max(n, along(p, row), along(p, backwards(row)))
		}
		if n == 0 {
			return false
		}
		p = p[n:]
		pieces++
	}
	return p == ""
}

// along returns how many bytes of p's beginning lie in the row one after the
// other, going round at its end.
func along(p, row string) int {
	first, size := utf8.DecodeRuneInString(p)
	at := strings.IndexRune(row, first)
	if at < 0 {
		return 0
	}
	n := size
	for at += size; n < len(p); {
		if at >= len(row) {
			at = 0
		}
		want, size := utf8.DecodeRuneInString(row[at:])
		if got, _ := utf8.DecodeRuneInString(p[n:]); got != want {
			break
		}
		n, at = n+size, at+size
	}
	return n
}

func backwards(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}
