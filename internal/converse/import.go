package converse

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"malmoi/internal/account"
)

// Limits of a file to be taken over.
const (
	MaxImport      = 64 << 20  // bytes of the file
	maxUnpacked    = 512 << 20 // bytes of what a zip holds
	maxRatio       = 200       // unpacked to packed
	maxZipFiles    = 20_000
	maxImportChats = 20_000
	maxSkipped     = 200 // that are told
)

// found is a conversation as it was read from somebody else's file.
type found struct {
	chat ArchiveChat
	err  error
}

// Import takes over conversations from an export of malmoi, ChatGPT, Open WebUI
// or LibreChat, zip or JSON, which it finds out by looking. A conversation that
// cannot be read is skipped and named; one that is here already is, too.
func (s *Service) Import(ctx context.Context, p account.Principal, data []byte) (Imported, error) {
	var out Imported
	if err := writes(p); err != nil {
		return out, err
	}
	if len(data) > MaxImport {
		return out, invalid("file", "at most %d bytes, got %d", MaxImport, len(data))
	}
	list, err := read(data)
	if err != nil {
		return out, err
	}
	if len(list) > maxImportChats {
		return out, invalid("file", "at most %d conversations, got %d", maxImportChats, len(list))
	}
	for _, f := range list {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		n, err := s.takeOver(ctx, p.User, f)
		if err == nil {
			out.Chats++
			out.Messages += n
			continue
		}
		var why *InvalidError
		if !asInvalid(err, &why) {
			return out, err // the store failed: what came before is kept, and comes only once
		}
		if len(out.Skipped) < maxSkipped {
			out.Skipped = append(out.Skipped, Skipped{head(f.chat.Title, 4*titleChars), why.Reason})
		}
	}
	if out.Chats > 0 {
		s.tell(TopicChat, p.User, "")
	}
	return out, nil
}

func (s *Service) takeOver(ctx context.Context, o Owner, f found) (int, error) {
	if f.err != nil {
		return 0, invalid("file", "%s", f.err)
	}
	print, err := json.Marshal(f.chat)
	if err != nil {
		return 0, invalid("file", "%s", err)
	}
	chat, tree, err := s.renewed(f.chat)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(print)
	added, err := s.store.AddTree(ctx, o, chat, tree, hex.EncodeToString(sum[:]))
	if err != nil {
		return 0, err
	}
	if !added {
		return 0, invalid("file", "is here already")
	}
	return len(tree), nil
}

// renewed gives a conversation ids of ours and checks it: each message's
// parent is one of it, without circles, and all texts are within the limits.
func (s *Service) renewed(a ArchiveChat) (Chat, []Message, error) {
	if len(a.Messages) == 0 {
		return Chat{}, nil, invalid("file", "holds no messages")
	}
	if len(a.Messages) > MaxMessages {
		return Chat{}, nil, invalid("file", "holds more than %d messages", MaxMessages)
	}
	ids := map[string]string{}
	for _, m := range a.Messages {
		if m.ID == "" || ids[m.ID] != "" {
			return Chat{}, nil, invalid("file", "two messages have the same id, or one has none")
		}
		ids[m.ID] = newID()
	}
	now := s.now()
	c := Chat{ID: newID(), Title: cleanTitle(head(a.Title, MaxTitle)), Named: true, Model: head(a.Model, MaxName), System: head(a.System, MaxText),
		Pinned: a.Pinned, Archived: a.Archived, Created: moment(a.Created, now), Updated: moment(a.Updated, now)}
	ordered, err := parentsFirst(a.Messages)
	if err != nil {
		return c, nil, err
	}
	var tree []Message
	for i, m := range ordered {
		if m.Role != User && m.Role != Assistant {
			return c, nil, invalid("file", "a message has the role %q", head(string(m.Role), 20))
		}
		if len(m.Content) > MaxContent || len(m.Reasoning) > MaxContent {
			return c, nil, invalid("file", "a message is longer than %d bytes", MaxContent)
		}
		status := m.Status
		if status == Live || status == "" {
			status = Done
		}
		// In one chat, later in the tree is later in time: that is its order here.
		at := moment(m.Created, c.Created)
		if n := len(tree); n > 0 && !at.After(tree[n-1].Created) {
			at = tree[n-1].Created.Add(time.Millisecond)
		}
		tree = append(tree, Message{
			ID: ids[m.ID], Chat: c.ID, Parent: ids[m.Parent], Role: m.Role, Content: clean(m.Content), Reasoning: clean(m.Reasoning), ToolCalls: m.ToolCalls,
			Model: head(m.Model, MaxName), Status: status, Failure: m.Failure, Usage: m.Usage, Vote: vote(m.Vote), Compare: head(m.Compare, 64), Pasted: max(m.Pasted, 0), Created: at,
		})
		if i == len(ordered)-1 {
			c.Leaf = ids[m.ID]
		}
	}
	if id := ids[a.Leaf]; id != "" {
		c.Leaf = id
	}
	if c.Title == "" {
		c.Title = firstLine(firstQuestion(tree))
	}
	return c, tree, nil
}

