// Package pii finds what points to a person in Korean text: resident
// registration numbers, phones, cards, accounts, addresses of e-mail, passports
// and driving licences. It knows the shapes and check digits of the numbers
// and nothing of who wrote them or where the text goes.
//
// It is a net, not a proof: a name or a street is not found, and a number in
// an unusual shape passes.
package pii

import (
	"slices"
	"strings"
)

// Kind is what a finding is.
type Kind string

// The kinds.
const (
	Resident Kind = "resident" // 주민등록번호, 외국인등록번호
	Phone    Kind = "phone"
	Card     Kind = "card"
	Account  Kind = "account" // of a bank
	Email    Kind = "email"
	Passport Kind = "passport"
	Driver   Kind = "driver" // 운전면허번호
)

// labels stand in a masked text where the finding was.
var labels = map[Kind]string{
	Resident: "[주민등록번호]", Phone: "[전화번호]", Card: "[카드번호]", Account: "[계좌번호]",
	Email: "[이메일]", Passport: "[여권번호]", Driver: "[운전면허번호]",
}

// Finding is a place in a text, in bytes.
type Finding struct {
	Kind     Kind
	From, To int
}

// Find returns what it finds, in order and without overlap. Where two kinds
// fit the same digits the one that is checked more strictly wins.
func Find(text string) []Finding {
	flat, at := flatten(text)
	var out []Finding
	for _, d := range detectors {
		for _, m := range d.pattern.FindAllStringSubmatchIndex(flat, -1) {
			from, to := m[2], m[3]
			if !alone(flat, from, to) || !d.holds(flat, from, to) {
				continue
			}
			f := Finding{d.kind, at[from], at[to]}
			if !slices.ContainsFunc(out, func(o Finding) bool { return f.From < o.To && o.From < f.To }) {
				out = append(out, f)
			}
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return a.From - b.From })
	return out
}

// Mask puts a label in place of each finding.
func Mask(text string) string {
	found := Find(text)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	last := 0
	for _, f := range found {
		b.WriteString(text[last:f.From])
		b.WriteString(labels[f.Kind])
		last = f.To
	}
	b.WriteString(text[last:])
	return b.String()
}

// flatten writes digits, hyphens and spaces of any width as ASCII, so that one
// pattern serves all. at[i] is the place in text of the byte i of the result.
func flatten(text string) (string, []int) {
	var b strings.Builder
	var at []int
	for i, r := range text {
		switch {
		case r >= '０' && r <= '９':
			r = '0' + r - '０'
		case strings.ContainsRune("‐‑‒–—―−－", r):
			r = '-'
		case r == '＠':
			r = '@'
		case r == '．':
			r = '.'
		case r == '\u00a0' || r == '\u3000':
			r = ' '
		}
		before := b.Len()
		b.WriteRune(r)
		for range b.Len() - before {
			at = append(at, i)
		}
	}
	return b.String(), append(at, len(text))
}

// alone reports whether no digit, and no hyphen with a digit behind it,
// touches the finding: part of a longer number is something else.
func alone(s string, from, to int) bool {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	if digit(from) && (digit(from-1) || from > 1 && s[from-1] == '-' && digit(from-2)) {
		return false
	}
	return !(digit(to-1) && (digit(to) || to < len(s)-1 && s[to] == '-' && digit(to+1)))
}
