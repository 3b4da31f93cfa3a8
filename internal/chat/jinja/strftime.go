package jinja

import (
	"fmt"
	"strings"
	"time"
)

// strftime formats a time as Python does in the C locale on Linux. The marks of
// the format stay with the text copied from it.
func strftime(t time.Time, format Str) Str {
	var b builder
	s := format.s
	pos := 0
	for pos < len(s) {
		i := strings.IndexByte(s[pos:], '%')
		if i < 0 || pos+i+1 >= len(s) {
			break
		}
		b.str(format.sub(pos, pos+i))
		pos += i + 1
		flag := byte(0)
		if strings.IndexByte("-_0^#", s[pos]) >= 0 && pos+1 < len(s) {
			flag = s[pos]
			pos++
		}
		out, ok := directive(t, s[pos])
		if !ok {
			b.str(format.sub(pos-1, pos+1))
			pos++
			continue
		}
		b.text(applyFlag(out, flag))
		pos++
	}
	b.str(format.sub(pos, len(s)))
	return b.done()
}

// applyFlag handles the GNU flags for padding and case.
func applyFlag(s string, flag byte) string {
	switch flag {
	case '-':
		if t := strings.TrimLeft(s, "0 "); t != "" && t[0] >= '0' && t[0] <= '9' {
			return t
		} else if t == "" && s != "" {
			return "0"
		}
	case '_':
		t := strings.TrimLeft(s, "0")
		if t == "" {
			t = "0"
		}
		return strings.Repeat(" ", max(0, len(s)-len(t))) + t
	case '0':
		return strings.ReplaceAll(s, " ", "0")
	case '^':
		return strings.ToUpper(s)
	}
	return s
}

func directive(t time.Time, c byte) (string, bool) {
	switch c {
	case 'a', 'A', 'b', 'B', 'h', 'p', 'P':
		return nameDirective(t, c), true
	case 'c', 'D', 'F', 'R', 'r', 'T', 'x', 'X':
		return compositeDirective(t, c), true
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'z', 'Z':
		return "", true // a clock without a zone, as the reference uses it
	}
	return numberDirective(t, c)
}

func nameDirective(t time.Time, c byte) string {
	switch c {
	case 'a':
		return t.Weekday().String()[:3]
	case 'A':
		return t.Weekday().String()
	case 'B':
		return t.Month().String()
	case 'p':
		return t.Format("PM")
	case 'P':
		return t.Format("pm")
	}
	return t.Month().String()[:3]
}

func compositeDirective(t time.Time, c byte) string {
	switch c {
	case 'c':
		return fmt.Sprintf("%s %s %2d %s %d", nameDirective(t, 'a'), nameDirective(t, 'b'), t.Day(), t.Format("15:04:05"), t.Year())
	case 'D', 'x':
		return t.Format("01/02/06")
	case 'F':
		return t.Format("2006-01-02")
	case 'R':
		return t.Format("15:04")
	case 'r':
		return t.Format("03:04:05 PM")
	}
	return t.Format("15:04:05")
}

func numberDirective(t time.Time, c byte) (string, bool) {
	pad := func(format string, n int) (string, bool) { return fmt.Sprintf(format, n), true }
	isoYear, isoWeek := t.ISOWeek()
	monday := (int(t.Weekday()) + 6) % 7
	switch c {
	case 'd':
		return pad("%02d", t.Day())
	case 'e':
		return pad("%2d", t.Day())
	case 'm':
		return pad("%02d", int(t.Month()))
	case 'y':
		return pad("%02d", t.Year()%100)
	case 'Y':
		return pad("%d", t.Year())
	case 'C':
		return pad("%02d", t.Year()/100)
	case 'G':
		return pad("%d", isoYear)
	case 'g':
		return pad("%02d", isoYear%100)
	case 'V':
		return pad("%02d", isoWeek)
	case 'H':
		return pad("%02d", t.Hour())
	case 'k':
		return pad("%2d", t.Hour())
	case 'I':
		return pad("%02d", (t.Hour()+11)%12+1)
	case 'l':
		return pad("%2d", (t.Hour()+11)%12+1)
	case 'M':
		return pad("%02d", t.Minute())
	case 'S':
		return pad("%02d", t.Second())
	case 'f':
		return pad("%06d", t.Nanosecond()/1000)
	case 's':
		return pad("%d", int(t.Unix()))
	case 'j':
		return pad("%03d", t.YearDay())
	case 'u':
		return pad("%d", monday+1)
	case 'w':
		return pad("%d", int(t.Weekday()))
	case 'U':
		return pad("%02d", (t.YearDay()+6-int(t.Weekday()))/7)
	case 'W':
		return pad("%02d", (t.YearDay()+6-monday)/7)
	}
	return "", false
}
