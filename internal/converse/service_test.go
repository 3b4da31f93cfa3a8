package converse_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/chat"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// rig is a service on a database with two people and scripted models.
type rig struct {
	*converse.Service
	t     *testing.T
	db    *store.DB
	model *fake.Model
	other *fake.Model
	bus   *bus.Memory
	spent *spending
}

var (
	ann    = account.Principal{User: "id-ann", Role: account.Member}
	bob    = account.Principal{User: "id-bob", Role: account.Member}
	reader = account.Principal{User: "id-ann", Role: account.Reader}
)

// spending is a meter that may refuse.
type spending struct {
	mu     sync.Mutex
	refuse error
	list   []account.Spend
}

func (s *spending) Admit(context.Context, account.Principal) error { return s.refuse }

func (s *spending) Record(_ context.Context, _ account.Principal, x account.Spend) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, x)
	return nil
}

func (s *spending) all() []account.Spend {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func newRig(t *testing.T, script func(llm.ChatRequest) fake.Script) *rig {
	t.Helper()
	return rigOn(t, storetest.SQLite(t), "n1", &bus.Memory{}, script)
}

func rigOn(t *testing.T, db *store.DB, node string, b *bus.Memory, script func(llm.ChatRequest) fake.Script) *rig {
	t.Helper()
	return rigWith(t, db, node, b, script, nil)
}

func rigWith(t *testing.T, db *store.DB, node string, b *bus.Memory, script func(llm.ChatRequest) fake.Script, skills converse.Skills) *rig {
	t.Helper()
	for _, p := range []account.Principal{ann, bob} {
		if err := db.Accounts().EnsureUser(t.Context(), account.UserRow{User: account.User{ID: p.User, Login: string(p.User), Role: p.Role}}); err != nil {
			t.Fatal(err)
		}
	}
	r := &rig{t: t, db: db, bus: b, spent: &spending{}}
	r.model = &fake.Model{About: llm.Info{Name: "m", Context: 4096}, OnChat: script}
	r.other = &fake.Model{About: llm.Info{Name: "other", Context: 4096}, OnChat: script}
	set := &fake.Set{Models: []*fake.Model{r.model, r.other}}
	r.Service = converse.NewService(db.Conversations(), set, b, converse.Options{
		Node: node, Meter: r.spent, FlushMS: 10, LeaseFor: 300 * time.Millisecond, Blobs: blobs{}, Skills: skills, AskFor: testAskFor, PageFor: testPageFor,
	})
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if n := set.Held(); n != 0 {
			t.Errorf("%d models are still held", n)
		}
	})
	return r
}

// testAskFor is long enough for a person that is a test.
const testAskFor = time.Second

// testPageFor is long enough for a page that is a test.
const testPageFor = 3 * time.Second

// blobs keeps files in memory.
type blobs map[string][]byte

func (b blobs) Put(_ context.Context, data []byte) (string, error) {
	b["d"+string(data[:min(8, len(data))])] = data
	return "d" + string(data[:min(8, len(data))]), nil
}
func (b blobs) Get(_ context.Context, d string) ([]byte, error) { return b[d], nil }
func (b blobs) Delete(_ context.Context, d string) error        { delete(b, d); return nil }

func say(pieces ...string) func(llm.ChatRequest) fake.Script {
	return func(llm.ChatRequest) fake.Script { return fake.Say(pieces...) }
}

// slow says the pieces with a pause before each.
func slow(pause time.Duration, pieces ...string) func(llm.ChatRequest) fake.Script {
	return func(llm.ChatRequest) fake.Script {
		s := fake.Say(pieces...)
		for i := range s.Steps {
			s.Steps[i].Wait = pause
		}
		return s
	}
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) chat() string {
	r.t.Helper()
	c, err := r.CreateChat(r.t.Context(), ann, converse.NewChat{})
	r.must(err)
	return c.ID
}

func (r *rig) ask(chat, parent, text string, models ...string) converse.Asked {
	r.t.Helper()
	out, err := r.Ask(r.t.Context(), ann, converse.Ask{Chat: chat, Parent: parent, Content: text, Models: models})
	r.must(err)
	return out
}

// watched is what a reader saw of an answer.
type watched struct {
	text string
	seqs []int
	last *converse.Message
}

