package converse

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/unicode/norm"

	"malmoi/internal/account"
)

var color = regexp.MustCompile(`^(#[0-9a-fA-F]{6}|[a-z]{0,20})$`)

// CreateFolder makes a folder.
func (s *Service) CreateFolder(ctx context.Context, p account.Principal, f Folder) (Folder, error) {
	if err := writes(p); err != nil {
		return f, err
	}
	if err := checkFolder(&f.Name, &f.Instructions, &f.Color); err != nil {
		return f, err
	}
	all, err := s.store.Folders(ctx, p.User)
	if err != nil {
		return f, err
	}
	if len(all) >= MaxFolders {
		return f, invalid("name", "at most %d folders", MaxFolders)
	}
	f.ID, f.Created = newID(), s.now()
	if err := s.store.AddFolder(ctx, p.User, f); err != nil {
		return f, err
	}
	s.tell(TopicFolder, p.User, f.ID)
	return f, nil
}

func checkFolder(name, instructions, c *string) error {
	if name != nil {
		if err := checkName("name", name); err != nil {
			return err
		}
	}
	if instructions != nil {
		if err := checkText("instructions", *instructions, MaxText); err != nil {
			return err
		}
	}
	if c != nil && !color.MatchString(*c) {
		return invalid("color", "must be a name or #rrggbb")
	}
	return nil
}

// Folders lists the user's folders.
func (s *Service) Folders(ctx context.Context, p account.Principal) ([]Folder, error) {
	return s.store.Folders(ctx, p.User)
}

// ChangeFolder changes a folder.
func (s *Service) ChangeFolder(ctx context.Context, p account.Principal, id string, c FolderChange) (Folder, error) {
	if err := writes(p); err != nil {
		return Folder{}, err
	}
	if err := checkFolder(c.Name, c.Instructions, c.Color); err != nil {
		return Folder{}, err
	}
	f, err := s.store.ChangeFolder(ctx, p.User, id, c)
	if err == nil {
		s.tell(TopicFolder, p.User, id)
	}
	return f, err
}

// DeleteFolder forgets a folder and its files. Its chats stay.
func (s *Service) DeleteFolder(ctx context.Context, p account.Principal, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	blobs, err := s.store.DeleteFolder(ctx, p.User, id)
	if err != nil {
		return err
	}
	s.drop(ctx, blobs)
	s.tell(TopicFolder, p.User, id)
	return nil
}

// drop deletes bytes that no file needs any more. One that stays costs room,
// nothing else.
func (s *Service) drop(ctx context.Context, blobs []string) {
	if s.opt.Blobs == nil {
		return
	}
	for _, b := range blobs {
		if err := s.opt.Blobs.Delete(ctx, b); err != nil {
			s.log.Warn("a file that nobody needs is still there", "blob", b, "error", err)
		}
	}
}

// ErrNotText: the file holds no text that can be shown to a model.
var ErrNotText = errors.New("only text files can be read for now (txt, md, csv, json, source code); documents such as PDF, HWP and Office files come later")

// AddFile puts a file into a folder. Only text is taken, in UTF-8 or CP949.
func (s *Service) AddFile(ctx context.Context, p account.Principal, folder, name string, data []byte) (File, error) {
	f := File{ID: newID(), Folder: folder, Name: norm.NFC.String(filepath.Base(strings.ReplaceAll(name, `\`, "/"))), Size: int64(len(data)), Created: s.now()}
	if err := writes(p); err != nil {
		return f, err
	}
	if s.opt.Blobs == nil {
		return f, invalid("file", "this server keeps no files")
	}
	if err := checkName("name", &f.Name); err != nil {
		return f, err
	}
	if len(data) > MaxFile {
		return f, invalid("file", "at most %d bytes, got %d", MaxFile, len(data))
	}
	files, err := s.store.Files(ctx, p.User, folder, 0)
	if err != nil {
		return f, err
	}
	if len(files) >= MaxFiles {
		return f, invalid("file", "a folder holds at most %d files", MaxFiles)
	}
	if f.Text, err = textOf(data); err != nil {
		return f, err
	}
	if f.Type = mime.TypeByExtension(filepath.Ext(f.Name)); f.Type == "" {
		f.Type = "text/plain; charset=utf-8"
	}
	if f.Blob, err = s.opt.Blobs.Put(ctx, data); err != nil {
		return f, err
	}
	if err := s.store.AddFile(ctx, p.User, f); err != nil {
		return f, err
	}
	s.tell(TopicFolder, p.User, folder)
	return f, nil
}

// textOf reads text in the encodings that Korean files have. What holds a NUL
// or many control characters is no text.
func textOf(data []byte) (string, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	text := string(data)
	if !utf8.Valid(data) {
		out, err := korean.EUCKR.NewDecoder().Bytes(data) // CP949 in Go's table
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return "", ErrNotText
		}
		text = string(out)
	}
	odd := 0
	for _, r := range text {
		if r == 0 {
			return "", ErrNotText
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			odd++
		}
	}
	if odd > len(text)/100 || bytes.HasPrefix(data, []byte("%PDF-")) {
		return "", ErrNotText
	}
	return text, nil
}

// Files lists a folder's files, without their texts.
func (s *Service) Files(ctx context.Context, p account.Principal, folder string) ([]File, error) {
	return s.store.Files(ctx, p.User, folder, 0)
}

// ReadFile is a file with its bytes.
func (s *Service) ReadFile(ctx context.Context, p account.Principal, folder, id string) (File, []byte, error) {
	f, err := s.store.File(ctx, p.User, folder, id)
	if err != nil {
		return f, nil, err
	}
	if s.opt.Blobs == nil {
		return f, nil, ErrNotFound
	}
	data, err := s.opt.Blobs.Get(ctx, f.Blob)
	return f, data, err
}

// DeleteFile takes a file out of a folder.
func (s *Service) DeleteFile(ctx context.Context, p account.Principal, folder, id string) error {
	if err := writes(p); err != nil {
		return err
	}
	blobs, err := s.store.DeleteFile(ctx, p.User, folder, id)
	if err != nil {
		return err
	}
	s.drop(ctx, blobs)
	s.tell(TopicFolder, p.User, folder)
	return nil
}
