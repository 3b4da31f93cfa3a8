package money

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/skill/fresh"
)

const small = "date\t2026-10-30\nsource\t어느 은행\nUSD\t1\t1300\t미국 달러,US dollar,달러,$\nJPY\t100\t900.5\t일본 엔,Japanese yen,엔\n"

// TestReference holds the program's own table against what it promises.
func TestReference(t *testing.T) {
	table := Reference()
	if n := len(table.List()); n < 36 {
		t.Errorf("%d currencies", n)
	}
	for _, c := range table.List()[1:] {
		if c.Source == "" || c.Date.Before(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %s %s", c.Code, c.Date, c.Source)
		}
		if hangul := c.Names[0][0] >= 0xEA; !hangul || c.Names[1][0] > 0x7f {
			t.Errorf("%s is shown as %q and %q, want Korean and English", c.Code, c.Names[0], c.Names[1])
		}
	}
	for _, code := range []string{"JPY", "VND", "IDR"} {
		if c, err := table.Find(code); err != nil || c.Units != 100 {
			t.Errorf("%s is quoted for %d: %v", code, c.Units, err)
		}
	}
	if got := table.Newest().Format(time.DateOnly); got != "2026-10-30" {
		t.Error(got)
	}
}

func TestConvertIsExactAndRoundsAtTheEnd(t *testing.T) {
	table, err := Parse(small)
	if err != nil {
		t.Fatal(err)
	}
	f := func(amount, from, to, want string) {
		t.Helper()
		v, _, err := table.Amount(amount)
		if err != nil {
			t.Fatal(err)
		}
		a, err := table.Find(from)
		if err != nil {
			t.Fatal(err)
		}
		b, err := table.Find(to)
		if err != nil {
			t.Fatal(err)
		}
		if got := Text(Convert(v, a, b), b); got != want {
			t.Errorf("%s %s in %s: %s, want %s", amount, from, to, got, want)
		}
		if back := Convert(Convert(v, a, b), b, a); back.Cmp(v) != 0 {
			t.Errorf("%s %s there and back: %s", amount, from, back)
		}
	}
	f("1", "usd", "원", "1,300")
	f("1,000", "엔", "KRW", "9,005")
	f("1", "엔", "원", "9")
	f("10", "US Dollar", "japanese yen", "1,443.64")
	f("1300", "KRW", "$", "1.00")
	f("1", "KRW", "USD", "0.000769")
	f("65", "KRW", "USD", "0.05")
	f("-2.5", "USD", "KRW", "-3,250")
	f("1백만", "달러", "KRW", "1,300,000,000")
}

func TestAmount(t *testing.T) {
	table := Reference()
	f := func(in, want, code string) {
		t.Helper()
		v, c, err := table.Amount(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			return
		}
		w, _ := new(big.Rat).SetString(want)
		if v.Cmp(w) != 0 || (c == nil) != (code == "") || c != nil && c.Code != code {
			t.Errorf("%s: %s %v, want %s %s", in, v.FloatString(2), c, want, code)
		}
	}
	f("100", "100", "")
	f("3만원", "30000", "KRW")
	f("3만 2천 원", "32000", "KRW")
	f("1억 5천만", "150000000", "")
	f("천만 원", "10000000", "KRW")
	f("백만 달러", "1000000", "USD")
	f("$1,250.50", "1250.5", "USD")
	f("US$ 7", "7", "USD")
	f("100 미국달러", "100", "USD")
	f("100 홍콩 달러", "100", "HKD")
	f("NT$300", "300", "TWD")
	f("1만 엔", "10000", "JPY")
	f("20 euros", "20", "EUR")
	f("₩5000", "5000", "KRW")
	f("KRW 5000", "5000", "KRW")
	f("3,000 * 12", "36000", "")
	for _, bad := range []string{"", "원", "달러 많이", "100 페소", "1e5", strings.Repeat("1", 300), "200경", "10^30"} {
		if v, _, err := table.Amount(bad); err == nil {
			t.Errorf("%q is %s", bad, v)
		}
	}
}

func TestWrongTables(t *testing.T) {
	head := "date\t2026-10-30\nsource\tx\n"
	for text, want := range map[string]string{
		"": "no rates", head: "no rates", "USD\t1\t2\tㄱ,a": "without a date", "date\t2026-10-30\nUSD\t1\t2\tㄱ,a": "and a source", "date\t30.10.2026": "want it as 2026-10-30",
		"source\t": "want 1 to", head + "USD 1 2 a,b": "1 fields", head + "usd\t1\t2\tㄱ,a": "three capital letters", head + "USD\t7\t2\tㄱ,a": "want 1, 10, 100",
		head + "USD\t1\t1,300\tㄱ,a": "want a number", head + "USD\t1\t1e9999999\tㄱ,a": "want a number", head + "USD\t1\t-2\tㄱ,a": "want a number", head + "USD\t1\t0.00\tㄱ,a": "is 0",
		head + "USD\t1\t2\tㄱ": "1 names", head + "USD\t1\t2\tㄱ,a5": "digits", head + "USD\t1\t2\tㄱ,a\x1b[2J": "cannot be seen", head + "USD\t1\t2\tㄱ, a": "spaces",
		head + "USD\t1\t2\tㄱ,a\nEUR\t1\t2\tㄴ,A": "is USD's already", head + "KRW\t1\t2\tㄱ,a": "is KRW's already", head + "USD\t1\t2\t원,a": "is KRW's already", "\xff": "UTF-8",
		head + strings.Repeat("#", MaxFile): "bytes of rates",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
	if _, err := Parse("\uFEFF" + strings.ReplaceAll(small, "\n", "\r\n")); err != nil {
		t.Errorf("as Windows writes it: %v", err)
	}
}

func TestFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rates.tsv")
	clock := time.Unix(0, 0)
	f, err := Open(path, func() time.Time { return clock }, nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, text, want string) {
		t.Helper()
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		clock = clock.Add(fresh.Every)
		usd, err := f.Table().Find("USD")
		if err != nil || usd.Rate.FloatString(2) != want {
			t.Errorf("%s: %s %v, want %s", what, usd.Rate.FloatString(2), err, want)
		}
	}
	check("no file", "", "1335.27")
	check("a file", small, "1300.00")
	check("a bad file", "nonsense", "1300.00")
	check("a good one", strings.Replace(small, "1300", "1400", 1), "1400.00")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("taken away", "", "1335.27")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, nil, nil); err == nil || !strings.Contains(err.Error(), "line 1") || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add(reference)
	f.Add("date\t2026-10-30\nsource\tx\nUSD\t1\t2\tㄱ,a")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Parse(text)
		if err != nil {
			return
		}
		won, _ := table.Find(Won)
		for _, c := range table.List() {
			if found, err := table.Find(c.Code); err != nil || found.Code != c.Code {
				t.Fatalf("%s: %v", c.Code, err)
			}
			Text(Convert(big.NewRat(1, 1), c, won), won)
		}
	})
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"3만원", "$1,250.50", "천만 원", "US$", "1억 5천만 엔", "ß$1", "İ1"} {
		f.Add(s)
	}
	table := Reference()
	f.Fuzz(func(t *testing.T, s string) {
		if v, _, err := table.Amount(s); err == nil && new(big.Rat).Abs(v).Cmp(maxAmount) > 0 {
			t.Fatalf("%q is %s", s, v)
		}
	})
}