// watch follows an answer to its end, applying events as a page does.
func (r *rig) watch(id string, after int) watched {
	r.t.Helper()
	var w watched
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	err := r.Follow(ctx, ann, id, after, converse.Reader{Event: func(e converse.Event) error {
		w.seqs = append(w.seqs, e.Seq)
		switch {
		case e.Delta != nil:
			w.text += e.Delta.Content
		case e.Reset != nil:
			w.text = e.Reset.Content
		case e.Done != nil:
			w.last = e.Done
		}
		return nil
	}})
	r.must(err)
	if w.last == nil {
		r.t.Fatalf("answer %s had no end", id)
	}
	return w
}

func TestAskAnswersOnTheServer(t *testing.T) {
	r := newRig(t, slow(5*time.Millisecond, "안녕", "하세", "요"))
	c := r.chat()
	a := r.ask(c, "", "  # 인사해 줘\n둘째 줄")
	w := r.watch(a.Answers[0].ID, 0)
	if w.text != "안녕하세요" || w.last.Content != "안녕하세요" || w.last.Status != converse.Done || w.last.Usage == nil || w.last.Usage.CompletionTokens != 3 {
		t.Errorf("%+v, last %+v", w, w.last)
	}
	chat, list, err := r.Open(t.Context(), ann, c)
	r.must(err)
	if chat.Title != "인사해 줘" || chat.Live || len(list) != 2 || list[1].Content != "안녕하세요" || chat.Leaf != list[1].ID {
		t.Errorf("%+v %+v", chat, list)
	}
	if s := r.spent.all(); len(s) != 1 || s[0].CompletionTokens != 3 || s[0].Model != "m" {
		t.Errorf("the ledger has %+v", s)
	}
	if again := r.watch(a.Answers[0].ID, 0); again.last.Content != "안녕하세요" {
		t.Errorf("who comes late sees %+v", again)
	}
}

func TestEveryReaderSeesTheSame(t *testing.T) {
	var pieces []string
	for i := range 60 {
		pieces = append(pieces, fmt.Sprintf("말%d ", i))
	}
	r := newRig(t, slow(3*time.Millisecond, pieces...))
	a := r.ask(r.chat(), "", "길게").Answers[0]
	var wg sync.WaitGroup
	texts := make([]string, 5)
	for i := range texts {
		wg.Go(func() {
			time.Sleep(time.Duration(i*25) * time.Millisecond)
			texts[i] = r.watch(a.ID, 0).text
		})
	}
	wg.Wait()
	want := strings.Join(pieces, "")
	for i, s := range texts {
		if s != want && s != "" { // "" came after the end and got it in one
			t.Errorf("reader %d saw %q", i, s)
		}
	}
}

func TestReconnectingReadsOn(t *testing.T) {
	r := newRig(t, slow(10*time.Millisecond, "가", "나", "다", "라", "마"))
	a := r.ask(r.chat(), "", "x").Answers[0]
	text, last := "", 0
	gone := errors.New("the connection broke")
	err := r.Follow(t.Context(), ann, a.ID, 0, converse.Reader{Event: func(e converse.Event) error {
		text, last = text+e.Delta.Content, e.Seq
		if e.Seq == 2 {
			return gone
		}
		return nil
	}})
	if !errors.Is(err, gone) {
		t.Fatal(err)
	}
	if w := r.watch(a.ID, last); text+w.text != "가나다라마" || w.seqs[0] != 3 {
		t.Errorf("%q then %+v", text, w)
	}
	b := r.ask(r.chat(), "", "y").Answers[0]
	if w := r.watch(b.ID, 999); w.text != "가나다라마" {
		t.Errorf("after a number that never was: %+v", w)
	}
}

func TestStop(t *testing.T) {
	r := newRig(t, func(llm.ChatRequest) fake.Script {
		s := fake.Say("첫 마디")
		s.Steps[1] = fake.Step{Hang: true}
		return s
	})
	a := r.ask(r.chat(), "", "x").Answers[0]
	seen := make(chan bool, 1)
	go func() { time.Sleep(20 * time.Millisecond); r.Stop(context.Background(), ann, a.ID); seen <- true }()
	w := r.watch(a.ID, 0)
	<-seen
	if w.last.Status != converse.Stopped || w.last.Content != "첫 마디" {
		t.Errorf("%+v", w.last)
	}
	if r.model.Open() != 0 {
		t.Error("the model still answers")
	}
	r.must(r.Stop(t.Context(), ann, a.ID)) // stopping twice is harmless
}

