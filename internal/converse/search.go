package converse

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"malmoi/internal/account"
	"malmoi/internal/terms"
)

// A snippet is this long, in characters: some before the first match, so that
// it is read in its sentence.
const (
	snippetBefore = 40
	snippetChars  = 140
)

// Search finds what the user said or was told: chats by their title first, then
// messages, newest first. A text is found if it has every word of the query, a
// word of Hangul also inside a longer one.
func (s *Service) Search(ctx context.Context, p account.Principal, query string, limit int) ([]Hit, error) {
	if utf8.RuneCountInString(query) > MaxQuery {
		return nil, invalid("q", "at most %d characters", MaxQuery)
	}
	if err := checkText("q", query, MaxQuery*utf8.UTFMax); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > MaxHits {
		limit = MaxHits
	}
	words := terms.Words(query)
	if len(words) == 0 {
		return nil, nil
	}
	chats, err := s.store.SearchTitles(ctx, p.User, query, limit)
	if err != nil {
		return nil, err
	}
	list, err := s.store.Search(ctx, p.User, query, limit)
	if err != nil {
		return nil, err
	}
	var out []Hit
	titles := map[string]string{}
	for _, c := range chats {
		titles[c.ID] = c.Title
		out = append(out, Hit{Chat: c.ID, Title: c.Title, Snippet: c.Title, Marks: marked(c.Title, words), Created: c.Updated})
	}
	for _, m := range list {
		if len(out) == limit {
			break
		}
		title, err := s.titleOf(ctx, p.User, titles, m.Chat)
		if errors.Is(err, ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		snippet := snippetOf(m.Content, words)
		out = append(out, Hit{Chat: m.Chat, Title: title, Message: m.ID, Role: m.Role, Snippet: snippet, Marks: marked(snippet, words), Created: m.Created})
	}
	return out, nil
}

func (s *Service) titleOf(ctx context.Context, o Owner, known map[string]string, chat string) (string, error) {
	if title, ok := known[chat]; ok {
		return title, nil
	}
	c, err := s.store.Chat(ctx, o, chat)
	if err != nil {
		return "", err
	}
	known[chat] = c.Title
	return c.Title, nil
}

// snippetOf cuts out the neighbourhood of the first match, on one line.
func snippetOf(text string, words []string) string {
	at := max(terms.First(text, words), 0)
	start := at
	for n := 0; n < snippetBefore && start > 0; n++ {
		_, size := utf8.DecodeLastRuneInString(text[:start])
		start -= size
	}
	end := start
	for n := 0; n < snippetChars && end < len(text); n++ {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	out := strings.Join(strings.Fields(text[start:end]), " ")
	if start > 0 {
		out = "…" + out
	}
	if end < len(text) {
		out += "…"
	}
	return out
}

// marked are the matches in a snippet in UTF-16 units, as a browser counts.
func marked(snippet string, words []string) [][2]int {
	var out [][2]int
	at, units := 0, 0
	to := func(offset int) int {
		units += utf16Len(snippet[at:offset])
		at = offset
		return units
	}
	for _, m := range terms.Marks(snippet, words) {
		from := to(m[0])
		out = append(out, [2]int{from, to(m[1])})
	}
	return out
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
