package converse_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"malmoi/internal/converse"
)

// imported takes over a file and opens the newest chat.
func imported(t *testing.T, name string) (converse.Imported, converse.Chat, []converse.Message) {
	t.Helper()
	r := newRig(t, say("x"))
	got, err := r.Import(t.Context(), ann, file(t, name))
	r.must(err)
	for _, archived := range []bool{true, false} {
		chats, _, err := r.Chats(t.Context(), ann, converse.ChatQuery{Archived: archived})
		r.must(err)
		if len(chats) > 0 {
			c, list, err := r.Open(t.Context(), ann, chats[0].ID)
			r.must(err)
			return got, c, list
		}
	}
	t.Fatalf("nothing was taken over: %+v", got)
	return got, converse.Chat{}, nil
}

func TestImportChatGPTAnswersOfSeveralNodes(t *testing.T) {
	_, c, list := imported(t, "chatgpt-tools.json")
	if got := outline(list); got != "u:[이미지]\n여기 날씨 어때?\n a:찾아볼게요.\n\n맑고 21도예요.\n" {
		t.Fatalf("%s", got)
	}
	a := list[1]
	if a.Reasoning != "장소 찾기\n사진은 서울이다." || a.Model != "gpt-5" || c.Leaf != a.ID || !c.Archived || c.Title != "오늘 날씨" {
		t.Errorf("%+v\n%+v", a, c)
	}
	want := []converse.ToolCall{{ID: "call", Name: "web.run", Arguments: `{"q":"서울 날씨"}`, Result: "맑음 21도"}}
	if !reflect.DeepEqual(a.ToolCalls, want) {
		t.Errorf("%+v", a.ToolCalls)
	}
	if at := list[0].Created; at.UnixMilli() != 1750000001100 {
		t.Errorf("the question is of %v", at)
	}
}

func TestImportOpenWebUIDetails(t *testing.T) {
	got, c, list := imported(t, "openwebui-details.json")
	if got.Chats != 2 || outline(list) != "u:1+1은?\n a:\n a:2입니다.\n" {
		t.Fatalf("%+v\n%s", got, outline(list))
	}
	a := list[2]
	if a.Reasoning != "1과 1을\n더하면 <2>다." || a.Vote != "up" || c.Leaf != a.ID || c.System != "짧게 답하세요" || c.Model != "qwen3:8b" {
		t.Errorf("%+v\n%+v", a, c)
	}
	if len(a.ToolCalls) != 1 || a.ToolCalls[0].Name != "calc" || a.ToolCalls[0].Result != `"2"` {
		t.Errorf("%+v", a.ToolCalls)
	}
	if list[1].Status != converse.Failed {
		t.Errorf("an answer that failed is %s", list[1].Status)
	}
}

func TestImportLibreChatAgent(t *testing.T) {
	_, c, list := imported(t, "librechat-agent.json")
	if outline(list) != "u:환율 알려 줘\n a:1달러에 1390원이에요.\n" {
		t.Fatalf("%s", outline(list))
	}
	a := list[1]
	if a.Reasoning != "도구를 써야겠다." || a.Vote != "up" || len(a.ToolCalls) != 1 || a.ToolCalls[0].Arguments != `{"to":"KRW"}` || a.ToolCalls[0].Result != "1390" {
		t.Errorf("%+v", a)
	}
	if c.Created.UTC().Format(time.DateOnly) != "2025-06-15" {
		t.Errorf("made on %v", c.Created)
	}
}

