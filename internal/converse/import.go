package converse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"malmoi/internal/account"
)

// Limits of a file to be taken over.
const (
	MaxImport      = 128 << 20 // bytes of the file
	maxImportChats = 20_000
	maxSkipped     = 200 // that are told
)

// Why a conversation is not taken over, as people are told.
const (
	whyHere    = "이미 가져온 대화입니다 (it is here already)"
	whyEmpty   = "메시지가 없습니다 (it holds no messages)"
	whyMany    = "메시지가 너무 많습니다 (it holds too many messages)"
	whyLong    = "너무 긴 메시지가 있습니다 (a message is too long)"
	whyIDs     = "같은 이름의 메시지가 둘 있습니다 (two messages have the same id, or one has none)"
	whyCircle  = "메시지들이 서로를 가리킵니다 (messages are each other's parents)"
	whyRole    = "알 수 없는 화자가 있습니다 (a message is by nobody known)"
	whyUnknown = "알 수 없는 형식입니다 (the form of this conversation is not known)"
	whyBroken  = "파일이 여기서 깨져 있습니다 (the file is broken here)"
)

// Import takes over conversations from an export of malmoi, ChatGPT, Open WebUI
// or LibreChat, zip or JSON, which it finds out by looking. A conversation that
// cannot be read is skipped and named, as is one that is here already; of a file
// that breaks off, what came before is kept.
func (s *Service) Import(ctx context.Context, p account.Principal, data []byte) (Imported, error) {
	if err := writes(p); err != nil {
		return Imported{}, err
	}
	if len(data) > MaxImport {
		return Imported{}, invalid("file", "at most %d bytes, got %d", MaxImport, len(data))
	}
	i := &importer{s: s, p: p}
	err := readExport(data, func(f found) error { return i.take(ctx, f) })
	if i.out.Chats > 0 {
		s.tell(TopicChat, p.User, "")
	}
	return i.out, err
}

// found is one thing in a file: a conversation, or why there is none, or an
// archive of ours.
type found struct {
	chat ArchiveChat
	own  *Archive
	why  string
}

// importer takes over one file.
type importer struct {
	s    *Service
	p    account.Principal
	seen int
	out  Imported
}

func (i *importer) take(ctx context.Context, f found) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.own != nil {
		return i.archive(ctx, *f.own)
	}
	if i.seen++; i.seen > maxImportChats {
		return invalid("file", "at most %d conversations; the first ones are here now", maxImportChats)
	}
	if f.why != "" {
		i.skip(f.chat.Title, f.why)
		return nil
	}
	return i.conversation(ctx, f.chat)
}

func (i *importer) skip(title, why string) {
	if len(i.out.Skipped) < maxSkipped {
		i.out.Skipped = append(i.out.Skipped, Skipped{cleanTitle(clean(head(title, 4*titleChars))), why})
	}
}

// conversation takes over one. What it fails for is either the file's, then the
// next is tried, or the store's.
func (i *importer) conversation(ctx context.Context, c ArchiveChat) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	chat, tree, preferences, err := i.s.planted(c)
	var why *InvalidError
	if errors.As(err, &why) {
		i.skip(c.Title, why.Reason)
		return nil
	}
	if err != nil {
		return err
	}
	added, err := i.s.store.AddTree(ctx, i.p.User, chat, tree, hex.EncodeToString(sum[:]))
	if err != nil {
		return err
	}
	if !added {
		i.skip(c.Title, whyHere)
		return nil
	}
	for _, x := range preferences {
		if err := i.s.store.Prefer(ctx, i.p.User, x); err != nil {
			return err
		}
	}
	i.out.Chats++
	i.out.Messages += len(tree)
	return nil
}
