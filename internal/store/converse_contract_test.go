package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// The contract of converse.Store, on both databases.

const ann, bob = converse.Owner("id-ann"), converse.Owner("id-bob")

func eachConversations(t *testing.T, f func(t *testing.T, c *store.Conversations)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		addUsers(t, db.Accounts(), row("ann", account.Member), row("bob", account.Member))
		f(t, db.Conversations())
	})
}

func at(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

func addChat(t *testing.T, c *store.Conversations, o converse.Owner, id string, updated int) {
	t.Helper()
	_, err := c.AddChat(t.Context(), o, converse.Chat{ID: id, Title: "제목 " + id, Model: "m", Created: at(0), Updated: at(updated)})
	must(t, err)
}

func question(chat, id, parent, text string, ms int) *converse.Message {
	return &converse.Message{ID: id, Chat: chat, Parent: parent, Role: converse.User, Content: text, Status: converse.Done, Created: at(ms)}
}

func live(chat, id, parent string, ms int) converse.Message {
	return converse.Message{ID: id, Chat: chat, Parent: parent, Role: converse.Assistant, Model: "m", Status: converse.Live, Created: at(ms), Node: "n1", Lease: at(15_000)}
}

// ask writes a question with one answer that is being made.
func ask(t *testing.T, c *store.Conversations, o converse.Owner, chat, id, parent, text string, ms int) converse.Asked {
	t.Helper()
	out, err := c.Begin(t.Context(), o, converse.Begin{Chat: chat, Question: question(chat, id, parent, text, ms), Answers: []converse.Message{live(chat, id+"-a", id, ms+1)}, Leaf: id + "-a", Model: "m", Now: at(ms)})
	must(t, err)
	return out
}

func finish(t *testing.T, c *store.Conversations, o converse.Owner, m converse.Message, text string) {
	t.Helper()
	m.Content, m.Status = text, converse.Done
	must(t, c.Finish(t.Context(), o, "n1", m))
}

func TestChatsAreKept(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		for i, id := range []string{"c1", "c2", "c3", "c4", "c5"} {
			addChat(t, c, ann, id, i)
		}
		addChat(t, c, bob, "b1", 9)
		again, err := c.AddChat(ctx, ann, converse.Chat{ID: "c1", Title: "다른 제목"})
		must(t, err)
		if again.Title != "제목 c1" {
			t.Errorf("making a chat twice changed it: %q", again.Title)
		}
		_, err = c.AddChat(ctx, bob, converse.Chat{ID: "c1"})
		wants(t, err, converse.ErrNotFound)
		yes, title := true, "새 제목"
		changed, err := c.ChangeChat(ctx, ann, "c1", converse.ChatChange{Pinned: &yes, Title: &title})
		must(t, err)
		if !changed.Pinned || !changed.Named || changed.Title != title || !changed.Updated.Equal(at(0)) {
			t.Errorf("%+v", changed)
		}
		if c, err := c.NameChat(ctx, ann, "c1", "모델의 제목"); err != nil || c.Title != title {
			t.Errorf("the model renamed a chat that the user had named: %q, %v", c.Title, err)
		}
		var seen []string
		for cursor := ""; ; {
			page, next, err := c.Chats(ctx, ann, converse.ChatQuery{Limit: 2, Before: cursor})
			must(t, err)
			for _, x := range page {
				seen = append(seen, x.ID)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if want := []string{"c1", "c5", "c4", "c3", "c2"}; !slices.Equal(seen, want) {
			t.Errorf("listed %v, want %v", seen, want)
		}
		must(t, c.DeleteChat(ctx, ann, "c5", at(1)))
		_, err = c.Chat(ctx, ann, "c5")
		wants(t, err, converse.ErrNotFound)
		_, err = c.RestoreChat(ctx, ann, "c5")
		must(t, err)
		_, err = c.RestoreChat(ctx, ann, "c5")
		wants(t, err, converse.ErrNotFound)
		must(t, c.DeleteChat(ctx, ann, "c5", at(1)))
		must(t, c.Purge(ctx, at(2)))
		_, err = c.RestoreChat(ctx, ann, "c5")
		wants(t, err, converse.ErrNotFound)
		names := []string{"계산", `a"b`}
		chosen, err := c.AddChat(ctx, ann, converse.Chat{ID: "c6", Skills: converse.SkillsOn, Chosen: names})
		must(t, err)
		if !slices.Equal(chosen.Chosen, names) {
			t.Errorf("chosen skills come back as %q", chosen.Chosen)
		}
		names = nil
		if chosen, err = c.ChangeChat(ctx, ann, "c6", converse.ChatChange{Chosen: &names}); err != nil || chosen.Chosen != nil || chosen.Skills != converse.SkillsOn {
			t.Errorf("a choice taken back: %+v, %v", chosen, err)
		}
		_, _, err = c.Chats(ctx, ann, converse.ChatQuery{Limit: 2, Before: "x"})
		if _, ok := err.(*converse.InvalidError); !ok {
			t.Errorf("a cursor from nowhere: %v", err)
		}
	})
}

func TestNobodyElseSeesConversations(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		a := ask(t, c, ann, "c1", "q1", "", "비밀 질문", 1)
		finish(t, c, ann, a.Answers[0], "비밀 답")
		must(t, c.AddFolder(ctx, ann, converse.Folder{ID: "f1", Name: "폴더"}))
		must(t, c.AddFile(ctx, ann, converse.File{ID: "x1", Folder: "f1", Name: "a.txt", Blob: "d"}))
		must(t, c.AddShare(ctx, ann, converse.Share{ID: "s1", Chat: "c1"}, "h", []byte("{}")))
		must(t, c.PutPrompt(ctx, ann, converse.Prompt{ID: "p1", Name: "n"}))
		must(t, c.PutPreset(ctx, ann, converse.Preset{ID: "r1", Name: "n"}))
		must(t, c.PutMemory(ctx, ann, converse.Memory{ID: "m1", Text: "t"}))
		title := "t"
		for name, err := range map[string]error{
			"Chat":           second(c.Chat(ctx, bob, "c1")),
			"ChangeChat":     second(c.ChangeChat(ctx, bob, "c1", converse.ChatChange{Title: &title})),
			"NameChat":       second(c.NameChat(ctx, bob, "c1", "t")),
			"DeleteChat":     c.DeleteChat(ctx, bob, "c1", at(0)),
			"Message":        second(c.Message(ctx, bob, "q1")),
			"DeleteMessage":  c.DeleteMessage(ctx, bob, "q1", at(0)),
			"RestoreMessage": c.RestoreMessage(ctx, bob, "q1"),
			"Vote":           c.Vote(ctx, bob, "q1-a", "up"),
			"Prefer":         c.Prefer(ctx, bob, converse.Preference{Question: "q1", Chosen: "tie"}),
			"AskStop":        second(c.AskStop(ctx, bob, "q1-a")),
			"Resume":         second(c.Resume(ctx, bob, "q1-a", "n", at(0), at(0))),
			"Begin":          second(c.Begin(ctx, bob, converse.Begin{Chat: "c1", Question: question("c1", "q9", "", "x", 1), Answers: []converse.Message{live("c1", "a9", "q9", 2)}})),
			"Folder":         second(c.Folder(ctx, bob, "f1")),
			"ChangeFolder":   second(c.ChangeFolder(ctx, bob, "f1", converse.FolderChange{Name: &title})),
			"DeleteFolder":   second(c.DeleteFolder(ctx, bob, "f1")),
			"AddFile":        c.AddFile(ctx, bob, converse.File{ID: "x2", Folder: "f1"}),
			"File":           second(c.File(ctx, bob, "f1", "x1")),
			"Files":          second(c.Files(ctx, bob, "f1", 0)),
			"DeleteFile":     second(c.DeleteFile(ctx, bob, "f1", "x1")),
			"AddShare":       c.AddShare(ctx, bob, converse.Share{ID: "s2", Chat: "c1"}, "h2", nil),
			"Shares":         second(c.Shares(ctx, bob, "c1")),
			"DeleteShare":    c.DeleteShare(ctx, bob, "s1"),
			"PutPrompt":      c.PutPrompt(ctx, bob, converse.Prompt{ID: "p1", Name: "x"}),
			"DeletePrompt":   c.DeletePrompt(ctx, bob, "p1"),
			"PutPreset":      c.PutPreset(ctx, bob, converse.Preset{ID: "r1", Name: "x"}),
			"DeletePreset":   c.DeletePreset(ctx, bob, "r1"),
			"PutMemory":      c.PutMemory(ctx, bob, converse.Memory{ID: "m1", Text: "x"}),
			"DeleteMemory":   c.DeleteMemory(ctx, bob, "m1"),
		} {
			if err == nil || !strings.Contains(err.Error(), converse.ErrNotFound.Error()) {
				t.Errorf("%s of somebody else's: %v, want not found", name, err)
			}
		}
		if list, err := c.Messages(ctx, bob, "c1"); err != nil || len(list) != 0 {
			t.Errorf("somebody else's messages: %v, %v", list, err)
		}
		if list, err := c.Search(ctx, bob, "비밀", 10); err != nil || len(list) != 0 {
			t.Errorf("somebody else's words are found: %v, %v", list, err)
		}
		if list, err := c.Entries(ctx, bob, "q1-a", 0); err != nil || len(list) != 0 {
			t.Errorf("somebody else's log: %v, %v", list, err)
		}
		wants(t, c.Finish(ctx, bob, "n1", a.Answers[0]), converse.ErrConflict)
	})
}

