package converse_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"malmoi/internal/converse"
)

// longChat writes a chat of n messages, a branch.
func (r *rig) longChat(n int) string {
	r.t.Helper()
	text := strings.Repeat("개인정보보호법의 어느 조항을 어떻게 읽어야 하는지 설명합니다. ", 10)
	c := converse.Chat{ID: "long-chat-0000000000", Title: "긴 대화", Created: time.UnixMilli(1), Updated: time.UnixMilli(1)}
	var list []converse.Message
	parent := ""
	for i := range n {
		m := converse.Message{ID: fmt.Sprintf("long-%06d", i), Chat: c.ID, Parent: parent, Role: converse.User, Content: fmt.Sprint(i, " ", text), Status: converse.Done, Created: time.UnixMilli(int64(i + 1))}
		if i%2 == 1 {
			m.Role, m.Model, m.Usage = converse.Assistant, "m", &converse.Usage{PromptTokens: i, CompletionTokens: 100}
		}
		list = append(list, m)
		parent = m.ID
	}
	c.Leaf = parent
	if _, err := r.db.Conversations().AddTree(r.t.Context(), ann.User, c, list, "long"); err != nil {
		r.t.Fatal(err)
	}
	return c.ID
}

// A chat of 2,000 messages opens in less than 100 ms. The best of a few tries
// counts: machines that run tests are busy.
func TestLongChatOpensFast(t *testing.T) {
	if testing.Short() {
		t.Skip("a speed says nothing under the race detector, which -short goes with")
	}
	r := newRig(t, say("x"))
	id := r.longChat(2000)
	fastest := time.Hour
	for range 7 {
		began := time.Now()
		c, list, err := r.Open(t.Context(), ann, id)
		r.must(err)
		fastest = min(fastest, time.Since(began))
		if len(list) != 2000 || c.Messages != 2000 {
			t.Fatalf("%d messages, the chat says %d", len(list), c.Messages)
		}
	}
	t.Logf("a chat of 2,000 messages opens in %v", fastest)
	if fastest > 100*time.Millisecond {
		t.Errorf("opening took %v at best, want less than 100 ms", fastest)
	}
	began := time.Now()
	hits, err := r.Search(t.Context(), ann, "보호법", 20)
	r.must(err)
	t.Logf("searching them took %v, %d hits", time.Since(began), len(hits))
	if len(hits) != 20 {
		t.Errorf("%d hits", len(hits))
	}
}
