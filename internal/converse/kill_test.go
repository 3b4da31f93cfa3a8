package converse_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// childEnv makes the test binary a process that answers until it is killed:
// "address-of-database round".
const childEnv = "MALMOI_TEST_ANSWER"

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		if err := answerForEver(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0) // never the tests: they would start this process again
	}
	if spec := os.Getenv(askEnv); spec != "" {
		if err := askForEver(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	killChats = 4
	killWords = 60
)

// counted is a script whose answer to "n" is the words n.0 n.1 n.2 …, so that a
// text with a gap or something twice is recognised.
func counted(r llm.ChatRequest) fake.Script {
	n := lastWord(r.Messages[len(r.Messages)-1].Content)
	var s fake.Script
	for i := range killWords {
		s.Steps = append(s.Steps, fake.Step{Wait: 8 * time.Millisecond, Event: llm.Event{Content: countedWord(n, i)}})
	}
	s.Steps = append(s.Steps, fake.Step{Event: llm.Event{Finish: "stop"}})
	return s
}

func countedWord(n string, i int) string { return fmt.Sprintf("%s.%d ", n, i) }

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

func killed(ctx context.Context, url string) (*store.DB, *converse.Service, error) {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	if err := db.Accounts().EnsureUser(ctx, account.UserRow{User: account.User{ID: ann.User, Login: "ann", Role: ann.Role}}); err != nil {
		return nil, nil, err
	}
	set := &fake.Set{Models: []*fake.Model{{About: llm.Info{Name: "m", Context: 1 << 20}, OnChat: counted}}}
	s := converse.NewService(db.Conversations(), set, &bus.Memory{}, converse.Options{Alone: db.Dialect() == store.SQLite, LeaseFor: time.Second})
	return db, s, nil
}

// answerForEver asks and answers in a few chats and says on its output what it
// has acknowledged: "asked q a", "seen a seq", "done a".
func answerForEver(spec string) error {
	var url string
	var round int
	if _, err := fmt.Sscan(spec, &url, &round); err != nil {
		return err
	}
	ctx := context.Background()
	_, s, err := killed(ctx, url)
	if err != nil {
		return err
	}
	go s.Run(ctx)
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(os.Stdout, format+"\n", args...)
	}
	failed := make(chan error)
	for chat := range killChats {
		go func() {
			parent := ""
			for n := 0; ; n++ {
				var err error
				if parent, err = askOnce(ctx, s, round, chat, n, parent, say); err != nil {
					failed <- fmt.Errorf("round %d, chat %d, question %d: %w", round, chat, n, err)
					return
				}
			}
		}()
	}
	return <-failed
}

// askOnce asks one question twice, as a client does that heard no answer, and
// follows it to its end.
func askOnce(ctx context.Context, s *converse.Service, round, chat, n int, parent string, say func(string, ...any)) (string, error) {
	id := fmt.Sprintf("round-%03d-chat-%03d", round, chat)
	if _, err := s.CreateChat(ctx, ann, converse.NewChat{ID: id}); err != nil {
		return "", err
	}
	ask := converse.Ask{ID: fmt.Sprintf("%s-question-%04d", id, n), Chat: id, Parent: parent, Content: fmt.Sprintf("질문 %d-%d-%d", round, chat, n)}
	out, err := s.Ask(ctx, ann, ask)
	for try := 0; err == converse.ErrBusy && try < 200; try++ { // answers of the round before are not mended yet
		time.Sleep(10 * time.Millisecond)
		out, err = s.Ask(ctx, ann, ask)
	}
	if err != nil {
		return "", err
	}
	say("asked %s %s", out.Question.ID, out.Answers[0].ID)
	again, err := s.Ask(ctx, ann, ask)
	if err != nil || again.Answers[0].ID != out.Answers[0].ID {
		return "", fmt.Errorf("asking again: %v, %w", again, err)
	}
	answer := out.Answers[0].ID
	err = s.Follow(ctx, ann, answer, 0, converse.Reader{Event: func(e converse.Event) error {
		if e.Done != nil {
			say("done %s 0", answer)
		} else {
			say("seen %s %d", answer, e.Seq)
		}
		return nil
	}})
	return answer, err
}

// heard is what a child acknowledged.
type heard struct {
	asked map[string]string // question to answer
	done  map[string]bool
	seen  map[string]int // words of an answer that were shown a second before the kill
}