func second[T any](_ T, err error) error { return err }

func TestAskingTwiceIsAskingOnce(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		addChat(t, c, ann, "c1", 0)
		first := ask(t, c, ann, "c1", "q1", "", "질문", 1)
		var wg sync.WaitGroup
		ids := make([]string, 4)
		for i := range ids {
			wg.Go(func() {
				b := converse.Begin{Chat: "c1", Question: question("c1", "q1", "", "질문", 1), Answers: []converse.Message{live("c1", fmt.Sprintf("other-%d", i), "q1", 2)}, Leaf: "other", Model: "m", Now: at(5)}
				out, err := c.Begin(t.Context(), ann, b)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = out.Answers[0].ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id != first.Answers[0].ID {
				t.Errorf("answers %v, want always %q", ids, first.Answers[0].ID)
			}
		}
		chat, err := c.Chat(t.Context(), ann, "c1")
		must(t, err)
		if chat.Messages != 2 || chat.Leaf != "q1-a" || !chat.Live {
			t.Errorf("%+v", chat)
		}
	})
}

func TestBeginRefuses(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		addChat(t, c, ann, "c2", 0)
		ask(t, c, ann, "c1", "q1", "", "질문", 1)
		_, err := c.Begin(ctx, ann, converse.Begin{Chat: "c2", Question: question("c2", "q2", "q1", "x", 2), Answers: []converse.Message{live("c2", "a2", "q2", 3)}})
		wants(t, err, converse.ErrConflict) // the parent is in another chat
		for i := range converse.MaxLiveUser - 1 {
			ask(t, c, ann, "c2", fmt.Sprintf("r%d", i), "", "질문", 10+i)
		}
		_, err = c.Begin(ctx, ann, converse.Begin{Chat: "c2", Question: question("c2", "r9", "", "x", 20), Answers: []converse.Message{live("c2", "a9", "r9", 21)}})
		wants(t, err, converse.ErrBusy)
		if _, err := c.Message(ctx, ann, "r9"); err == nil {
			t.Error("a refused question is stored")
		}
	})
}

