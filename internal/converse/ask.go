package converse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"malmoi/internal/account"
)

// Ask writes a question and starts its answers: both are stored before it
// returns. Asking twice with the same id is asking once.
func (s *Service) Ask(ctx context.Context, p account.Principal, a Ask) (Asked, error) {
	if err := s.mayAnswer(p); err != nil {
		return Asked{}, err
	}
	id, err := clientID(a.ID)
	if err != nil {
		return Asked{}, err
	}
	if err := checkContent(a.Content); err != nil {
		return Asked{}, err
	}
	if err := a.Params.check(); err != nil {
		return Asked{}, err
	}
	if len(a.Models) > 2 {
		return Asked{}, invalid("models", "one, or two to compare, got %d", len(a.Models))
	}
	chat, err := s.store.Chat(ctx, p.User, a.Chat)
	if err != nil {
		return Asked{}, err
	}
	if chat.Messages >= MaxMessages {
		return Asked{}, invalid("content", "a chat holds at most %d messages: begin a new one", MaxMessages)
	}
	if err := s.mayFollow(ctx, p.User, a.Parent); err != nil {
		return Asked{}, err
	}
	now := s.now()
	q := Message{ID: id, Chat: chat.ID, Parent: a.Parent, Role: User, Content: a.Content, Status: Done, Pasted: a.Pasted, Created: now}
	b := Begin{Chat: chat.ID, Question: &q, Now: now}
	return s.begin(ctx, p, chat, b, a.Models, a.Params)
}

// Regenerate answers a question once more; id is the question's or one of its
// answers'.
func (s *Service) Regenerate(ctx context.Context, p account.Principal, id string, again Again) (Message, error) {
	if err := s.mayAnswer(p); err != nil {
		return Message{}, err
	}
	if err := again.Params.check(); err != nil {
		return Message{}, err
	}
	m, err := s.store.Message(ctx, p.User, id)
	if err != nil {
		return Message{}, err
	}
	question := m.ID
	if m.Role == Assistant {
		question = m.Parent
	}
	chat, err := s.store.Chat(ctx, p.User, m.Chat)
	if err != nil {
		return Message{}, err
	}
	var models []string
	if again.Model != "" {
		models = []string{again.Model}
	}
	out, err := s.begin(ctx, p, chat, Begin{Chat: chat.ID, Question: nil, Now: s.now(), Leaf: question}, models, again.Params)
	if err != nil {
		return Message{}, err
	}
	return out.Answers[0], nil
}

// begin stores question and answers and starts the answers. For a question
// that is there already, b.Leaf names it.
func (s *Service) begin(ctx context.Context, p account.Principal, chat Chat, b Begin, models []string, params Params) (Asked, error) {
	about, err := s.about(ctx, p.User, chat)
	if err != nil {
		return Asked{}, err
	}
	if len(models) == 0 {
		models = []string{s.modelOf(chat, about)}
	}
	question := b.Leaf
	if b.Question != nil {
		question = b.Question.ID
	}
	compare := ""
	if len(models) > 1 {
		compare = newID()
	}
	for i, model := range models {
		// Answers that begin in the same millisecond keep their order.
		at := b.Now.Add(msLater(i + 1))
		b.Answers = append(b.Answers, Message{
			ID: newID(), Chat: chat.ID, Parent: question, Role: Assistant, Model: model, Status: Live, Compare: compare,
			Params: about.params(params), Created: at, Node: s.opt.Node, Lease: s.now().Add(s.opt.LeaseFor),
		})
	}
	b.Leaf, b.Model = b.Answers[0].ID, models[0]
	out, err := s.store.Begin(ctx, p.User, b)
	if err != nil {
		return Asked{}, err
	}
	if out.Answers[0].ID != b.Answers[0].ID {
		return out, nil // the same question was asked before
	}
	if err := s.answerAll(ctx, p, chat, about, out); err != nil {
		return Asked{}, err
	}
	return out, nil
}

