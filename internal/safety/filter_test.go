package safety

import (
	"strings"
	"testing"
)

func newFilter(t testing.TB) *Filter {
	t.Helper()
	f, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNormalise(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Normalise(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	f("시*발", "시발")
	f("시1발 진짜", "시발 진짜")
	f("시 발", "시발")
	f("다시 발견했다", "다시 발견했다")
	f("ㅅㅣㅂㅏㄹ", "시발")
	f("시바ㄹ", "시발")
	f("시이이이발", "시발")
	f("Ｆｕｃｋ", "fuck")
	f("시\u200b발", "시발")
	f("ㅋㅋ 하하ㅋㅋ", "ㅋㅋ 하하ㅋㅋ")
	f("오늘은 2026년 11월", "오늘은 2026년 11월")
	f("", "")
}

func TestCheck(t *testing.T) {
	f := newFilter(t)
	check := func(text string, group Group, want Score) {
		t.Helper()
		if got := f.Check(text); got.Score(group) != want {
			t.Errorf("%q: %v, want %s %d", text, got, group, want)
		}
	}
	check("이런 ㅅ ㅣ ㅂ ㅏ ㄹ", Profanity, Likely)
	check("씨.발 뭐야", Profanity, Likely)
	check("시이발", Profanity, Likely)
	check("지금 출발하면 시발역에서 만난다", Profanity, Clean)
	check("다시 발표하겠습니다", Profanity, Clean)
	check("새끼손가락을 다쳤다", Profanity, Clean)
	check("새끼 고양이가 귀엽다", Profanity, Clean)
	check("병신년 갑오개혁", Profanity, Clean)
	check("씨발아 실험을 했다", Profanity, Clean)
	check("틀딱들은 빠져", Hate, Likely)
	check("벙어리장갑을 샀다", Hate, Clean)
	check("음란물을 보내", Sexual, Possible)
	check("월정액 요금제", Sexual, Clean)
	check("일본 자위대", Sexual, Clean)
	check("보지 않은 영화", Sexual, Clean)
	check("Scunthorpe is a town", Profanity, Clean)
	check("id 9fukb2 @k3:fuk2x1;", Profanity, Clean)
	check("what the fuck, fucking hell", Profanity, Likely)
	check("대한민국의 수도는 서울입니다.", Profanity, Clean)
}

func TestBlocked(t *testing.T) {
	v := Verdict{{Profanity, Likely, "x"}, {Sexual, Possible, "y"}}
	if got := v.Blocked(Levels{Profanity: Low, Sexual: Low, Hate: Strict}); len(got) != 1 || got[0] != Profanity {
		t.Errorf("%v", got)
	}
	if got := v.Blocked(Levels{Sexual: Strict}); len(got) != 1 || got[0] != Sexual {
		t.Errorf("%v", got)
	}
}

func TestOwnWords(t *testing.T) {
	f, err := New("hate 2 우리회사금칙어 우리회사금칙어사전")
	if err != nil {
		t.Fatal(err)
	}
	if f.Check("우리회사금칙어다").Score(Hate) != Likely || f.Check("우리회사금칙어사전").Score(Hate) != Clean {
		t.Error("an office's own words are not found")
	}
	for _, bad := range []string{"hate 3 x", "rude 1 x", "hate 1", "hate 1 a,,b", "hate 1 a b c"} {
		if _, err := New(bad); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: %v, want an error that names the line", bad, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	list := newFilter(f)
	for _, s := range []string{"ㅅㅣㅂㅏㄹ", "시*발 새끼손가락", "\xff\u1107\u1161", "ㅄㅄㄳ 각ㄱ", strings.Repeat("ㅏ", 50)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list.Check(text)
		if once := Normalise(text); len(once) > 4*len(text)+64 {
			t.Errorf("%d bytes became %d", len(text), len(once))
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	f := newFilter(b)
	text := strings.Repeat("오늘 회의에서는 새 예산을 어떻게 나눌지 이야기했습니다. ", 50)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f.Check(text)
	}
}