func TestBranches(t *testing.T) {
	r := newRig(t, func(q llm.ChatRequest) fake.Script { return fake.Say("답: " + q.Messages[len(q.Messages)-1].Content) })
	c := r.chat()
	a := r.ask(c, "", "하나")
	r.watch(a.Answers[0].ID, 0)
	edited := r.ask(c, "", "하나 고침") // the same parent: a sibling
	r.watch(edited.Answers[0].ID, 0)
	again, err := r.Regenerate(t.Context(), ann, a.Answers[0].ID, converse.Again{Model: "other"})
	r.must(err)
	if w := r.watch(again.ID, 0); w.last.Model != "other" || w.last.Parent != a.Question.ID {
		t.Errorf("%+v", w.last)
	}
	next := r.ask(c, again.ID, "둘")
	r.watch(next.Answers[0].ID, 0)
	asked := r.model.LastChat()
	if len(asked.Messages) == 0 {
		asked = r.other.LastChat()
	}
	chat, list, err := r.Open(t.Context(), ann, c)
	r.must(err)
	if len(list) != 7 || chat.Leaf != next.Answers[0].ID {
		t.Errorf("%d messages, leaf %s", len(list), chat.Leaf)
	}
	r.must(r.DeleteMessage(t.Context(), ann, next.Question.ID))
	_, err = r.RestoreMessage(t.Context(), ann, next.Question.ID)
	r.must(err)
}

func TestWhatTheModelIsAsked(t *testing.T) {
	r := newRig(t, say("네"))
	ctx := t.Context()
	_, err := r.PutSettings(ctx, ann, converse.Settings{System: "나는 교사다", Tone: "haeyo", Memory: true})
	r.must(err)
	_, err = r.PutMemory(ctx, ann, converse.Memory{Text: "초등학교에서\n일한다", Enabled: true})
	r.must(err)
	_, err = r.PutMemory(ctx, ann, converse.Memory{Text: "꺼진 기억"})
	r.must(err)
	f, err := r.CreateFolder(ctx, ann, converse.Folder{Name: "수업", Instructions: "쉬운 말로"})
	r.must(err)
	_, err = r.AddFile(ctx, ann, f.ID, `C:\docs\계획.txt`, []byte("1교시 국어"))
	r.must(err)
	c, err := r.CreateChat(ctx, ann, converse.NewChat{Folder: f.ID})
	r.must(err)
	a := r.ask(c.ID, "", "질문")
	r.watch(a.Answers[0].ID, 0)
	b := r.ask(c.ID, a.Answers[0].ID, "다음 질문")
	r.watch(b.Answers[0].ID, 0)
	got := r.model.LastChat()
	system := got.Messages[0].Content
	at := -1
	for _, want := range []string{"나는 교사다", "해요체", "쉬운 말로", `"계획.txt"`, "1교시 국어", "초등학교에서 일한다"} {
		i := strings.Index(system, want)
		if i < at {
			t.Errorf("%q is missing or stands too early in %q", want, system)
		}
		at = i
	}
	if strings.Contains(system, "꺼진 기억") {
		t.Error("a memory that is switched off is told")
	}
	want := []chat.Message{{Role: "user", Content: "질문"}, {Role: "assistant", Content: "네"}, {Role: "user", Content: "다음 질문"}}
	for i, m := range want {
		if g := got.Messages[i+1]; g.Role != m.Role || g.Content != m.Content {
			t.Errorf("turn %d: %+v", i, g)
		}
	}
}

func TestContinue(t *testing.T) {
	first := true
	r := newRig(t, func(llm.ChatRequest) fake.Script {
		s := fake.Say("앞부분")
		s.Steps[1].Event.Finish = "length"
		if !first {
			s = fake.Say(" 뒷부분")
		}
		first = false
		return s
	})
	a := r.ask(r.chat(), "", "길게").Answers[0]
	if w := r.watch(a.ID, 0); w.last.Status != converse.Length {
		t.Fatalf("%+v", w.last)
	}
	m, err := r.Continue(t.Context(), ann, a.ID)
	r.must(err)
	if m.ID != a.ID || m.Content != "앞부분" || m.Status != converse.Live {
		t.Errorf("%+v", m)
	}
	if w := r.watch(a.ID, 0); w.last.Content != "앞부분 뒷부분" || w.last.Status != converse.Done {
		t.Errorf("%+v", w.last)
	}
	if _, err := r.Continue(t.Context(), ann, a.ID); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("an answer that is whole: %v", err)
	}
	if n := len(r.model.LastChat().Messages); n != 3 {
		t.Errorf("the model was asked with %d turns, want question, beginning, and what to do", n)
	}
}

