package client

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/app"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// site is a real site on a fresh database, in personal mode, with a model that
// repeats the question.
func site(t *testing.T) (*Client, *httptest.Server, *fake.Model) {
	t.Helper()
	m := &fake.Model{About: llm.Info{Name: "m", Context: 4096, Chat: true, Loaded: true}}
	m.OnChat = func(r llm.ChatRequest) fake.Script {
		question := r.Messages[len(r.Messages)-1].Content
		if strings.HasPrefix(question, "hang") {
			return fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "one"}}, {Hang: true}}}
		}
		s := fake.Say(strings.SplitAfter(question, " ")...)
		for i := range s.Steps {
			s.Steps[i].Wait = 5 * time.Millisecond
		}
		return s
	}
	s, err := app.Open(t.Context(), app.Config{Listen: "127.0.0.1:0", Database: filepath.Join(t.TempDir(), "malmoi.db"), Mode: app.Single, Version: "test"}, &fake.Set{Models: []*fake.Model{m}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Server.Handler())
	t.Cleanup(func() { s.Close(); server.Close() })
	return New(server.URL+"/", ""), server, m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConversation(t *testing.T) {
	c, server, _ := site(t)
	ctx := t.Context()
	chat, err := c.NewChat(ctx, NewChat{Title: "제목"})
	must(t, err)
	const words = "대한민국의 수도는 서울 입니다"
	asked, err := c.Ask(ctx, chat.ID, Question{Content: words})
	must(t, err)
	read, cuts := "", 0
	m, err := c.Follow(ctx, asked.Answers[0].ID, func(d Delta) error {
		if d.Reset {
			read = ""
		}
		read += d.Content
		if cuts++; cuts == 2 {
			server.CloseClientConnections() // a bad network
		}
		return nil
	})
	must(t, err)
	if read != words || m.Content != words || m.Status != "done" || m.Usage == nil || m.Usage.CompletionTokens != 4 {
		t.Errorf("read %q; %+v", read, m)
	}
	if again, err := c.Follow(ctx, m.ID, nil); err != nil || again.Content != words {
		t.Errorf("an answer that has ended: %+v, %v", again, err)
	}
	got, tree, err := c.Chat(ctx, chat.ID)
	if err != nil || got.Title != "제목" || len(tree) != 2 || tree[1].Content != words {
		t.Errorf("%+v, %+v, %v", got, tree, err)
	}
	list, next, err := c.Chats(ctx, 1, "")
	if err != nil || len(list) != 1 || list[0].ID != chat.ID {
		t.Errorf("%v, %q, %v", list, next, err)
	}
	must(t, c.DeleteChat(ctx, chat.ID))
	var refused *Error
	if _, _, err := c.Chat(ctx, chat.ID); !errors.As(err, &refused) || refused.Status != 404 || refused.Code != "not_found" || refused.RequestID == "" {
		t.Errorf("a deleted chat: %v", err)
	}
}

func TestStop(t *testing.T) {
	c, _, _ := site(t)
	chat, err := c.NewChat(t.Context(), NewChat{})
	must(t, err)
	asked, err := c.Ask(t.Context(), chat.ID, Question{Content: "hang"})
	must(t, err)
	m, err := c.Follow(t.Context(), asked.Answers[0].ID, func(Delta) error { return c.Stop(t.Context(), asked.Answers[0].ID) })
	if err != nil || m.Status != "stopped" || m.Content != "one" {
		t.Errorf("%+v, %v", m, err)
	}
	asked, err = c.Ask(t.Context(), chat.ID, Question{Content: "hang on", Parent: m.ID})
	must(t, err)
	enough := errors.New("enough")
	if _, err := c.Follow(t.Context(), asked.Answers[0].ID, func(Delta) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
}

func TestComplete(t *testing.T) {
	c, _, m := site(t)
	models, err := c.Models(t.Context())
	if err != nil || len(models) != 1 || models[0].ID != "m" {
		t.Errorf("%v, %v", models, err)
	}
	pieces := 0
	got, err := c.Complete(t.Context(), Completion{Model: "m", Messages: []Turn{{"user", "하나 둘 셋"}}}, func(Delta) error { pieces++; return nil })
	if err != nil || got.Content != "하나 둘 셋" || got.Finish != "stop" || pieces != 3 || got.Tokens != 3 || got.PromptTokens != 7 {
		t.Errorf("%+v in %d pieces, %v", got, pieces, err)
	}
	var refused *Error
	if _, err := c.Complete(t.Context(), Completion{Model: "other", Messages: []Turn{{"user", "x"}}}, nil); !errors.As(err, &refused) || refused.Code != "model_not_found" {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := c.Complete(ctx, Completion{Model: "m", Messages: []Turn{{"user", "hang"}}}, func(Delta) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for end := time.Now().Add(10 * time.Second); m.Open() != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the model goes on for nobody")
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, s := range []string{"id: 1\nevent: delta\ndata: {\"content\":\"가\"}\n\n", ": ping\n\ndata: a\ndata: b\r\n\r\n", "data", "\n\n\n", "event: done\ndata: {\"message\":{}}\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		follow := follower{}
		if err := eachEvent(strings.NewReader(text), follow.event); err != nil && !errors.Is(err, io.EOF) && follow.fault == nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
