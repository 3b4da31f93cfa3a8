package converse

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"malmoi/internal/account"
)

// NewChat is a chat to be made; the zero value is a good one.
type NewChat struct {
	ID     string // made by the client, so that making twice is making once
	Title  string
	Model  string
	Folder string
	Preset string
	System string
	Skills SkillUse
	Chosen []string // skills to use with SkillsOn; empty: all
}

// CreateChat makes an empty chat.
func (s *Service) CreateChat(ctx context.Context, p account.Principal, n NewChat) (Chat, error) {
	if err := writes(p); err != nil {
		return Chat{}, err
	}
	id, err := clientID(n.ID)
	if err != nil {
		return Chat{}, err
	}
	now := s.now()
	c := Chat{ID: id, Title: cleanTitle(n.Title), Model: n.Model, Folder: n.Folder, Preset: n.Preset, System: n.System, Skills: n.Skills, Chosen: tidyNames(n.Chosen), Created: now, Updated: now}
	c.Named = c.Title != ""
	if err := checkChat(&c.Title, &c.Model, &c.System); err != nil {
		return Chat{}, err
	}
	if err := errors.Join(c.Skills.check(), checkChosen(n.Chosen)); err != nil {
		return Chat{}, err
	}
	if err := s.checkFolder(ctx, p.User, c.Folder); err != nil {
		return Chat{}, err
	}
	c, err = s.store.AddChat(ctx, p.User, c)
	if err == nil {
		s.tell(TopicChat, p.User, c.ID)
	}
	return c, err
}

func checkChat(title, model, system *string) error {
	if title != nil {
		if err := checkText("title", *title, MaxTitle*utf8.UTFMax); err != nil {
			return err
		}
		if utf8.RuneCountInString(*title) > MaxTitle {
			return invalid("title", "at most %d characters", MaxTitle)
		}
	}
	if model != nil {
		if err := checkText("model", *model, 4*MaxName); err != nil {
			return err
		}
	}
	if system != nil {
		return checkText("system", *system, MaxText)
	}
	return nil
}

func checkText(field, text string, limit int) error {
	if len(text) > limit {
		return invalid(field, "at most %d bytes, got %d", limit, len(text))
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return invalid(field, "must be UTF-8 text")
	}
	return nil
}

// checkName wants a name that can be seen.
func checkName(field string, name *string) error {
	*name = cleanTitle(*name)
	if *name == "" {
		return invalid(field, "must not be empty")
	}
	if utf8.RuneCountInString(*name) > MaxName {
		return invalid(field, "at most %d characters", MaxName)
	}
	return checkText(field, *name, MaxName*utf8.UTFMax)
}

func (s *Service) checkFolder(ctx context.Context, o Owner, folder string) error {
	if folder == "" {
		return nil
	}
	_, err := s.store.Folder(ctx, o, folder)
	return err
}

// Chats lists one page of chats.
func (s *Service) Chats(ctx context.Context, p account.Principal, q ChatQuery) ([]Chat, string, error) {
	q.Limit = page(q.Limit)
	return s.store.Chats(ctx, p.User, q)
}

func page(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, MaxPage)
}

// Chat is one chat without its messages.
func (s *Service) Chat(ctx context.Context, p account.Principal, id string) (Chat, error) {
	return s.store.Chat(ctx, p.User, id)
}

// Open is a chat with all its messages. A live answer has the text that it had
// when it began; Follow from 0 gives the rest.
func (s *Service) Open(ctx context.Context, p account.Principal, id string) (Chat, []Message, error) {
	c, err := s.store.Chat(ctx, p.User, id)
	if err != nil {
		return c, nil, err
	}
	list, err := s.store.Messages(ctx, p.User, id)
	return c, list, err
}

// ChangeChat changes a chat's own fields. Its place in the list stays: only
// what is said in it moves it up.
func (s *Service) ChangeChat(ctx context.Context, p account.Principal, id string, c ChatChange) (Chat, error) {
	if err := writes(p); err != nil {
		return Chat{}, err
	}
	if c.Title != nil {
		title := cleanTitle(*c.Title)
		if title == "" {
			return Chat{}, invalid("title", "must not be empty")
		}
		c.Title = &title
	}
	if err := checkChat(c.Title, c.Model, c.System); err != nil {
		return Chat{}, err
	}
	if c.Skills != nil {
		if err := c.Skills.check(); err != nil {
			return Chat{}, err
		}
	}
	if c.Chosen != nil {
		if err := checkChosen(*c.Chosen); err != nil {
			return Chat{}, err
		}
		names := tidyNames(*c.Chosen)
		c.Chosen = &names
	}
	if c.Folder != nil {
		if err := s.checkFolder(ctx, p.User, *c.Folder); err != nil {
			return Chat{}, err
		}
	}
	out, err := s.store.ChangeChat(ctx, p.User, id, c)
	if err == nil {
		s.tell(TopicChat, p.User, id)
	}
	return out, err
}

// DeleteChat hides a chat; RestoreChat brings it back for KeepDeleted days.
// Answers that are being made in it are stopped.
func (s *Service) DeleteChat(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	list, err := s.store.Messages(ctx, p.User, id)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Status == Live {
			if err := s.Stop(ctx, p, m.ID); err != nil {
				return err
			}
		}
	}
	if err := s.store.DeleteChat(ctx, p.User, id, s.now()); err != nil {
		return err
	}
	s.tell(TopicChatDeleted, p.User, id)
	return nil
}

// RestoreChat undoes DeleteChat.
func (s *Service) RestoreChat(ctx context.Context, p account.Principal, id string) (Chat, error) {
	if err := writes(p); err != nil {
		return Chat{}, err
	}
	c, err := s.store.RestoreChat(ctx, p.User, id)
	if err == nil {
		s.tell(TopicChat, p.User, id)
	}
	return c, err
}

// Message is one message.
func (s *Service) Message(ctx context.Context, p account.Principal, id string) (Message, error) {
	return s.store.Message(ctx, p.User, id)
}

// DeleteMessage hides a message with all that hangs below it.
func (s *Service) DeleteMessage(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	m, err := s.store.Message(ctx, p.User, id)
	if err != nil {
		return err
	}
	tree, err := s.store.Messages(ctx, p.User, m.Chat)
	if err != nil {
		return err
	}
	for _, x := range tree {
		if x.Status == Live && under(tree, x, id) {
			if err := s.Stop(ctx, p, x.ID); err != nil {
				return err
			}
		}
	}
	if err := s.store.DeleteMessage(ctx, p.User, id, s.now()); err != nil {
		return err
	}
	s.tell(TopicChat, p.User, m.Chat)
	return nil
}

// RestoreMessage undoes DeleteMessage.
func (s *Service) RestoreMessage(ctx context.Context, p account.Principal, id string) (Message, error) {
	if err := writes(p); err != nil {
		return Message{}, err
	}
	if err := s.store.RestoreMessage(ctx, p.User, id); err != nil {
		return Message{}, err
	}
	m, err := s.store.Message(ctx, p.User, id)
	if err == nil {
		s.tell(TopicChat, p.User, m.Chat)
	}
	return m, err
}

// Vote says what the user thinks of an answer: "up", "down" or "".
func (s *Service) Vote(ctx context.Context, p account.Principal, id, vote string) error {
	if err := writes(p); err != nil {
		return err
	}
	if vote != "" && vote != "up" && vote != "down" {
		return invalid("vote", "must be up, down or empty")
	}
	return s.store.Vote(ctx, p.User, id, vote)
}
