package converse

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"malmoi/internal/account"
)

// tokenBytes is the length of a link's secret.
const tokenBytes = 32

// Share makes a link to the branch on screen as it is now. What is said later
// is not behind it.
func (s *Service) Share(ctx context.Context, p account.Principal, chat string, expires time.Time) (Share, error) {
	if err := writes(p); err != nil {
		return Share{}, err
	}
	now := s.now()
	if !expires.IsZero() && !expires.After(now) {
		return Share{}, invalid("expires", "must lie in the future")
	}
	all, err := s.store.Shares(ctx, p.User, chat)
	if err != nil {
		return Share{}, err
	}
	if len(all) >= MaxShares {
		return Share{}, invalid("expires", "a chat has at most %d links: delete some", MaxShares)
	}
	c, list, err := s.whole(ctx, p.User, chat)
	if err != nil {
		return Share{}, err
	}
	snapshot, err := json.Marshal(Snapshot{Title: c.Title, Created: c.Created, Model: c.Model, Messages: shown(branch(list, c.Leaf))})
	if err != nil {
		return Share{}, fmt.Errorf("share: %w", err)
	}
	var secret [tokenBytes]byte
	rand.Read(secret[:])
	sh := Share{ID: newID(), Chat: chat, Token: base64.RawURLEncoding.EncodeToString(secret[:]), Created: now, Expires: expires}
	return sh, s.store.AddShare(ctx, p.User, sh, tokenHash(sh.Token), snapshot)
}

// shown is what strangers see of messages: no votes, knobs or thoughts, and no
// call that waits for its user.
func shown(list []Message) []Message {
	var out []Message
	for _, m := range list {
		out = append(out, Message{
			ID: m.ID, Parent: m.Parent, Role: m.Role, Content: m.Content, ToolCalls: settled(m.ToolCalls),
			Model: m.Model, Status: m.Status, Created: m.Created,
		})
	}
	return out
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Shares lists a chat's links, without their secrets.
func (s *Service) Shares(ctx context.Context, p account.Principal, chat string) ([]Share, error) {
	return s.store.Shares(ctx, p.User, chat)
}

// Unshare makes a link lead nowhere.
func (s *Service) Unshare(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	return s.store.DeleteShare(ctx, p.User, id)
}

// Shared is what a link shows. Whoever has the token may see it.
func (s *Service) Shared(ctx context.Context, token string) (Snapshot, error) {
	var out Snapshot
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return out, ErrNotFound
	}
	data, err := s.store.Shared(ctx, tokenHash(token), s.now())
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("share: %w", err)
	}
	return out, nil
}
