package converse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"malmoi/internal/account"
)

// The forms of an exported chat: Markdown and HTML hold the branch on screen for
// people, JSON the whole tree for Import.
const (
	Markdown = "md"
	HTML     = "html"
	JSON     = "json"
)

// Export writes one chat as a file: its name with an ending, its media type and
// its bytes.
func (s *Service) Export(ctx context.Context, p account.Principal, id, format string) (name, mediaType string, data []byte, err error) {
	if format != Markdown && format != HTML && format != JSON {
		return "", "", nil, invalid("format", "must be md, html or json, got %q", head(format, 20))
	}
	c, list, err := s.whole(ctx, p.User, id)
	if err != nil {
		return "", "", nil, err
	}
	name = fileName(c.Title) + "." + format
	switch format {
	case Markdown:
		return name, "text/markdown; charset=utf-8", markdown(c, onScreen(c, list)), nil
	case HTML:
		data, err = htmlPage(c, onScreen(c, list))
		return name, "text/html; charset=utf-8", data, err
	}
	data, err = s.exportTree(ctx, p.User, c, list)
	return name, "application/json", data, err
}

// whole is a chat with its messages, live answers as far as they are known here.
func (s *Service) whole(ctx context.Context, o Owner, id string) (Chat, []Message, error) {
	c, err := s.store.Chat(ctx, o, id)
	if err != nil {
		return c, nil, err
	}
	list, err := s.store.Messages(ctx, o, id)
	for i, m := range list {
		if m.Status != Live {
			continue
		}
		if a := s.hub.get(m.ID); a != nil {
			list[i], _ = a.snapshot()
		} else if entries, err := s.store.Entries(ctx, o, m.ID, 0); err == nil {
			list[i], _ = applied(m, entries)
		}
	}
	return c, list, err
}

// onScreen is the branch that the chat shows; a chat whose leaf is gone shows
// the newest.
func onScreen(c Chat, list []Message) []Message {
	if out := branch(list, c.Leaf); len(out) > 0 || len(list) == 0 {
		return out
	}
	return branch(list, list[len(list)-1].ID)
}

func (s *Service) exportTree(ctx context.Context, o Owner, c Chat, list []Message) ([]byte, error) {
	preferred, err := s.preferred(ctx, o)
	if err != nil {
		return nil, err
	}
	chat := portChat(c, list, preferred)
	chat.Folder, chat.Preset = "", "" // they are not in this file
	a := s.newArchive()
	a.Chats = []ArchiveChat{chat}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(a)
	return b.Bytes(), err
}

func (s *Service) preferred(ctx context.Context, o Owner) (map[string]string, error) {
	all, err := s.store.Preferences(ctx, o)
	out := map[string]string{}
	for _, x := range all {
		out[x.Question] = x.Chosen
	}
	return out, err
}

// ExportAll writes everything that belongs to the user as one JSON document,
// which Import reads. Chats are written one after the other, so that memory
// does not grow with their number.
func (s *Service) ExportAll(ctx context.Context, p account.Principal, w io.Writer) error {
	top, err := s.surroundings(ctx, p)
	if err != nil {
		return err
	}
	preferred, err := s.preferred(ctx, p.User)
	if err != nil {
		return err
	}
	ids, err := s.allChats(ctx, p)
	if err != nil {
		return err
	}
	// The document without its chats ends in "[]}": they go in between.
	data, err := json.Marshal(top)
	if err != nil {
		return err
	}
	if _, err := w.Write(data[:len(data)-2]); err != nil {
		return err
	}
	comma := ""
	for _, id := range ids {
		c, list, err := s.whole(ctx, p.User, id)
		if errors.Is(err, ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return err
		}
		data, err := json.Marshal(portChat(c, list, preferred))
		if err != nil {
			return err
		}
		if _, err := w.Write(append([]byte(comma), data...)); err != nil {
			return err
		}
		comma = ",\n"
	}
	_, err = io.WriteString(w, "]}\n")
	return err
}

func (s *Service) allChats(ctx context.Context, p account.Principal) ([]string, error) {
	var ids []string
	for _, archived := range []bool{false, true} {
		q := ChatQuery{Archived: archived, Limit: MaxPage}
		for {
			list, next, err := s.store.Chats(ctx, p.User, q)
			if err != nil {
				return nil, err
			}
			for _, c := range list {
				ids = append(ids, c.ID)
			}
			if q.Before = next; next == "" {
				break
			}
		}
	}
	return ids, nil
}

// surroundings is all that is not a chat.
func (s *Service) surroundings(ctx context.Context, p account.Principal) (Archive, error) {
	out := s.newArchive()
	settings, e1 := s.store.Settings(ctx, p.User)
	prompts, e2 := s.store.Prompts(ctx, p.User)
	presets, e3 := s.store.Presets(ctx, p.User)
	memories, e4 := s.store.Memories(ctx, p.User)
	folders, e5 := s.store.Folders(ctx, p.User)
	if err := errors.Join(e1, e2, e3, e4, e5); err != nil {
		return out, err
	}
	out.Settings = &settings
	for _, x := range prompts {
		out.Prompts = append(out.Prompts, ArchivePrompt{x.Name, x.Text})
	}
	for _, x := range presets {
		out.Presets = append(out.Presets, ArchivePreset{x.ID, x.Name, x.Model, x.System, x.Tone, x.Params})
	}
	for _, x := range memories {
		out.Memories = append(out.Memories, ArchiveMemory{x.Text, x.Enabled})
	}
	for _, f := range folders {
		folder := ArchiveFolder{ID: f.ID, Name: f.Name, Instructions: f.Instructions, Color: f.Color}
		files, err := s.store.Files(ctx, p.User, f.ID, 0)
		if err != nil {
			return out, err
		}
		for _, x := range files {
			if _, data, err := s.ReadFile(ctx, p, f.ID, x.ID); err == nil {
				folder.Files = append(folder.Files, portFile(x.Name, data))
			} else {
				s.log.Warn("a file is missing in an export", "file", x.ID, "error", err)
			}
		}
		out.Folders = append(out.Folders, folder)
	}
	return out, nil
}
