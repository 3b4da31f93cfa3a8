package converse

import (
	"context"
	"fmt"

	"malmoi/internal/account"
)

// Tie is the choice of somebody who likes both answers alike.
const Tie = "tie"

// Prefer notes which of two answers to a question is the better one: the id of
// an answer, or Tie. A later choice replaces it.
func (s *Service) Prefer(ctx context.Context, p account.Principal, question, chosen string) error {
	if err := writes(p); err != nil {
		return err
	}
	q, err := s.store.Message(ctx, p.User, question)
	if err != nil {
		return err
	}
	list, err := s.store.Messages(ctx, p.User, q.Chat)
	if err != nil {
		return err
	}
	pair := compared(list, question)
	if len(pair) != 2 {
		return fmt.Errorf("the question has no two answers to compare: %w", ErrConflict)
	}
	if chosen != Tie && chosen != pair[0].ID && chosen != pair[1].ID {
		return invalid("chosen", "must be one of the two answers, or %q", Tie)
	}
	return s.store.Prefer(ctx, p.User, Preference{Question: question, Chosen: chosen, Created: s.now()})
}

// compared are the answers to a question that were made to be compared: the
// newest pair.
func compared(list []Message, question string) []Message {
	byGroup := map[string][]Message{}
	newest := ""
	for _, m := range list {
		if m.Parent == question && m.Compare != "" {
			byGroup[m.Compare] = append(byGroup[m.Compare], m)
			newest = m.Compare
		}
	}
	return byGroup[newest]
}

// Pairs hands every preference with its texts to f, for training.
func (s *Service) Pairs(ctx context.Context, p account.Principal, f func(Pair) error) error {
	all, err := s.store.Preferences(ctx, p.User)
	if err != nil {
		return err
	}
	for _, pref := range all {
		q, err := s.store.Message(ctx, p.User, pref.Question)
		if err != nil {
			continue // deleted since
		}
		list, err := s.store.Messages(ctx, p.User, q.Chat)
		if err != nil {
			continue
		}
		pair := compared(list, q.ID)
		if len(pair) != 2 {
			continue
		}
		if pair[1].ID == pref.Chosen {
			pair[0], pair[1] = pair[1], pair[0]
		}
		out := Pair{Chosen: pair[0].Content, Rejected: pair[1].Content, Models: [2]string{pair[0].Model, pair[1].Model}, Tie: pref.Chosen == Tie}
		for _, m := range branch(list, q.ID) {
			out.Prompt = append(out.Prompt, Turn{m.Role, m.Content})
		}
		if err := f(out); err != nil {
			return err
		}
	}
	return nil
}