// kill runs a child for some time and kills it.
func kill(t *testing.T, url string, round int, after time.Duration) heard {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", childEnv, url, round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	type line struct {
		kind, a, b string
		at         time.Time
	}
	var lines []line
	var end time.Time
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Signal(syscall.SIGKILL) })
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		if f := strings.Fields(scan.Text()); len(f) == 3 {
			lines = append(lines, line{f[0], f[1], f[2], time.Now()})
		}
		if len(lines) == 1 && end.IsZero() {
			end = time.Now().Add(after)
			timer.Reset(after)
		}
	}
	dead := time.Now()
	if err := cmd.Wait(); err == nil || end.IsZero() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	if cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child failed: %v", cmd.ProcessState)
	}
	h := heard{asked: map[string]string{}, done: map[string]bool{}, seen: map[string]int{}}
	for _, l := range lines {
		switch l.kind {
		case "asked":
			h.asked[l.a] = l.b
		case "done":
			h.done[l.a] = true
		case "seen":
			if dead.Sub(l.at) > time.Second {
				n := 0
				fmt.Sscan(l.b, &n)
				h.seen[l.a] = max(h.seen[l.a], n)
			}
		}
	}
	return h
}

// What was acknowledged survives a process that is killed at any moment, once
// and not twice, and the search index stays equal to the messages.
func TestKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killRounds(t, storetest.SQLiteURL(t), 10) })
	t.Run("postgres", func(t *testing.T) { killRounds(t, storetest.PostgresURL(t), 3) })
}

func killRounds(t *testing.T, url string, rounds int) {
	if testing.Short() {
		rounds = 2
	}
	random := rand.New(rand.NewPCG(3, 4))
	questions, interrupted := 0, 0
	for round := range rounds {
		h := kill(t, url, round, time.Duration(50+random.IntN(1600))*time.Millisecond)
		db, s, err := killed(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() { defer close(ran); s.Run(ctx) }()
		interrupted += verify(t, s, round, h)
		questions += len(h.asked)
		cancel()
		<-ran
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if wrong, err := db.Conversations().CheckIndex(t.Context()); err != nil || wrong != 0 {
			t.Errorf("round %d: the index is wrong about %d messages, %v", round, wrong, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d rounds: %d questions acknowledged, %d answers interrupted, none lost", rounds, questions, interrupted)
	if interrupted == 0 || questions < rounds {
		t.Error("nothing was interrupted: the test shows nothing")
	}
}

// verify looks at every chat of a round and returns how many answers were
// interrupted.
func verify(t *testing.T, s *converse.Service, round int, h heard) int {
	t.Helper()
	interrupted := 0
	found := map[string]bool{}
	for chat := range killChats {
		id := fmt.Sprintf("round-%03d-chat-%03d", round, chat)
		list := settled(t, s, id)
		answers := map[string]int{}
		byContent := map[string]bool{}
		for _, m := range list {
			found[m.ID] = true
			if m.Role == converse.User {
				if byContent[m.Content] {
					t.Errorf("%q is there twice", m.Content)
				}
				byContent[m.Content] = true
				continue
			}
			answers[m.Parent]++
			if m.Status == converse.Interrupted {
				interrupted++
			}
			checkAnswer(t, m, question(list, m.Parent), h)
		}
		for q, n := range answers {
			if n != 1 {
				t.Errorf("question %s has %d answers", q, n)
			}
		}
	}
	for q, a := range h.asked {
		if !found[q] || !found[a] {
			t.Errorf("round %d: %s or its answer was acknowledged and is lost", round, q)
		}
	}
	return interrupted
}

func question(list []converse.Message, id string) string {
	for _, m := range list {
		if m.ID == id {
			return lastWord(m.Content)
		}
	}
	return "?"
}

// checkAnswer asks that a text is a beginning of what the model says, at least
// as long as what readers saw a second before the end.
func checkAnswer(t *testing.T, m converse.Message, n string, h heard) {
	t.Helper()
	rest, words := m.Content, 0
	for i := 0; i < killWords && strings.HasPrefix(rest, countedWord(n, i)); i++ {
		rest = rest[len(countedWord(n, i)):]
		words++
	}
	if rest != "" {
		t.Errorf("%s: after %d words comes %q", m.ID, words, rest)
	}
	if words < h.seen[m.ID] && h.seen[m.ID] <= killWords {
		t.Errorf("%s: %d words are kept, %d were shown a second before", m.ID, words, h.seen[m.ID])
	}
	if h.done[m.ID] && (m.Status != converse.Done || words != killWords) {
		t.Errorf("%s was finished and is %s with %d words", m.ID, m.Status, words)
	}
	if m.Status != converse.Done && m.Status != converse.Interrupted {
		t.Errorf("%s is %s", m.ID, m.Status)
	}
}

// settled waits until no answer of a chat is live any more.
func settled(t *testing.T, s *converse.Service, id string) []converse.Message {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, list, err := s.Open(t.Context(), ann, id)
		if err != nil && !strings.Contains(err.Error(), "not found") { // killed before it was made
			t.Fatal(err)
		}
		if !c.Live {
			return list
		}
		if time.Now().After(deadline) {
			t.Fatalf("chat %s is live for ever", id)
		}
	}
}
