package cpu

import (
	"strings"
	"testing"
)

func TestParseReadsWhatStringWrites(t *testing.T) {
	for l := Portable; l <= AVX512; l++ {
		got, err := Parse(l.String())
		if err != nil || got != l {
			t.Errorf("Parse(%q) = %v, %v", l.String(), got, err)
		}
	}
	if _, err := Parse("sse9"); err == nil || !strings.Contains(err.Error(), "avx2") {
		t.Errorf("Parse of an unknown name: error %v does not name the known ones", err)
	}
}

func TestBestIsBelowWhatIsMissing(t *testing.T) {
	f := func(want Level, missing ...string) {
		t.Helper()
		fs := []feature{{"a", AVX2, true}, {"b", AVX2, true}, {"c", AVX512, true}, {"d", AVX512, true}}
		for i := range fs {
			for _, m := range missing {
				if fs[i].name == m {
					fs[i].has = false
				}
			}
		}
		if got := best(fs); got != want {
			t.Errorf("without %v: %v, want %v", missing, got, want)
		}
	}
	f(AVX512)
	f(AVX2, "c")
	f(AVX2, "d", "c")
	f(Portable, "b")
	f(Portable, "a", "d")
	if got := best(nil); got != Portable {
		t.Errorf("no features: %v", got)
	}
}

func TestForceRefusesWhatIsNotThere(t *testing.T) {
	old := Current()
	defer Force(old)
	for l := Portable; l <= AVX512; l++ {
		err := Force(l)
		if (err == nil) != (l <= Best()) {
			t.Errorf("Force(%v) with best %v: %v", l, Best(), err)
		}
		if err == nil && Current() != l {
			t.Errorf("Current() = %v after Force(%v)", Current(), l)
		}
	}
	if Force(-1) == nil || Force(9) == nil {
		t.Error("Force took a level that does not exist")
	}
}

func TestDescribeNamesTheLevelInForce(t *testing.T) {
	if s := Describe(); !strings.Contains(s, "kernels "+Current().String()) {
		t.Errorf("Describe() = %q", s)
	}
}