func TestMessagesComeBackWhole(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		a := ask(t, c, ann, "c1", "q1", "", "질문", 1).Answers[0]
		temperature := float32(0.5)
		m := a
		m.Content, m.Reasoning, m.Status = "답 🇰🇷", "생각", converse.Failed
		m.ToolCalls = []converse.ToolCall{{ID: "t", Name: "계산", Arguments: `{"a":1}`, Result: "2"}}
		m.Failure = &converse.Failure{Kind: "server", Detail: "x", RetryAfter: 3}
		m.Usage = &converse.Usage{PromptTokens: 1, CachedTokens: 2, CompletionTokens: 3, ReasoningTokens: 4, FirstMS: 5, TotalMS: 6}
		must(t, c.Finish(ctx, ann, "n1", m))
		got, err := c.Message(ctx, ann, a.ID)
		must(t, err)
		m.Node, m.Lease = "", time.Time{}
		got.Created = m.Created // the same moment in another zone
		if !reflect.DeepEqual(got, m) {
			t.Errorf("got  %+v\nwant %+v", got, m)
		}
		m.Params.Temperature = &temperature
		wants(t, c.Finish(ctx, ann, "n1", m), converse.ErrConflict) // it is not live any more
	})
}

func TestTheLog(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		a := ask(t, c, ann, "c1", "q1", "", "질문", 1).Answers[0]
		run := func(first int, texts ...string) converse.Entry {
			e := converse.Entry{Message: a.ID, First: first}
			for _, s := range texts {
				e.Deltas = append(e.Deltas, converse.Delta{Content: s})
			}
			return e
		}
		for range 2 { // the second time as after a commit whose answer was lost
			lost, stopped, err := c.Append(ctx, "n1", []converse.Entry{run(1, "가", "나")})
			must(t, err)
			if len(lost)+len(stopped) != 0 {
				t.Errorf("lost %v, stopped %v", lost, stopped)
			}
		}
		_, err := c.AskStop(ctx, ann, a.ID)
		must(t, err)
		lost, stopped, err := c.Append(ctx, "n1", []converse.Entry{run(3, "다"), {Message: "gone", First: 1, Deltas: []converse.Delta{{Content: "x"}}}})
		must(t, err)
		if !slices.Equal(lost, []string{"gone"}) || !slices.Equal(stopped, []string{a.ID}) {
			t.Errorf("lost %v, stopped %v", lost, stopped)
		}
		if lost, _, err = c.Append(ctx, "n2", []converse.Entry{run(4, "라")}); err != nil || len(lost) != 1 {
			t.Errorf("another process writes into the log: %v, %v", lost, err)
		}
		entries, err := c.Entries(ctx, ann, a.ID, 2)
		must(t, err)
		if len(entries) != 1 || entries[0].First != 3 || entries[0].Deltas[0].Content != "다" {
			t.Errorf("behind 2: %+v", entries)
		}
		if stopped, err := c.Renew(ctx, "n1", at(30_000)); err != nil || !slices.Equal(stopped, []string{a.ID}) {
			t.Errorf("renew: %v, %v", stopped, err)
		}
		if o, err := c.Orphans(ctx, at(29_000), 10); err != nil || len(o) != 0 {
			t.Errorf("a renewed answer is no orphan: %v, %v", o, err)
		}
		orphans, err := c.Orphans(ctx, at(31_000), 10)
		must(t, err)
		if len(orphans) != 1 || orphans[0].Owner != ann || orphans[0].Message.ID != a.ID || !orphans[0].Message.Stop {
			t.Errorf("%+v", orphans)
		}
		for i, want := range []bool{true, false} {
			if ok, err := c.Adopt(ctx, a.ID, "n1", "n2", at(40_000)); err != nil || ok != want {
				t.Errorf("adoption %d: %v, %v", i, ok, err)
			}
		}
		wants(t, c.Finish(ctx, ann, "n1", a), converse.ErrConflict)
		a.Content, a.Status = "가나다", converse.Stopped
		must(t, c.Finish(ctx, ann, "n2", a))
		if entries, err = c.Entries(ctx, ann, a.ID, 0); err != nil || len(entries) != 0 {
			t.Errorf("the log of a finished answer: %v, %v", entries, err)
		}
		m, err := c.Resume(ctx, ann, a.ID, "n3", at(50_000), at(3))
		must(t, err)
		if m.Status != converse.Live || m.Content != "가나다" || m.Node != "n3" || m.Stop {
			t.Errorf("%+v", m)
		}
		_, err = c.Resume(ctx, ann, a.ID, "n3", at(50_000), at(3))
		wants(t, err, converse.ErrConflict)
	})
}

