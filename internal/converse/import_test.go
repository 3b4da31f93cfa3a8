package converse_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/store/storetest"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
	}
	z.Close()
	return b.Bytes()
}

// outline is a tree as indented text: the first words of each message.
func outline(list []converse.Message) string {
	var b strings.Builder
	var walk func(parent, indent string)
	walk = func(parent, indent string) {
		for _, m := range list {
			if m.Parent == parent {
				b.WriteString(indent + string(m.Role)[:1] + ":" + m.Content + "\n")
				walk(m.ID, indent+" ")
			}
		}
	}
	walk("", "")
	return b.String()
}

func TestImportOthers(t *testing.T) {
	for name, want := range map[string]string{
		"chatgpt.json":    "u:수도는?\n a:서울입니다.\n a:서울이에요.\n  u:인구는?\n   a:약 940만 명입니다.\n",
		"openwebui.json":  "u:안녕\n a:안녕하세요!\n  u:고마워\n   a:천만에요.\n",
		"librechat.json":  "u:오늘 뭐 먹지?\n a:비빔밥 어때요?\n",
		"librechat2.json": "u:산이 좋아 바다가 좋아?\n a:산이요.\n a:바다요.\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, say("x"))
			data := file(t, name)
			got, err := r.Import(t.Context(), ann, data)
			r.must(err)
			if got.Chats != 1 || got.Messages != strings.Count(want, "\n") {
				t.Fatalf("%+v", got)
			}
			chats, _, err := r.Chats(t.Context(), ann, converse.ChatQuery{})
			r.must(err)
			c, list, err := r.Open(t.Context(), ann, chats[0].ID)
			r.must(err)
			if o := outline(list); o != want {
				t.Errorf("got\n%swant\n%s", o, want)
			}
			if c.Title == "" || c.Leaf == "" || c.Created.Year() != 2025 {
				t.Errorf("%+v", c)
			}
			if again, err := r.Import(t.Context(), ann, data); err != nil || again.Chats != 0 || len(again.Skipped) != 1 {
				t.Errorf("taken over twice: %+v, %v", again, err)
			}
			if hits, err := r.Search(t.Context(), ann, list[0].Content[:6], 5); err != nil || len(hits) == 0 {
				t.Errorf("what was taken over is not found: %v, %v", hits, err)
			}
		})
	}
}

func TestImportZip(t *testing.T) {
	r := newRig(t, say("x"))
	got, err := r.Import(t.Context(), ann, zipped(t, map[string]string{"conversations.json": string(file(t, "chatgpt.json")), "user.json": "{}"}))
	if err != nil || got.Chats != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = r.Import(t.Context(), ann, zipped(t, map[string]string{"a/x.json": string(file(t, "librechat.json")), "b.json": "broken", "c.txt": "x"}))
	if err != nil || got.Chats != 1 || len(got.Skipped) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = r.Import(t.Context(), ann, zipped(t, map[string]string{"conversations.json": "[" + strings.Repeat(" ", 20<<20) + "]"}))
	var bad *converse.InvalidError
	if !errors.As(err, &bad) || !strings.Contains(bad.Reason, "too much") {
		t.Errorf("a bomb: %v", err)
	}
}

