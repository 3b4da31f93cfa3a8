package calc

import "testing"

func TestEval(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		v, err := Eval(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		} else if got := Text(v); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	f("1+2*3", "7")
	f("(1+2)*3", "9")
	f("0.1+0.2", "0.3")
	f("1/3", "0.333333333333")
	f("2^10", "1,024")
	f("2^3^2", "512")
	f("-2^2", "-4")
	f("17 % 5", "2")
	f("-17 % 5", "3")
	f("200 * 15%", "30")
	f("50% + 0.5", "1")
	f("1,234,567 × 2", "2,469,134")
	f("3만 2천", "32,000")
	f("1억 5천만", "150,000,000")
	f("1.5억", "150,000,000")
	f("2조 3천억 + 1", "2,300,000,000,001")
	f("3천2백", "3,200")
	f("sqrt(2)", "1.41421356237")
	f("반올림(2.5) + round(-2.5)", "0")
	f("올림(1.2) + 내림(1.8)", "3")
	f("max(1, 3, 2) - min(4, 5)", "-1")
	f("평균(80, 90, 100)", "90")
	f("max(1,234)", "1,234") // a comma before three digits groups them
	f("5! / 3!", "20")
	f("100! / 99!", "100")
	f("12 ÷ 4 = ?", "3")
	f("10^-2", "0.01")
	f("1000000 * 1.033 ^ 10", "1,383,576.62192") // rounded
}

func TestEvalRefuses(t *testing.T) {
	for _, in := range []string{"", "1+", "1/0", "5 % 0", "(1", "1)", "x", "foo(1)", "2^99999999", "9^9^9^9", "401!", "(-1)!", "sqrt(0-1)", "1..2", "1만 1억", "__import__('os')", "1 2", "sqrt(1,2)", "1만만"} {
		if v, err := Eval(in); err == nil {
			t.Errorf("%q: %s, want an error", in, Text(v))
		}
	}
}

func FuzzEval(f *testing.F) {
	for _, s := range []string{"1+2*(3-4)/5%", "3만 2천억", "max(1,2,sqrt(3))!", "2^-3^4", "((((((1))))))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if v, err := Eval(in); err == nil {
			Text(v)
		}
	})
}