func TestDeletingABranch(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		a1 := ask(t, c, ann, "c1", "q1", "", "첫 질문", 1).Answers[0]
		finish(t, c, ann, a1, "첫 답")
		a2 := ask(t, c, ann, "c1", "q2", a1.ID, "다음 질문", 10).Answers[0]
		finish(t, c, ann, a2, "다음 답")
		must(t, c.DeleteMessage(ctx, ann, "q2", at(20)))
		chat, err := c.Chat(ctx, ann, "c1")
		must(t, err)
		if chat.Messages != 2 || chat.Leaf != a1.ID {
			t.Errorf("%+v, want two messages and the leaf moved up", chat)
		}
		if list, err := c.Search(ctx, ann, "다음", 10); err != nil || len(list) != 0 {
			t.Errorf("deleted words are found: %v, %v", list, err)
		}
		must(t, c.RestoreMessage(ctx, ann, "q2"))
		if chat, err = c.Chat(ctx, ann, "c1"); err != nil || chat.Messages != 4 {
			t.Errorf("%+v, %v", chat, err)
		}
		// What was deleted twice over comes back from the top down.
		must(t, c.DeleteMessage(ctx, ann, "q2", at(30)))
		must(t, c.DeleteMessage(ctx, ann, "q1", at(31)))
		wants(t, c.RestoreMessage(ctx, ann, "q2"), converse.ErrConflict)
		must(t, c.RestoreMessage(ctx, ann, "q1"))
		must(t, c.RestoreMessage(ctx, ann, "q2"))
		if chat, err = c.Chat(ctx, ann, "c1"); err != nil || chat.Messages != 4 {
			t.Errorf("%+v, %v", chat, err)
		}
	})
}

