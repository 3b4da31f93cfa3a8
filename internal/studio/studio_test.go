package studio

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

func TestSentences(t *testing.T) {
	f := func(in string, want ...string) {
		t.Helper()
		if got := Sentences(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	f("")
	f("안녕하세요. 반갑습니다!", "안녕하세요.", "반갑습니다!")
	f("그가 \"가자.\" 라고 했다. 갔다", "그가 \"가자.\"", "라고 했다.", "갔다")
	f("원주율은 3.14다. 1. 첫째 2. 둘째", "원주율은 3.14다.", "1. 첫째 2. 둘째")
	f("e.g. this one. Mr. Kim", "e.g. this one.", "Mr. Kim")
	f("줄 하나\n\n 줄 둘 ", "줄 하나", "줄 둘")
	f("끝났다… 정말?! 네.", "끝났다…", "정말?!", "네.")
	f("這是。那是。", "這是。", "那是。")
}

const two = `고양이는 낮에 오래 잔다. 고양이는 물을 싫어한다. 고양이의 수염은 길다. 고양이 눈은 밤에 빛난다.
금리가 올랐다. 중앙은행은 금리를 다시 올릴 수 있다고 했다. 시장은 금리 인상을 예상했다. 금리가 오르면 대출이 준다.`

func TestSegmentFindsTheChangeOfTopic(t *testing.T) {
	for _, o := range []Segmenting{{Auto: true}, {Count: 2}} {
		s, err := Segment(t.Context(), two, o, nil)
		if err != nil || !slices.Contains(s.Ends, 4) || s.Ends[len(s.Ends)-1] != 8 {
			t.Errorf("%+v: ends %v, %v; want a cut after the fourth sentence", o, s.Ends, err)
		}
	}
	low, _ := Segment(t.Context(), two, Segmenting{Alpha: -1.5}, nil)
	high, _ := Segment(t.Context(), two, Segmenting{Alpha: 1.5}, nil)
	if len(low.Ends) > len(high.Ends) {
		t.Errorf("alpha -1.5 gives %d segments, 1.5 gives %d: higher must not give fewer", len(low.Ends), len(high.Ends))
	}
}

func TestSegmentWithVectors(t *testing.T) {
	embed := func(_ context.Context, texts []string) ([][]float32, int, error) {
		out := make([][]float32, len(texts))
		for i := range texts {
			out[i] = []float32{1, 0}
			if i >= 5 {
				out[i] = []float32{0, 1}
			}
		}
		return out, 42, nil
	}
	s, err := Segment(t.Context(), two, Segmenting{Count: 2}, embed)
	if err != nil || !slices.Equal(s.Ends, []int{5, 8}) || s.Tokens != 42 {
		t.Errorf("%v %d %v; want a cut where the vectors turn", s.Ends, s.Tokens, err)
	}
	broken := errors.New("no")
	if _, err := Segment(t.Context(), two, Segmenting{}, func(context.Context, []string) ([][]float32, int, error) { return nil, 0, broken }); !errors.Is(err, broken) {
		t.Errorf("the embedder's error is lost: %v", err)
	}
}

func TestSegmentsFit(t *testing.T) {
	text := strings.Repeat("열 글자쯤 되는 문장. ", 50)
	s, err := Segment(t.Context(), text, Segmenting{Auto: true, Fit: true, MinSize: 40, MaxSize: 80}, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, topic := range s.Topics() {
		size := length(topic)
		n += len(topic)
		if size > 80 || size < 40 && i < len(s.Ends)-1 {
			t.Errorf("segment %d has %d characters", i, size)
		}
	}
	if n != len(s.Sentences) {
		t.Errorf("%d of %d sentences are in a segment", n, len(s.Sentences))
	}
}

func TestSlide(t *testing.T) {
	m := &fake.Model{About: llm.Info{Context: 20}}
	turns := []chat.Message{{Role: "system", Content: "s"}, {Role: "user", Content: "a b c d e"}, {Role: "assistant", Content: "f g"}, {Role: "user", Content: "h"}, {Role: "assistant", Content: "i"}, {Role: "user", Content: "j"}}
	got, err := Slide(m, turns, 8)
	if err != nil || len(got) != 4 || got[0].Role != "system" || got[1].Content != "h" {
		t.Errorf("%v %v; want the system's turn and the last three", got, err)
	}
	if len(turns) != 6 || turns[1].Content != "a b c d e" {
		t.Error("the caller's turns were changed")
	}
	var full *llm.ContextError
	if _, err := Slide(m, turns, 19); !errors.As(err, &full) {
		t.Errorf("no room at all: %v", err)
	}
}

func TestAnswerFromCitesWhatItWasShown(t *testing.T) {
	m := &fake.Model{About: llm.Info{Context: 4096}}
	m.OnChat = func(llm.ChatRequest) fake.Script { return fake.Say("하늘은 파랗다 [1][7]. 그렇다 [1].") }
	ranked, err := Rank(t.Context(), "하늘의 색", []Passage{{"x", "땅은 갈색이다"}, {"y", "하늘의 색은 파랑이다"}}, nil)
	if err != nil || ranked[0].ID != "y" {
		t.Fatalf("%v %v; want the passage about the sky first", ranked, err)
	}
	a, err := AnswerFrom(t.Context(), m, "하늘의 색", ranked, 100)
	if err != nil || len(a.Cited) != 1 || a.Cited[0].ID != "y" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestAnswerFromShowsLessWhenItDoesNotFit(t *testing.T) {
	m := &fake.Model{About: llm.Info{Context: 300}}
	m.OnChat = func(llm.ChatRequest) fake.Script { return fake.Say("답") }
	var p []Ranked
	for range 8 {
		p = append(p, Ranked{Passage: Passage{Text: strings.Repeat("말 ", 50)}})
	}
	if _, err := AnswerFrom(t.Context(), m, "?", p, 50); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(m.LastChat().Messages[1].Content, "["); n < 1 || n > 3 {
		t.Errorf("%d passages were shown, want as many as fit", n)
	}
}

func TestSummariseSegmentBySegment(t *testing.T) {
	m := &fake.Model{About: llm.Info{Context: 4096}}
	m.OnChat = func(r llm.ChatRequest) fake.Script { return fake.Say("- " + r.Messages[1].Content[:9]) }
	text, usage, err := Summarise(t.Context(), m, []string{two}, Summarising{Count: 2}, nil)
	if err != nil || text != "- 고양이\n- 금리가" || usage.PromptTokens != 14 {
		t.Errorf("%q %+v %v", text, usage, err)
	}
}

func FuzzSegment(f *testing.F) {
	f.Add(two, 0.0, 0, 10, 20)
	f.Add("...?!\n\"", 1.5, 3, 1, 1)
	f.Fuzz(func(t *testing.T, text string, alpha float64, count, least, most int) {
		s, err := Segment(t.Context(), text, Segmenting{Alpha: alpha, Count: count, Fit: least%2 == 0, MinSize: least, MaxSize: most}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(slices.Concat(s.Topics()...)); n != len(s.Sentences) {
			t.Errorf("%d of %d sentences are in a segment", n, len(s.Sentences))
		}
	})
}
