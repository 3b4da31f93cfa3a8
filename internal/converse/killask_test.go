package converse_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
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

// askEnv makes the test binary a process that waits for the user until it is
// killed; its value is the address of the database. wordsEnv is what it is
// asked.
const (
	askEnv   = "MALMOI_TEST_ASK"
	wordsEnv = "MALMOI_TEST_ASK_WORDS"
)

func asking(ctx context.Context, url string, b *toolbox) (*store.DB, *converse.Service, error) {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	if err := db.Accounts().EnsureUser(ctx, account.UserRow{User: account.User{ID: ann.User, Login: "ann", Role: ann.Role}}); err != nil {
		return nil, nil, err
	}
	set := &fake.Set{Models: []*fake.Model{{About: llm.Info{Name: "m", Context: 4096}, OnChat: b.code}}}
	return db, converse.NewService(db.Conversations(), set, &bus.Memory{}, converse.Options{
		Alone: db.Dialect() == store.SQLite, LeaseFor: time.Second, Skills: b, FlushMS: 10,
	}), nil
}

func askForEver(url string) error {
	ctx := context.Background()
	db, s, err := asking(ctx, url, &toolbox{})
	if err != nil {
		return err
	}
	go s.Run(ctx)
	c, err := s.CreateChat(ctx, ann, converse.NewChat{Skills: converse.SkillsOn})
	if err != nil {
		return err
	}
	if _, err := s.PutSettings(ctx, ann, converse.Settings{CodeInterpreter: true}); err != nil {
		return err
	}
	out, err := s.Ask(ctx, ann, converse.Ask{Chat: c.ID, Content: os.Getenv(wordsEnv)})
	if err != nil {
		return err
	}
	id, names := out.Answers[0].ID, []string{}
	return s.Follow(ctx, ann, id, 0, converse.Reader{Event: func(e converse.Event) error {
		if e.Delta == nil || e.Delta.ToolCall == nil {
			return nil
		}
		if e.Delta.ToolCall.ID != "" {
			names = append(names, e.Delta.ToolCall.ID)
		}
		if state := e.Delta.ToolCall.State; state == converse.Asks || state == converse.OnPage {
			for n := 0; n < e.Seq; time.Sleep(time.Millisecond) { // until the log has it
				entries, err := db.Conversations().Entries(ctx, ann.User, id, 0)
				if err != nil {
					return err
				}
				if len(entries) > 0 {
					n = entries[len(entries)-1].Last()
				}
			}
			fmt.Println(id, names[len(names)-1])
		}
		return nil
	}})
}

// A process is killed while a question is open. The next one ends the answer
// and runs nothing, whatever is said to the old question.
func TestKillWhileAsked(t *testing.T) {
	eachKill(t, "read send", converse.Refused, func(s *converse.Service, id, call string) error {
		return s.Consent(t.Context(), ann, id, call, true)
	})
}

// A process is killed while the page runs code. The next one ends the answer,
// whatever the page brings.
func TestKillWhileThePageRuns(t *testing.T) {
	eachKill(t, "read run_python", converse.Unknown, func(s *converse.Service, id, call string) error {
		return s.Result(t.Context(), ann, id, call, "42", false)
	})
}

func eachKill(t *testing.T, words string, end converse.CallState, say func(s *converse.Service, id, call string) error) {
	for kind, url := range map[string]string{"sqlite": storetest.SQLiteURL(t), "postgres": storetest.PostgresURL(t)} {
		t.Run(kind, func(t *testing.T) { killWhileWaiting(t, url, words, end, say) })
	}
}

func killWhileWaiting(t *testing.T, url, words string, end converse.CallState, say func(s *converse.Service, id, call string) error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), askEnv+"="+url, wordsEnv+"="+words), os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	cmd.Process.Kill()
	cmd.Wait()
	id, call, ok := strings.Cut(strings.TrimSpace(line), " ")
	if err != nil || !ok {
		t.Fatalf("the process said %q, %v", line, err)
	}
	b := &toolbox{}
	_, s, err := asking(t.Context(), url, b)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	early := say(s, id, call) // before anybody knows that it is gone
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go s.Run(ctx)
	var m converse.Message
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if m, err = s.Message(t.Context(), ann, id); err != nil || m.Status != converse.Live {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the answer is still live")
		}
	}
	if err != nil || m.Status != converse.Interrupted || len(m.ToolCalls) != 2 || m.ToolCalls[1].State != end || !m.ToolCalls[0].Outside {
		t.Errorf("%v, %+v", err, m)
	}
	late := say(s, id, call)
	if early != nil || !errors.Is(late, converse.ErrConflict) || b.made() != "" {
		t.Errorf("the word: early %v, late %v; made %q", early, late, b.made())
	}
}
