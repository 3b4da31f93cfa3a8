package store_test

import (
	"fmt"
	"testing"

	"malmoi/internal/converse"
	"malmoi/internal/store"
)

// talk gives a user a chat of n questions, each answered.
func talk(t testing.TB, db *store.DB, user string, n int) {
	t.Helper()
	c, o := db.Conversations(), converse.Owner(user)
	chat := "chat-" + user
	if _, err := c.AddChat(t.Context(), o, converse.Chat{ID: chat, Title: "제목", Model: "m", Created: at(0), Updated: at(0)}); err != nil {
		t.Fatal(err)
	}
	parent := ""
	for i := range n {
		id := fmt.Sprintf("%s-q%d", user, i)
		asked, err := c.Begin(t.Context(), o, converse.Begin{
			Chat: chat, Question: question(chat, id, parent, fmt.Sprintf("질문 %d: 대한민국의 수도는?", i), 2*i),
			Answers: []converse.Message{live(chat, id+"-a", id, 2*i+1)}, Leaf: id + "-a", Model: "m", Now: at(2 * i),
		})
		if err != nil {
			t.Fatal(err)
		}
		answer := asked.Answers[0]
		answer.Content, answer.Status = fmt.Sprintf("서울입니다 %d", i), converse.Done
		if err := c.Finish(t.Context(), o, "n1", answer); err != nil {
			t.Fatal(err)
		}
		parent = answer.ID
	}
}
