package converse

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever a file holds, what is taken out of it is a tree that can be stored.
func FuzzReadExport(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"format":"malmoi.chats","version":1,"chats":[{"messages":[{"id":"a","role":"user","content":"x","preferred":"tie"},{"id":"b","parent":"a","role":"assistant","status":"live","compare":"c"}]}]}`))
	// Messages of one id, and one that is its own parent.
	f.Add([]byte(`{"messages":[{"messageId":"a","text":"x"},{"messageId":"a","parentMessageId":"a","text":"y"},{"messageId":"b","parentMessageId":"a","text":"z"},{"messageId":"b","parentMessageId":"a","text":"z"}]}`))
	s := &Service{now: func() time.Time { return time.UnixMilli(1_800_000_000_000) }}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := readExport(data, func(x found) error {
			list := []ArchiveChat{x.chat}
			if x.own != nil {
				list = x.own.Chats
			}
			for _, a := range list {
				c, tree, _, err := s.planted(a)
				if err == nil {
					checkPlanted(t, c, tree)
				} else if bad := (*InvalidError)(nil); !errors.As(err, &bad) {
					t.Fatal(err)
				}
			}
			return nil
		})
		if bad := (*InvalidError)(nil); err != nil && !errors.As(err, &bad) {
			t.Fatal(err)
		}
	})
}

func checkPlanted(t *testing.T, c Chat, tree []Message) {
	t.Helper()
	at := map[string]time.Time{}
	for _, m := range tree {
		if above, ok := at[m.Parent]; m.Parent != "" && (!ok || !m.Created.After(above)) {
			t.Fatalf("%+v stands before its parent", m)
		}
		if m.Status == Live || m.Role != User && m.Role != Assistant || strings.ContainsRune(m.Content, 0) || !utf8.ValidString(m.Content) || !utf8.ValidString(m.Model) {
			t.Fatalf("%+v", m)
		}
		at[m.ID] = m.Created
	}
	if _, ok := at[c.Leaf]; !ok || strings.ContainsRune(c.Title, 0) || !utf8.ValidString(c.Title) || utf8.RuneCountInString(c.Title) > MaxTitle {
		t.Fatalf("%+v", c)
	}
}

// A file is text or it is refused.
func FuzzTextOf(f *testing.F) {
	for _, s := range []string{"가나", "\xB0\xA1\xB3\xAA", "\xef\xbb\xbfa,b\n", "\x00", "%PDF-1.7", "\xff\xfe"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := textOf(data)
		if err == nil && (!utf8.ValidString(text) || strings.ContainsRune(text, 0)) {
			t.Errorf("%q became %q", data, text)
		}
	})
}

// A live answer holds so much and not more, and says so.
func TestAnswersAreBounded(t *testing.T) {
	var h hub
	a := newAnswer("o", Message{ID: "a"}, func(error) {})
	h.add(a)
	piece := Delta{Content: strings.Repeat("가", 100_000)}
	n := 0
	for a.say(piece) {
		if n++; n > 1000 {
			t.Fatal("there is no end")
		}
	}
	if n != MaxAnswer/piece.size() || h.bytes.Load() != int64(n*piece.size()) {
		t.Errorf("%d pieces, %d bytes", n, h.bytes.Load())
	}
	if m, last := a.snapshot(); last != n || len(m.Content) != n*len(piece.Content) {
		t.Errorf("%d events", last)
	}
	h.remove("a")
	if h.bytes.Load() != 0 || h.size() != 0 {
		t.Errorf("%d bytes are held by nobody", h.bytes.Load())
	}
}
