package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// people ask at the same time, each in a chat of their own. The next round is
// other people's, of a crowd: an answer whose process was killed counts as
// somebody's until its lease ends, and nobody may have many.
const (
	people = 3
	crowd  = 14 * people
)

// flushed is how old text may be at most that a kill loses.
const flushed = time.Second

// question is what somebody asked and was told about it.
type question struct {
	id, chat, content string
	tokens            int
	answer            string // "" if the server acknowledged nothing
	done              *message
	seen              []seen
	killed            time.Time // when the reading broke off, zero if it did not
}

// world is what the clients know; the server must know it too.
type world struct {
	t        *testing.T
	database string
	random   *rand.Rand
	mu       sync.Mutex
	asked    []*question
	keys     [crowd]string
	pending  [crowd][]*question // not acknowledged: asked again with the same id
	kills    int
}

func TestKill(t *testing.T) {
	databases := map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL}
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			w := &world{t: t, database: databases[kind](t), random: rand.New(rand.NewPCG(seed, 0))}
			t.Logf("seed %d", seed)
			w.gather()
			dir, upstream := t.TempDir(), startFake(t)
			for range *rounds {
				w.round(dir, upstream)
				w.checkDatabase()
			}
			p := start(t, "--accounts", w.database, dir, upstream)
			w.verify(p.address(t))
			p.kill()
			w.checkDatabase()
			w.report()
		})
	}
}