// A large export of ChatGPT comes in parts.
func TestImportParts(t *testing.T) {
	r := newRig(t, say("x"))
	got, err := r.Import(t.Context(), ann, zipped(t, map[string]string{
		"export/conversations-000.json": string(file(t, "chatgpt.json")), "export/conversations-001.json": string(file(t, "chatgpt-tools.json")),
		"export/message_feedback.json": "[]",
	}))
	if err != nil || got.Chats != 2 || len(got.Skipped) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Of a file that breaks off, what came before is kept.
func TestImportOfATornFile(t *testing.T) {
	r := newRig(t, say("x"))
	whole := bytes.TrimSuffix(bytes.TrimSpace(file(t, "chatgpt.json")), []byte("]"))
	got, err := r.Import(t.Context(), ann, append(whole, `, {"title": "반쪽", "mapp`...))
	if err != nil || got.Chats != 1 || len(got.Skipped) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// One bad conversation does not cost the others, and has its title told.
func TestImportSkipsWhatItCannotRead(t *testing.T) {
	r := newRig(t, say("x"))
	long := fmt.Sprintf(`{"title":"긴 것","mapping":{"a":{"message":{"author":{"role":"user"},"content":{"content_type":"text","parts":[%q]}}}}}`, strings.Repeat("a", converse.MaxContent+1))
	data := `[{"title":"이상한 것","x":1}, {"title":"빈 것","mapping":{}}, 17, ` + long + `, {"title":"엉뚱한 것","mapping":[1]}, ` +
		`{"title":"좋은 것","mapping":{"a":{"message":{"author":{"role":"user"},"content":{"content_type":"text","parts":["안녕\u0000"]}}}}}]`
	got, err := r.Import(t.Context(), ann, []byte(data))
	if err != nil || got.Chats != 1 || len(got.Skipped) != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	titles := ""
	for _, x := range got.Skipped {
		if x.Why == "" {
			t.Errorf("%q is skipped without a reason", x.Title)
		}
		titles += x.Title + "/"
	}
	if titles != "이상한 것/빈 것//긴 것/엉뚱한 것/" {
		t.Errorf("%s", titles)
	}
	if list, err := r.Search(t.Context(), ann, "안녕", 5); err != nil || len(list) == 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// A long chain of nodes that say nothing costs no square of time.
func TestImportLongChain(t *testing.T) {
	r := newRig(t, say("x"))
	var b strings.Builder
	b.WriteString(`[{"title":"긴 줄","mapping":{"n0":{"message":{"author":{"role":"user"},"content":{"content_type":"text","parts":["물음"]}}}`)
	const n = 30_000
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, `,"n%d":{"parent":"n%d","message":{"author":{"role":"tool"},"content":{"content_type":"text","parts":["x"]}}}`, i, i-1)
	}
	fmt.Fprintf(&b, `,"end":{"parent":"n%d","message":{"author":{"role":"assistant"},"content":{"content_type":"text","parts":["답"]}}}}}]`, n-1)
	began := time.Now()
	got, err := r.Import(t.Context(), ann, []byte(b.String()))
	if err != nil || got.Messages != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestImportRefusesCrowdedZips(t *testing.T) {
	r := newRig(t, say("x"))
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 4 {
		w, err := z.Create(fmt.Sprintf("conversations-%d.json", i))
		r.must(err)
		w.Write([]byte("[" + strings.Repeat(" ", 4<<20) + "]"))
	}
	r.must(z.Close())
	if _, err := r.Import(t.Context(), ann, b.Bytes()); err == nil || !strings.Contains(err.Error(), "too much") {
		t.Errorf("%v", err)
	}
}

// What a user owns comes back whole for somebody else, in the same places.
func TestEverythingComesBack(t *testing.T) {
	r := newRig(t, say("답 하나"))
	ctx := t.Context()
	folder, err := r.CreateFolder(ctx, ann, converse.Folder{Name: "기획", Instructions: "짧게", Color: "red"})
	r.must(err)
	_, err = r.AddFile(ctx, ann, folder.ID, "표.csv", []byte("가,나\n"))
	r.must(err)
	heat := float32(0.25)
	preset, err := r.PutPreset(ctx, ann, converse.Preset{Name: "번역", Model: "m", System: "번역하세요", Tone: "haeyo", Params: converse.Params{Temperature: &heat}})
	r.must(err)
	_, err = r.PutPrompt(ctx, ann, converse.Prompt{Name: "요약", Text: "{{글}}을 요약"})
	r.must(err)
	_, err = r.PutMemory(ctx, ann, converse.Memory{Text: "부산에 산다", Enabled: true})
	r.must(err)
	settings, err := r.PutSettings(ctx, ann, converse.Settings{Tone: "hapsyo", Memory: true, Language: "ko"})
	r.must(err)
	c, err := r.CreateChat(ctx, ann, converse.NewChat{Title: "비교", Folder: folder.ID, Preset: preset.ID, System: "s"})
	r.must(err)
	a := r.ask(c.ID, "", "무엇이 나은가?", "m", "other")
	for _, m := range a.Answers {
		r.watch(m.ID, 0)
	}
	r.must(r.Prefer(ctx, ann, a.Question.ID, a.Answers[1].ID))
	pin := true
	_, err = r.ChangeChat(ctx, ann, c.ID, converse.ChatChange{Pinned: &pin, Leaf: &a.Answers[1].ID})
	r.must(err)

	var all bytes.Buffer
	r.must(r.ExportAll(ctx, ann, &all))
	for range 2 { // twice brings nothing new
		_, err = r.Import(ctx, bob, all.Bytes())
		r.must(err)
	}
	folders, err := r.Folders(ctx, bob)
	r.must(err)
	presets, err := r.Presets(ctx, bob)
	r.must(err)
	prompts, err := r.Prompts(ctx, bob)
	r.must(err)
	memories, err := r.Memories(ctx, bob)
	r.must(err)
	chats, _, err := r.Chats(ctx, bob, converse.ChatQuery{})
	r.must(err)
	if len(folders) != 1 || len(presets) != 1 || len(prompts) != 1 || len(memories) != 1 || len(chats) != 1 {
		t.Fatalf("%v %v %v %v %v", folders, presets, prompts, memories, chats)
	}
	files, err := r.Files(ctx, bob, folders[0].ID)
	r.must(err)
	if len(files) != 1 {
		t.Fatalf("%+v", files)
	}
	file, _, err := r.ReadFile(ctx, bob, folders[0].ID, files[0].ID)
	r.must(err)
	if file.Text != "가,나\n" || *presets[0].Params.Temperature != heat || memories[0].Text != "부산에 산다" || prompts[0].Text != "{{글}}을 요약" {
		t.Errorf("%+v %+v %+v", files, presets, memories)
	}
	if s, err := r.Settings(ctx, bob); err != nil || !reflect.DeepEqual(s, settings) {
		t.Errorf("%+v, %v", s, err)
	}
	x, list, err := r.Open(ctx, bob, chats[0].ID)
	r.must(err)
	_, mine, err := r.Open(ctx, ann, c.ID)
	r.must(err)
	if x.Folder != folders[0].ID || x.Preset != presets[0].ID || !x.Pinned || x.System != "s" || !x.Created.Equal(c.Created) || x.Leaf != list[2].ID {
		t.Errorf("%+v", x)
	}
	for i := range list {
		got, want := list[i], mine[i]
		if i > 0 && (got.Parent != list[0].ID || got.Compare == want.Compare || got.Compare != list[1].Compare) {
			t.Errorf("%+v", got)
		}
		got.ID, got.Chat, got.Parent, got.Compare = want.ID, want.Chat, want.Parent, want.Compare
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got, want)
		}
	}
	var pairs []converse.Pair
	r.must(r.Pairs(ctx, bob, func(p converse.Pair) error { pairs = append(pairs, p); return nil }))
	if len(pairs) != 1 || pairs[0].Models != [2]string{"other", "m"} {
		t.Errorf("%+v", pairs)
	}
}