// parentsFirst orders messages so that parents come before their children, and
// otherwise as they stand.
func parentsFirst(list []ArchiveMessage) ([]ArchiveMessage, error) {
	children := map[string][]int{}
	known := map[string]bool{"": true}
	for i, m := range list {
		children[m.Parent] = append(children[m.Parent], i)
		known[m.ID] = true
	}
	queue := append([]int(nil), children[""]...)
	for i, m := range list {
		if !known[m.Parent] { // its parent was left out of the file
			list[i].Parent = ""
			queue = append(queue, i)
		}
	}
	var out []ArchiveMessage
	for len(queue) > 0 {
		i := queue[0]
		queue = append(queue[1:], children[list[i].ID]...)
		out = append(out, list[i])
	}
	if len(out) != len(list) {
		return nil, invalid("file", "messages are each other's parents")
	}
	return out, nil
}

func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

func vote(v string) string {
	if v == "up" || v == "down" {
		return v
	}
	return ""
}

// moment is a time in ms; one that is missing or absurd becomes another.
func moment(ms int64, other time.Time) time.Time {
	if ms <= 0 || ms > 32503680000000 { // the year 3000
		return other
	}
	return time.UnixMilli(ms)
}

// read finds out what a file is.
func read(data []byte) ([]found, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return readZip(data)
	}
	return readJSON(data)
}

// readZip looks for conversations.json, as ChatGPT packs it, else reads every
// JSON file.
func readZip(data []byte) ([]found, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, invalid("file", "is a broken zip: %s", err)
	}
	if len(z.File) > maxZipFiles {
		return nil, invalid("file", "the zip holds more than %d files", maxZipFiles)
	}
	var chosen []*zip.File
	for _, f := range z.File {
		name := path.Base(f.Name)
		if name == "conversations.json" {
			chosen = []*zip.File{f}
			break
		}
		if strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, ".") {
			chosen = append(chosen, f)
		}
	}
	room := int64(min(maxUnpacked, maxRatio*len(data)))
	var out []found
	for _, f := range chosen {
		text, err := unpack(f, room)
		if err != nil {
			return nil, err
		}
		room -= int64(len(text))
		list, err := readJSON(text)
		if err != nil {
			list = []found{{chat: ArchiveChat{Title: f.Name}, err: err}}
		}
		out = append(out, list...)
	}
	if len(out) == 0 {
		return nil, invalid("file", "the zip holds no conversations")
	}
	return out, nil
}

func unpack(f *zip.File, room int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, invalid("file", "%q in the zip: %s", f.Name, err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, room+1))
	if err != nil {
		return nil, invalid("file", "%q in the zip: %s", f.Name, err)
	}
	if int64(len(text)) > room {
		return nil, invalid("file", "the zip unpacks to too much")
	}
	return text, nil
}

// readJSON tells the formats apart by the fields that only they have.
func readJSON(data []byte) ([]found, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, invalid("file", "is not UTF-8 text")
	}
	switch first := bytes.TrimSpace(data); {
	case bytes.HasPrefix(first, []byte("[")):
		var items []json.RawMessage
		if err := json.Unmarshal(data, &items); err != nil {
			return nil, invalid("file", "is not valid JSON: %s", err)
		}
		var out []found
		for _, item := range items {
			out = append(out, readOne(item))
		}
		return out, nil
	case bytes.HasPrefix(first, []byte("{")):
		var own Archive
		if json.Unmarshal(data, &own) == nil && own.Format == formatName {
			return readOwn(own)
		}
		return []found{readOne(data)}, nil
	}
	return nil, invalid("file", "is neither JSON nor a zip")
}

func readOwn(a Archive) ([]found, error) {
	if a.Version > formatVersion {
		return nil, invalid("file", "was made by a newer malmoi (version %d of the format)", a.Version)
	}
	out := make([]found, len(a.Chats))
	for i, c := range a.Chats {
		out[i] = found{chat: c}
	}
	return out, nil
}

// readers are tried in turn; each says whether the item is its own.
var readers = []func(json.RawMessage) (ArchiveChat, bool, error){readChatGPT, readOpenWebUI, readLibreChat}

func readOne(item json.RawMessage) found {
	for _, r := range readers {
		c, mine, err := r(item)
		if mine {
			return found{c, err}
		}
	}
	return found{err: fmt.Errorf("the form of this conversation is not known")}
}