// gather makes accounts with keys.
func (w *world) gather() {
	ctx := w.t.Context()
	db, err := store.Open(ctx, w.database, store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	s := account.NewService(db.Accounts(), &bus.Memory{}, account.Options{})
	defer s.Close()
	boss := account.Operator("chaos")
	for i := range w.keys {
		role := account.Member
		if i == 0 {
			role = account.Admin
		}
		u, err := s.CreateUser(ctx, boss, account.NewUser{Login: fmt.Sprintf("person%02d", i), Role: role})
		if err != nil {
			w.t.Fatal(err)
		}
		if _, w.keys[i], err = s.CreateKeyFor(ctx, boss, u.ID, account.NewKey{Name: "chaos", Scopes: []account.Scope{account.ScopeChats}}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// round serves for a random time and is killed; now and then already while it
// starts.
func (w *world) round(dir, upstream string) {
	w.t.Helper()
	p := start(w.t, "--accounts", w.database, dir, upstream)
	w.kills++
	if w.random.IntN(5) == 0 {
		time.Sleep(time.Duration(w.random.IntN(150)) * time.Millisecond)
		p.kill()
		return
	}
	url := p.address(w.t)
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	var working sync.WaitGroup
	for i := range people {
		i += w.kills % (crowd / people) * people
		random := rand.New(rand.NewPCG(w.random.Uint64(), 1))
		working.Go(func() { w.person(ctx, url, i, random) })
	}
	time.Sleep(20*time.Millisecond + time.Duration(w.random.IntN(1500))*time.Millisecond)
	p.kill()
	time.Sleep(20 * time.Millisecond) // what is in sockets arrives
	cancel()
	working.Wait()
}

// person asks one question after the other and reads the answers, until the
// server is gone.
func (w *world) person(ctx context.Context, url string, i int, random *rand.Rand) {
	chat := chatOf(i)
	c := client{url, w.keys[i]}
	if err := c.call(ctx, "POST", "/api/chats", map[string]any{"id": chat, "title": "제목", "model": "fake/m"}, nil); err != nil {
		w.unlessGone(err)
		return
	}
	for ctx.Err() == nil {
		q := w.next(i, chat, random)
		answer, err := c.ask(ctx, chat, q.id, q.content)
		if err != nil {
			w.mu.Lock()
			w.pending[i] = append(w.pending[i], q)
			w.mu.Unlock()
			if w.unlessGone(err) {
				return
			}
			time.Sleep(100 * time.Millisecond) // told to wait
			continue
		}
		w.mu.Lock()
		q.answer = answer
		w.asked = append(w.asked, q)
		w.mu.Unlock()
		m, err := c.follow(ctx, answer, func(text string) { q.seen = append(q.seen, seen{time.Now(), len(text)}) })
		if err != nil {
			q.killed = time.Now()
			return
		}
		q.done = &m
	}
}

// next is a question that was not acknowledged, or a new one.
func (w *world) next(i int, chat string, random *rand.Rand) *question {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pending[i]; len(p) > 0 {
		w.pending[i] = p[1:]
		return p[0]
	}
	id := fmt.Sprintf("%s-%016x", chat, random.Uint64())
	n := 1 + random.IntN(120)
	return &question{id: id, chat: chat, content: fmt.Sprintf("질문 %s: 대한민국의 수도는? tokens=%d", id, n), tokens: n}
}

// unlessGone complains about an error that is not the killed server's, and
// says whether the server is gone.
func (w *world) unlessGone(err error) bool {
	var r *refused
	if !errors.As(err, &r) {
		return true
	}
	if r.status != 429 && r.status != 503 {
		w.t.Errorf("refused: %v", err)
	}
	return false
}

// checkDatabase looks at the database while nobody serves it: it must be whole,
// and the search index must say what the messages say.
func (w *world) checkDatabase() {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), w.database, store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	wrong, err := db.Check(w.t.Context())
	if err != nil || len(wrong) > 0 {
		w.t.Errorf("after kill %d: %v, %v", w.kills, wrong, err)
	}
}

// settle is how long leases of killed processes may take to be noticed.
const settle = 60 * time.Second

// verify compares what the server knows with what it acknowledged.
func (w *world) verify(url string) {
	w.t.Helper()
	have := map[string]message{}
	answers := map[string]int{} // of each question
	for i, key := range w.keys {
		for _, m := range w.messages(client{url, key}, chatOf(i)) {
			if _, twice := have[m.ID]; twice {
				w.t.Errorf("message %s is there twice", m.ID)
			}
			have[m.ID] = m
			if m.Role == "assistant" {
				answers[m.Parent]++
			}
		}
	}
	contents := map[string]bool{}
	for _, m := range have {
		if m.Role == "user" && contents[m.Content] {
			w.t.Errorf("question %q is doubled", m.Content)
		}
		contents[m.Content] = true
	}
	for _, q := range w.asked {
		if m, ok := have[q.id]; !ok || m.Content != q.content {
			w.t.Errorf("question %s was acknowledged and is lost: %+v", q.id, m)
		}
		if answers[q.id] != 1 {
			w.t.Errorf("question %s has %d answers", q.id, answers[q.id])
		}
		w.verifyAnswer(q, have[q.answer])
	}
}

func (w *world) verifyAnswer(q *question, m message) {
	w.t.Helper()
	whole := tokens(q.tokens)
	switch {
	case m.ID == "":
		w.t.Errorf("answer %s was acknowledged and is lost", q.answer)
	case q.done != nil && *q.done != m:
		w.t.Errorf("answer %s was finished as %+v and is %+v", q.answer, *q.done, m)
	case m.Status == "done" && m.Content != whole:
		w.t.Errorf("answer %s is done with %d of %d bytes", q.answer, len(m.Content), len(whole))
	case m.Status != "done" && m.Status != "interrupted":
		w.t.Errorf("answer %s is %s", q.answer, m.Status)
	case !strings.HasPrefix(whole, m.Content):
		w.t.Errorf("answer %s is not what the model said: %q", q.answer, m.Content)
	}
	for _, s := range q.seen {
		if !q.killed.IsZero() && q.killed.Sub(s.at) > flushed && len(m.Content) < s.length {
			w.t.Errorf("answer %s: %d bytes were read %v before the kill, %d are kept", q.answer, s.length, q.killed.Sub(s.at), len(m.Content))
			return
		}
	}
}

// messages reads a chat once no answer in it is live.
func (w *world) messages(c client, chat string) []message {
	w.t.Helper()
	for end := time.Now().Add(settle); ; time.Sleep(250 * time.Millisecond) {
		var got struct {
			Messages []message `json:"messages"`
		}
		err := c.call(w.t.Context(), "GET", "/api/chats/"+chat, nil, &got)
		if r := (*refused)(nil); errors.As(err, &r) && r.status == 404 {
			return nil // nobody came so far
		}
		if err != nil {
			w.t.Fatal(err)
		}
		live := 0
		for _, m := range got.Messages {
			if m.Status == "live" {
				live++
			}
		}
		if live == 0 || time.Now().After(end) {
			return got.Messages
		}
	}
}

func (w *world) report() {
	finished, cut := 0, 0
	for _, q := range w.asked {
		if q.done != nil {
			finished++
		} else if !q.killed.IsZero() {
			cut++
		}
	}
	if len(w.asked) < w.kills {
		w.t.Errorf("only %d questions in %d rounds: this shows little", len(w.asked), w.kills)
	}
	w.t.Logf("%d kills, %d questions acknowledged, %d answers read to their end, %d cut by a kill", w.kills, len(w.asked), finished, cut)
}

func chatOf(person int) string { return fmt.Sprintf("chaos-chat-of-person-%d", person) }