func TestCompare(t *testing.T) {
	r := newRig(t, say("답"))
	r.other.OnChat = say("다른 답")
	a := r.ask(r.chat(), "", "비교", "m", "other")
	if len(a.Answers) != 2 || a.Answers[0].Compare == "" || a.Answers[0].Compare != a.Answers[1].Compare {
		t.Fatalf("%+v", a.Answers)
	}
	for _, m := range a.Answers {
		r.watch(m.ID, 0)
	}
	r.must(r.Prefer(t.Context(), ann, a.Question.ID, a.Answers[1].ID))
	var pairs []converse.Pair
	r.must(r.Pairs(t.Context(), ann, func(p converse.Pair) error { pairs = append(pairs, p); return nil }))
	if len(pairs) != 1 || pairs[0].Chosen != "다른 답" || pairs[0].Rejected != "답" || pairs[0].Models != [2]string{"other", "m"} || pairs[0].Prompt[0].Content != "비교" {
		t.Errorf("%+v", pairs)
	}
	if err := r.Prefer(t.Context(), ann, a.Question.ID, "nobody"); err == nil {
		t.Error("a choice that is none of the two is taken")
	}
}

func TestFailuresAreTold(t *testing.T) {
	for kind, script := range map[string]fake.Script{
		"context": {Err: &llm.ContextError{Prompt: 9, Limit: 8}},
		"busy":    {Err: llm.ErrBusy},
		"server":  {Steps: []fake.Step{{Event: llm.Event{Content: "반"}}, {Panic: "secret"}}},
		"request": {Err: llm.ErrBadRequest},
	} {
		r := newRig(t, func(llm.ChatRequest) fake.Script { return script })
		w := r.watch(r.ask(r.chat(), "", "x").Answers[0].ID, 0)
		if w.last.Status != converse.Failed || w.last.Failure.Kind != kind || strings.Contains(w.last.Failure.Detail, "secret") {
			t.Errorf("%s: %+v %+v", kind, w.last, w.last.Failure)
		}
	}
	r := newRig(t, say("x"))
	r.spent.refuse = &account.QuotaError{Kind: "tokens", Limit: 10, Used: 10, RetryAfter: time.Hour}
	if w := r.watch(r.ask(r.chat(), "", "x").Answers[0].ID, 0); w.last.Failure.Kind != "quota" || w.last.Failure.RetryAfter != 3600 {
		t.Errorf("%+v", w.last.Failure)
	}
	r = newRig(t, say("x"))
	if w := r.watch(r.ask(r.chat(), "", "x", "no-such-model").Answers[0].ID, 0); w.last.Failure.Kind != "model" {
		t.Errorf("%+v", w.last.Failure)
	}
}

func TestClosingInterrupts(t *testing.T) {
	db := storetest.SQLite(t)
	r := rigOn(t, db, "n1", &bus.Memory{}, func(llm.ChatRequest) fake.Script {
		s := fake.Say("조금")
		s.Steps[1] = fake.Step{Hang: true}
		return s
	})
	a := r.ask(r.chat(), "", "x").Answers[0]
	time.Sleep(20 * time.Millisecond)
	r.must(r.Close())
	m, err := db.Conversations().Message(t.Context(), "id-ann", a.ID)
	r.must(err)
	if m.Status != converse.Interrupted || m.Content != "조금" {
		t.Errorf("%+v", m)
	}
}