func (s *Service) answerAll(ctx context.Context, p account.Principal, chat Chat, about about, out Asked) error {
	tree, err := s.store.Messages(ctx, p.User, chat.ID)
	if err != nil {
		for _, m := range out.Answers { // what was stored as live must not stay so
			m.Status, m.Failure = Failed, failure(err)
			s.finish(p.User, newAnswer(p.User, m, func(error) {}), m)
		}
		return err
	}
	if chat.Title == "" {
		if _, err := s.store.NameChat(ctx, p.User, chat.ID, firstLine(firstQuestion(tree))); err != nil {
			s.log.Warn("a chat has no title", "chat", chat.ID, "error", err)
		}
	}
	history := branch(tree, out.Answers[0].Parent)
	for _, m := range out.Answers {
		s.start(p, m, s.job(ctx, p, chat, about, history, m))
		s.tell(TopicMessage, p.User, m.ID)
	}
	s.tell(TopicChat, p.User, chat.ID)
	return nil
}

// goOn asks a model to end what it began. A turn of the user's is understood
// by every model and every server, unlike an open turn of the assistant's.
const goOn = "바로 앞의 답이 도중에 끊겼습니다. 이미 쓴 부분은 되풀이하지 말고, 끊긴 곳의 다음 글자부터 이어서 쓰세요. " +
	"(Your last answer broke off. Go on from the very next character, in the language of that answer, and repeat nothing.)"

// Continue has the model go on with an answer that ended early; the text is
// appended to the same message.
func (s *Service) Continue(ctx context.Context, p account.Principal, id string) (Message, error) {
	if err := s.mayAnswer(p); err != nil {
		return Message{}, err
	}
	m, err := s.store.Message(ctx, p.User, id)
	if err != nil {
		return Message{}, err
	}
	if m.Role != Assistant || m.Status == Live || m.Status == Done {
		return Message{}, fmt.Errorf("only an answer that ended early goes on: %w", ErrConflict)
	}
	chat, err := s.store.Chat(ctx, p.User, m.Chat)
	if err != nil {
		return Message{}, err
	}
	about, err := s.about(ctx, p.User, chat)
	if err != nil {
		return Message{}, err
	}
	tree, err := s.store.Messages(ctx, p.User, m.Chat)
	if err != nil {
		return Message{}, err
	}
	now := s.now()
	if m, err = s.store.Resume(ctx, p.User, id, s.opt.Node, now.Add(s.opt.LeaseFor), now); err != nil {
		return Message{}, err
	}
	history := branch(tree, m.Parent)
	if strings.TrimSpace(m.Content) != "" {
		history = append(history, m, Message{Role: User, Content: goOn})
	}
	s.start(p, m, s.job(ctx, p, chat, about, history, m))
	s.tell(TopicMessage, p.User, m.ID)
	s.tell(TopicChat, p.User, m.Chat)
	return m, nil
}

// Stop ends an answer, whichever process makes it. What it has said stays.
func (s *Service) Stop(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	m, err := s.store.AskStop(ctx, p.User, id)
	if err != nil || m.Status != Live {
		return err
	}
	s.hub.stop(id)
	if m.Node != s.opt.Node {
		s.tell(topicStop, p.User, id)
	}
	return nil
}

// mayFollow asks that what a question hangs below is finished: the model would
// not see the rest of it.
func (s *Service) mayFollow(ctx context.Context, o Owner, parent string) error {
	if parent == "" {
		return nil
	}
	m, err := s.store.Message(ctx, o, parent)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil // Begin says which message is missing
	case err == nil && m.Status == Live:
		return fmt.Errorf("the answer above is still being made: %w", ErrConflict)
	}
	return err
}

func (s *Service) mayAnswer(p account.Principal) error {
	if err := writes(p); err != nil {
		return err
	}
	if s.closing.Err() != nil || s.hub.size() >= MaxLive || s.hub.bytes.Load() >= MaxHeld {
		return ErrBusy
	}
	return nil
}

func checkContent(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return invalid("content", "must not be empty")
	case len(text) > MaxContent:
		return invalid("content", "at most %d bytes, got %d", MaxContent, len(text))
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return invalid("content", "must be UTF-8 text")
	}
	return nil
}

// modelOf is the model that answers in a chat when the question names none.
func (s *Service) modelOf(c Chat, a about) string {
	for _, name := range []string{c.Model, a.preset.Model, a.settings.DefaultModel} {
		if name != "" {
			return name
		}
	}
	return s.models.Default()
}

// context is how many tokens a model reads, 0 if it is not known here.
func (s *Service) context(model string) int {
	list := s.models.List()
	if i := slices.IndexFunc(list, func(m modelInfo) bool { return m.Name == model }); i >= 0 {
		return list[i].Context
	}
	return 0
}
