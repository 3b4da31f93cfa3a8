package safety

import "strings"

// The letters in the order in which Unicode builds syllables of them.
const (
	initials  = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
	vowelList = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
	// finalList begins with a sign for no final.
	finalList = "-ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
)

// spelled joins letters that stand alone to syllables: a consonant and a
// vowel, then a consonant that no vowel follows; and such a consonant with an
// open syllable before it. Runs of consonants (ㅅㅂ, ㅋㅋ) stay.
func spelled(text string) string {
	rs := []rune(compatible(text))
	var out []rune
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		first, vowel := place(initials, r), -1
		if i+1 < len(rs) {
			vowel = place(vowelList, rs[i+1])
		}
		if first >= 0 && vowel >= 0 {
			out = append(out, rune(firstSyllable+(first*vowels+vowel)*finals))
			i++
			continue
		}
		if n := len(out); n > 0 && closes(rs, i) && open(out[n-1]) {
			out[n-1] += rune(place(finalList, r))
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

// compatible undoes what NFKC makes of letters that stand alone.
func compatible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x1100 && r < 0x1100+19:
			return []rune(initials)[r-0x1100]
		case r >= 0x1161 && r < 0x1161+vowels:
			return []rune(vowelList)[r-0x1161]
		case r >= 0x11A8 && r < 0x11A8+finals-1:
			return []rune(finalList)[r-0x11A8+1]
		}
		return r
	}, text)
}

// closes reports whether the consonant at i can end the syllable before it:
// one alone, of those that end words often, with no other letter behind it.
func closes(rs []rune, i int) bool {
	if !strings.ContainsRune("ㄱㄴㄷㄹㅁㅂㅅㅇ", rs[i]) {
		return false
	}
	return i+1 == len(rs) || place(vowelList, rs[i+1]) < 0 && place(initials, rs[i+1]) < 0
}

func open(r rune) bool {
	return r >= firstSyllable && r <= lastSyllable && (r-firstSyllable)%finals == 0
}

func place(list string, r rune) int {
	i := strings.IndexRune(list, r)
	if i <= 0 {
		return i
	}
	return len([]rune(list[:i]))
}