// TestAnotherProcess has two services on one database, as two processes of a
// site: one makes the answer, the other reads, stops, and takes over.
func TestAnotherProcess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		// Each has a bus of its own, so that only the database connects them.
		hang := func(llm.ChatRequest) fake.Script {
			s := fake.Say("가", "나")
			s.Steps[2] = fake.Step{Hang: true}
			return s
		}
		n1 := rigOn(t, db, "n1", &bus.Memory{}, hang)
		n2 := rigOn(t, db, "n2", &bus.Memory{}, hang)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go n1.Run(ctx)
		c := n1.chat()
		a := n1.ask(c, "", "x").Answers[0]
		done := make(chan watched, 1)
		go func() { done <- n2.watch(a.ID, 0) }()
		time.Sleep(100 * time.Millisecond)
		n2.must(n2.Stop(t.Context(), ann, a.ID)) // n1 sees the mark when it renews its leases
		if w := <-done; w.text != "가나" && w.text != "" || w.last.Content != "가나" || w.last.Status != converse.Stopped {
			t.Errorf("the other process showed %+v, %+v", w, w.last)
		}
		cancel() // from here on n1 renews nothing, as if it were gone
		b := n1.ask(c, a.ID, "y").Answers[0]
		time.Sleep(50 * time.Millisecond)
		ctx2, cancel2 := context.WithCancel(t.Context())
		defer cancel2()
		time.Sleep(300 * time.Millisecond) // the lease ends
		go n2.Run(ctx2)
		if w := n2.watch(b.ID, 0); w.last.Status != converse.Interrupted || w.last.Content != "가나" {
			t.Errorf("after a takeover: %+v", w.last)
		}
	})
}

