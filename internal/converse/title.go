package converse

import (
	"context"
	"strings"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
	"malmoi/internal/llm"
)

// Titles are short, and not worth more than this.
const (
	titleTime   = 30 * time.Second
	titleTokens = 24
	titleShown  = 600 // bytes of question and answer that the model is shown
)

const titlePrompt = "다음 대화에 제목을 붙이세요. 대화와 같은 언어로, 20자 안쪽의 명사구 하나만 쓰세요. 따옴표, 마침표, 설명은 쓰지 마세요."

// name has the model give a chat its title after the first answer. If it says
// nothing usable, the title made of the question stays.
func (s *Service) name(p account.Principal, answer Message) {
	ctx, cancel := context.WithTimeout(s.closing, titleTime)
	defer cancel()
	c, err := s.store.Chat(ctx, p.User, answer.Chat)
	if err != nil || c.Named || c.Messages > 3 || c.Leaf != answer.ID {
		return
	}
	tree, err := s.store.Messages(ctx, p.User, answer.Chat)
	if err != nil || len(tree) < 2 || tree[0].ID != answer.Parent {
		return // not the first question's answer
	}
	title, err := s.askTitle(ctx, answer.Model, tree[0].Content, answer.Content)
	if err != nil || !usable(title) {
		return
	}
	if _, err := s.store.NameChat(ctx, p.User, answer.Chat, title); err == nil {
		s.tell(TopicChat, p.User, answer.Chat)
	}
}

func (s *Service) askTitle(ctx context.Context, model, question, answer string) (string, error) {
	m, release, err := s.models.Acquire(ctx, model)
	if err != nil {
		return "", err
	}
	defer release()
	text := "질문: " + head(question, titleShown) + "\n답: " + head(answer, titleShown)
	st, err := m.Chat(ctx, llm.ChatRequest{
		Messages: []chat.Message{{Role: "system", Content: titlePrompt}, {Role: "user", Content: text}},
		Kwargs:   chat.Thinking(false),
		Params:   llm.Params{N: 1, MaxTokens: titleTokens, Stop: []string{"\n"}, Sampling: sample.Params{RepetitionPenalty: 1.1}},
	})
	if err != nil {
		return "", err
	}
	defer st.Close()
	said, err := llm.ReadContent(ctx, st)
	return tidyTitle(said), err
}

// head is the beginning of a text, whole characters.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// tidyTitle takes off what small models put around a title.
func tidyTitle(s string) string {
	s = cleanTitle(s)
	for _, word := range []string{"제목:", "제목 :", "Title:", "title:"} {
		s = strings.TrimSpace(strings.TrimPrefix(s, word))
	}
	return strings.TrimSpace(strings.Trim(s, "\"'“”‘’「」『』<>[]().*#` "))
}

// usable refuses titles that are none: empty ones and sentences.
func usable(title string) bool {
	n := len([]rune(title))
	return n >= 2 && n <= titleChars
}