func TestSearch(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		texts := []string{"개인정보보호법을 설명해 줘", "내년 예산안을 심사한다", "GGUF 파일의 quantization", "It's a \"test\" & 'more' : * ^"}
		for i, s := range texts {
			a := ask(t, c, ann, "c1", fmt.Sprintf("q%d", i), "", s, i*10)
			finish(t, c, ann, a.Answers[0], "답 "+fmt.Sprint(i))
		}
		f := func(query string, want ...string) {
			t.Helper()
			list, err := c.Search(ctx, ann, query, 10)
			must(t, err)
			var got []string
			for _, m := range list {
				got = append(got, m.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", query, got, want)
			}
		}
		f("보호법", "q0")
		f("보호", "q0")
		f("예산 심사", "q1")
		f("심사 개인")
		f("quant", "q2")
		f(`"test" 'more`, "q3")
		f("답", "q3-a", "q2-a", "q1-a", "q0-a")
		f("")
		f("'\"*:&|!()")
		if wrong, err := c.CheckIndex(ctx); err != nil || wrong != 0 {
			t.Errorf("the index is wrong about %d messages, %v", wrong, err)
		}
		if chats, err := c.SearchTitles(ctx, ann, "제목", 10); err != nil || len(chats) != 1 {
			t.Errorf("titles: %v, %v", chats, err)
		}
	})
}

func TestIndexMendsItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		addUsers(t, db.Accounts(), row("ann", account.Member))
		c, ctx := db.Conversations(), t.Context()
		addChat(t, c, ann, "c1", 0)
		finish(t, c, ann, ask(t, c, ann, "c1", "q1", "", "무궁화 꽃이", 1).Answers[0], "피었습니다")
		must(t, db.Write(ctx, func(tx store.Q) error {
			_, err := tx.Exec(ctx, `DELETE FROM message_terms WHERE message = 'q1'`)
			if err == nil {
				_, err = tx.Exec(ctx, `UPDATE messages SET content = '진달래' WHERE id = 'q1-a'`)
			}
			return err
		}))
		if wrong, err := c.CheckIndex(ctx); err != nil || wrong != 2 {
			t.Errorf("wrong about %d messages, %v; want 2", wrong, err)
		}
		for _, q := range []string{"무궁화", "진달래"} {
			if list, err := c.Search(ctx, ann, q, 5); err != nil || len(list) != 1 {
				t.Errorf("%q after mending: %v, %v", q, list, err)
			}
		}
		if wrong, err := c.CheckIndex(ctx); err != nil || wrong != 0 {
			t.Errorf("still wrong about %d, %v", wrong, err)
		}
	})
}