func TestOwnExportLosesNothing(t *testing.T) {
	r := newRig(t, say("답 <b>굵게</b>"))
	c := r.chat()
	a := r.ask(c, "", "질문 <script>alert(1)</script>")
	r.watch(a.Answers[0].ID, 0)
	r.must(r.Vote(t.Context(), ann, a.Answers[0].ID, "up"))
	again, err := r.Regenerate(t.Context(), ann, a.Question.ID, converse.Again{})
	r.must(err)
	r.watch(again.ID, 0)
	var all bytes.Buffer
	r.must(r.ExportAll(t.Context(), ann, &all))
	var archive converse.Archive
	if err := json.Unmarshal(all.Bytes(), &archive); err != nil || len(archive.Chats) != 1 || !strings.Contains(archive.Note, "AI") {
		t.Fatalf("%v: %s", err, all.String())
	}
	got, err := r.Import(t.Context(), bob, all.Bytes())
	if err != nil || got.Chats != 1 || got.Messages != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	chats, _, err := r.Chats(t.Context(), bob, converse.ChatQuery{})
	r.must(err)
	_, mine, err := r.Open(t.Context(), ann, c)
	r.must(err)
	_, theirs, err := r.Open(t.Context(), bob, chats[0].ID)
	r.must(err)
	if outline(mine) != outline(theirs) || theirs[1].Vote != "up" || theirs[1].Usage == nil || theirs[0].ID == mine[0].ID {
		t.Errorf("mine\n%stheirs\n%s%+v", outline(mine), outline(theirs), theirs[1])
	}
	_, kind, page, err := r.Export(t.Context(), ann, c, converse.HTML)
	r.must(err)
	if s := string(page); !strings.HasPrefix(kind, "text/html") || strings.Contains(s, "<script>") || !strings.Contains(s, "&lt;script&gt;") || !strings.Contains(s, "AI가 생성한 답변") {
		t.Errorf("%s", s)
	}
	_, _, md, err := r.Export(t.Context(), ann, c, converse.Markdown)
	r.must(err)
	if !strings.Contains(string(md), "## 나") || !strings.Contains(string(md), "AI가 생성한 답변") {
		t.Errorf("%s", md)
	}
	if _, _, _, err = r.Export(t.Context(), bob, c, converse.JSON); !errors.Is(err, converse.ErrNotFound) {
		t.Errorf("somebody else's export: %v", err)
	}
}

func TestBadImports(t *testing.T) {
	r := newRig(t, say("x"))
	for name, data := range map[string]string{
		"nothing": "", "text": "hello", "broken": "[{", "zip": "PK\x03\x04garbage", "not UTF-8": "\xff\xfe[", "newer": `{"format":"malmoi.chats","version":99}`,
	} {
		_, err := r.Import(t.Context(), ann, []byte(data))
		var bad *converse.InvalidError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, chat := range map[string]string{
		"circle":   `{"title":"t","messages":[{"id":"a","parent":"b","role":"user","content":"x"},{"id":"b","parent":"a","role":"user","content":"x"}]}`,
		"same ids": `{"title":"t","messages":[{"id":"a","role":"user","content":"x"},{"id":"a","role":"user","content":"x"}]}`,
		"role":     `{"title":"t","messages":[{"id":"a","role":"root","content":"x"}]}`,
		"empty":    `{"title":"t","messages":[]}`,
	} {
		got, err := r.Import(t.Context(), ann, []byte(`{"format":"malmoi.chats","version":1,"chats":[`+chat+`]}`))
		if err != nil || got.Chats != 0 || len(got.Skipped) != 1 || got.Skipped[0].Title != "t" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, name := range []string{"chatgpt.json", "chatgpt-tools.json", "openwebui.json", "openwebui-details.json", "librechat.json", "librechat2.json", "librechat-agent.json"} {
		f.Add(file(f, name))
		f.Add(zipped(f, map[string]string{"x.json": string(file(f, name))}))
	}
	f.Add([]byte(`{"format":"malmoi.chats","version":1,"chats":[{"messages":[{"id":"a","role":"user","content":"x"}]}]}`))
	db := storetest.SQLite(f)
	if err := db.Accounts().EnsureUser(f.Context(), account.UserRow{User: account.User{ID: ann.User, Login: "a", Role: ann.Role}}); err != nil {
		f.Fatal(err)
	}
	s := converse.NewService(db.Conversations(), &fake.Set{}, &bus.Memory{}, converse.Options{})
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := s.Import(ctx, ann, data); err != nil {
			var bad *converse.InvalidError
			if !errors.As(err, &bad) {
				t.Errorf("%v", err)
			}
		}
	})
}