func TestReadersDoNotWrite(t *testing.T) {
	r := newRig(t, say("x"))
	c := r.chat()
	ctx := t.Context()
	title := "t"
	for name, err := range map[string]error{
		"CreateChat": second(r.CreateChat(ctx, reader, converse.NewChat{})), "Ask": second(r.Ask(ctx, reader, converse.Ask{Chat: c, Content: "x"})),
		"ChangeChat": second(r.ChangeChat(ctx, reader, c, converse.ChatChange{Title: &title})), "DeleteChat": r.DeleteChat(ctx, reader, c),
		"Share": second(r.Share(ctx, reader, c, time.Time{})), "CreateFolder": second(r.CreateFolder(ctx, reader, converse.Folder{Name: "x"})),
		"PutPrompt": second(r.PutPrompt(ctx, reader, converse.Prompt{Name: "x", Text: "y"})), "PutSettings": second(r.PutSettings(ctx, reader, converse.Settings{})),
		"Import": second(r.Import(ctx, reader, []byte("[]"))), "Vote": r.Vote(ctx, reader, "x", "up"), "Stop": r.Stop(ctx, reader, "x"),
	} {
		if !errors.Is(err, converse.ErrReader) {
			t.Errorf("%s by a reader: %v", name, err)
		}
	}
	if _, _, err := r.Open(ctx, reader, c); err != nil {
		t.Errorf("a reader may read: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestBadQuestions(t *testing.T) {
	r := newRig(t, say("x"))
	c := r.chat()
	hot := float32(3)
	for name, a := range map[string]converse.Ask{
		"empty": {Chat: c, Content: " \n"}, "NUL": {Chat: c, Content: "a\x00"}, "not UTF-8": {Chat: c, Content: "\xff"},
		"too long": {Chat: c, Content: strings.Repeat("가", converse.MaxContent/3+1)}, "three models": {Chat: c, Content: "x", Models: []string{"a", "b", "c"}},
		"odd id": {Chat: c, Content: "x", ID: "../../../etc/passwd"}, "too hot": {Chat: c, Content: "x", Params: converse.Params{Temperature: &hot}},
	} {
		_, err := r.Ask(t.Context(), ann, a)
		var bad *converse.InvalidError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Ask(t.Context(), bob, converse.Ask{Chat: c, Content: "x"}); !errors.Is(err, converse.ErrNotFound) {
		t.Errorf("somebody else's chat: %v", err)
	}
}

func TestShare(t *testing.T) {
	r := newRig(t, func(llm.ChatRequest) fake.Script {
		s := fake.Say("보이는 답")
		s.Steps = append([]fake.Step{{Event: llm.Event{Reasoning: "속생각"}}}, s.Steps...)
		return s
	})
	c := r.chat()
	a := r.ask(c, "", "질문")
	r.watch(a.Answers[0].ID, 0)
	sh, err := r.Share(t.Context(), ann, c, time.Time{})
	r.must(err)
	r.watch(r.ask(c, a.Answers[0].ID, "나중 질문").Answers[0].ID, 0)
	got, err := r.Shared(t.Context(), sh.Token)
	r.must(err)
	if len(got.Messages) != 2 || got.Messages[1].Content != "보이는 답" || got.Messages[1].Reasoning != "" {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"", "x", sh.Token + "x", sh.ID} {
		if _, err := r.Shared(t.Context(), bad); !errors.Is(err, converse.ErrNotFound) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	r.must(r.Unshare(t.Context(), ann, sh.ID))
	if _, err := r.Shared(t.Context(), sh.Token); !errors.Is(err, converse.ErrNotFound) {
		t.Errorf("a link that was taken back: %v", err)
	}
}

func TestSearchMarks(t *testing.T) {
	r := newRig(t, say("그렇습니다"))
	c := r.chat()
	r.watch(r.ask(c, "", "😀 개인정보보호법은 언제 개정됐나요? "+strings.Repeat("긴 글 ", 100)).Answers[0].ID, 0)
	hits, err := r.Search(t.Context(), ann, "보호법", 10)
	r.must(err)
	if len(hits) != 2 { // the title and the question
		t.Fatalf("%+v", hits)
	}
	h := hits[1]
	units := []rune(strings.ReplaceAll(h.Snippet, "😀", "xx")) // as many UTF-16 units as runes now
	if got := string(units[h.Marks[0][0]:h.Marks[0][1]]); got != "보호법" || len([]rune(h.Snippet)) > 150 {
		t.Errorf("marked %q in %q", got, h.Snippet)
	}
	if hits, err = r.Search(t.Context(), bob, "보호법", 10); err != nil || len(hits) != 0 {
		t.Errorf("somebody else finds %v, %v", hits, err)
	}
}

func TestTitles(t *testing.T) {
	db := storetest.SQLite(t)
	if err := db.Accounts().EnsureUser(t.Context(), account.UserRow{User: account.User{ID: ann.User, Login: "a", Role: ann.Role}}); err != nil {
		t.Fatal(err)
	}
	m := &fake.Model{About: llm.Info{Name: "m", Context: 4096}, OnChat: func(q llm.ChatRequest) fake.Script {
		if len(q.Stop) > 0 {
			return fake.Say("제목: \"봄 여행 계획\".")
		}
		return fake.Say("답")
	}}
	var b bus.Memory
	s := converse.NewService(db.Conversations(), &fake.Set{Models: []*fake.Model{m}}, &b, converse.Options{Titles: true, FlushMS: 10})
	defer s.Close()
	named := make(chan bool, 16)
	defer b.Subscribe(func(n bus.Notice) {
		if c, err := s.Chat(context.Background(), ann, n.ID); err == nil && c.Title == "봄 여행 계획" {
			named <- true
		}
	})()
	c, err := s.CreateChat(t.Context(), ann, converse.NewChat{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ask(t.Context(), ann, converse.Ask{Chat: c.ID, Content: "봄에 어디로 갈까요?"}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-named:
	case <-time.After(5 * time.Second):
		c, _ = s.Chat(t.Context(), ann, c.ID)
		t.Errorf("the chat is called %q", c.Title)
	}
}

func TestFilesMustBeText(t *testing.T) {
	r := newRig(t, say("x"))
	f, err := r.CreateFolder(t.Context(), ann, converse.Folder{Name: "f"})
	r.must(err)
	cp949 := []byte{0xB0, 0xA1, 0xB3, 0xAA} // 가나
	x, err := r.AddFile(t.Context(), ann, f.ID, "옛글.txt", cp949)
	r.must(err)
	if x.Text != "가나" {
		t.Errorf("CP949 became %q", x.Text)
	}
	for name, data := range map[string]string{"pdf": "%PDF-1.7 x", "binary": "\x00\x01\x02", "png": "\x89PNG\r\n\x1a\n\x00"} {
		if _, err := r.AddFile(t.Context(), ann, f.ID, name, []byte(data)); !errors.Is(err, converse.ErrNotText) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.AddFile(t.Context(), bob, f.ID, "x", []byte("x")); !errors.Is(err, converse.ErrNotFound) {
		t.Errorf("into somebody else's folder: %v", err)
	}
}