func TestLibraryAndFolders(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		s, err := c.Settings(ctx, ann)
		must(t, err)
		if !s.Memory {
			t.Error("memory is on until switched off")
		}
		s.Memory, s.Tone = false, "haeyo"
		must(t, c.PutSettings(ctx, ann, s))
		if got, err := c.Settings(ctx, ann); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%+v, %v", got, err)
		}
		top := float32(0.9)
		p := converse.Preset{ID: "r1", Name: "이름", Model: "m", System: "s", Tone: "hapsyo", Params: converse.Params{TopP: &top}, Created: at(1)}
		must(t, c.PutPreset(ctx, ann, p))
		p.Name = "새 이름"
		must(t, c.PutPreset(ctx, ann, p))
		list, err := c.Presets(ctx, ann)
		must(t, err)
		if len(list) != 1 || list[0].Name != "새 이름" || *list[0].Params.TopP != top {
			t.Errorf("%+v", list)
		}
		for _, f := range []string{"f1", "f2"} {
			must(t, c.AddFolder(ctx, ann, converse.Folder{ID: f, Name: f}))
			must(t, c.AddFile(ctx, ann, converse.File{ID: "x-" + f, Folder: f, Name: "a.txt", Blob: "same", Text: "글"}))
		}
		for chars, want := range map[int]string{0: "", 1: "글", 9: "글"} {
			if list, err := c.Files(ctx, ann, "f1", chars); err != nil || len(list) != 1 || list[0].Text != want {
				t.Errorf("%d characters: %+v, %v", chars, list, err)
			}
		}
		folder := "f1"
		addChat(t, c, ann, "c1", 0)
		_, err = c.ChangeChat(ctx, ann, "c1", converse.ChatChange{Folder: &folder})
		must(t, err)
		if blobs, err := c.DeleteFolder(ctx, ann, "f1"); err != nil || len(blobs) != 0 {
			t.Errorf("bytes that f2 needs are given free: %v, %v", blobs, err)
		}
		if blobs, err := c.DeleteFile(ctx, ann, "f2", "x-f2"); err != nil || !slices.Equal(blobs, []string{"same"}) {
			t.Errorf("bytes nobody needs: %v, %v", blobs, err)
		}
		if chat, err := c.Chat(ctx, ann, "c1"); err != nil || chat.Folder != "" {
			t.Errorf("%+v, %v", chat, err)
		}
	})
}

func TestSharesEnd(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		must(t, c.AddShare(ctx, ann, converse.Share{ID: "s1", Chat: "c1", Created: at(0), Expires: at(10)}, "h1", []byte(`{"a":1}`)))
		must(t, c.AddShare(ctx, ann, converse.Share{ID: "s2", Chat: "c1", Created: at(0)}, "h2", []byte(`{}`)))
		if b, err := c.Shared(ctx, "h1", at(9)); err != nil || string(b) != `{"a":1}` {
			t.Errorf("%s, %v", b, err)
		}
		_, err := c.Shared(ctx, "h1", at(10))
		wants(t, err, converse.ErrNotFound)
		must(t, c.DeleteChat(ctx, ann, "c1", at(11)))
		_, err = c.Shared(ctx, "h2", at(12))
		wants(t, err, converse.ErrNotFound)
	})
}

func TestImportsComeOnce(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		for i, want := range []bool{true, false} {
			id := fmt.Sprintf("c%d", i)
			m := *question(id, "m-"+id, "", "옛 질문", 1)
			added, err := c.AddTree(ctx, ann, converse.Chat{ID: id, Title: "옛 대화", Leaf: m.ID}, []converse.Message{m}, "print")
			if err != nil || added != want {
				t.Errorf("import %d: %v, %v", i, added, err)
			}
		}
		if list, err := c.Search(ctx, ann, "옛", 5); err != nil || len(list) != 1 {
			t.Errorf("%v, %v", list, err)
		}
	})
}
