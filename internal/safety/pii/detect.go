package pii

import (
	"regexp"
	"strings"
)

// detector is a pattern whose first group is the finding, and what must hold
// beside it.
type detector struct {
	kind    Kind
	pattern *regexp.Regexp
	holds   func(s string, from, to int) bool
}

// detectors in the order of their strictness.
var detectors = []detector{
	{Email, regexp.MustCompile(`([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24})`), always},
	{Resident, regexp.MustCompile(`(\d{6} ?-? ?\d{7})`), resident},
	{Card, regexp.MustCompile(`(\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{2,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})`), luhn},
	{Driver, regexp.MustCompile(`(\d{2}-\d{2}-\d{6}-\d{2})`), always},
	{Phone, regexp.MustCompile(`(\+82[ -]?\(?0?\)?1[016789][ -]?\d{3,4}[ -]?\d{4}|01[016789][ .-]?\d{3,4}[ .-]?\d{4})`), always},
	{Phone, regexp.MustCompile(`(\(?0(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d)\)?[ .-]\d{3,4}[ .-]\d{4})`), always},
	{Passport, regexp.MustCompile(`([MSRODmsrod]\d{3}[A-Za-z0-9]\d{4})`), near("여권", "passport")},
	{Account, regexp.MustCompile(`(\d{2,6}-\d{2,6}-\d{2,8}(?:-\d{1,4})?|\d{10,14})`), account},
}

func always(string, int, int) bool { return true }

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// resident checks date and century. The check digit is asked for only where no
// hyphen stands: since October 2020 new numbers end in random digits.
func resident(s string, from, to int) bool {
	d := digits(s[from:to])
	month, day := (d[2]-'0')*10+d[3]-'0', (d[4]-'0')*10+d[5]-'0'
	if month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return strings.Contains(s[from:to], "-") || residentDigit(d)
}

// residentDigit is the check of the 13th digit: weights 2 to 9, then 2 to 5.
// Foreigners' numbers (century 5 to 8) are two higher.
func residentDigit(d string) bool {
	sum := 0
	for i := range 12 {
		sum += int(d[i]-'0') * (i%8 + 2)
	}
	want := (11 - sum%11) % 10
	if d[6] >= '5' && d[6] <= '8' {
		want = (13 - sum%11) % 10
	}
	return int(d[12]-'0') == want
}

// luhn is ISO/IEC 7812's check, on numbers that begin as cards do.
func luhn(s string, from, to int) bool {
	d := digits(s[from:to])
	if len(d) < 14 || len(d) > 19 || !strings.ContainsRune("234569", rune(d[0])) {
		return false
	}
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// reach is how many bytes around a number are searched for the word that says
// what it is.
const reach = 60

// near holds if one of the words stands shortly before or after.
func near(words ...string) func(string, int, int) bool {
	return func(s string, from, to int) bool {
		around := strings.ToLower(s[max(0, from-reach):min(len(s), to+reach)])
		for _, w := range words {
			if strings.Contains(around, w) {
				return true
			}
		}
		return false
	}
}

var bank = near("계좌", "입금", "송금", "이체", "예금주", "은행", "농협", "수협", "신협", "새마을금고", "우체국", "카카오뱅크", "토스뱅크", "케이뱅크", "account no", "bank account")

// account needs a word of banking nearby: dates and order numbers look alike.
func account(s string, from, to int) bool {
	n := len(digits(s[from:to]))
	return n >= 10 && n <= 16 && bank(s, from, to)
}
