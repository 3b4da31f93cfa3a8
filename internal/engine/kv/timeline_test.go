package kv

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"malmoi/internal/engine/timeline"
)

var rewrite = timeline.RewriteFlag()

// book drives a Cache by the commands of testdata/pages.txt. A text stands for
// tokens: "a32 b5" are 32 tokens of kind a and 5 of kind b.
type book struct {
	t      *testing.T
	cache  *Cache
	tables map[string]*Table
	texts  map[string][]int32
}

func TestTimeline(t *testing.T) {
	b := &book{t: t}
	timeline.Run(t, "testdata/pages.txt", *rewrite, func(c timeline.Command) string {
		out := b.do(c)
		var all []*Table
		for _, table := range b.tables {
			all = append(all, table)
		}
		if err := b.cache.Check(all); err != nil {
			t.Errorf("line %d: %v", c.Line, err)
		}
		return out
	})
}

func (b *book) do(c timeline.Command) string {
	if c.Name == "new" {
		b.cache = New(c.Int(b.t, "pages", 0), func(int) error { return nil })
		b.tables, b.texts = map[string]*Table{}, map[string][]int32{}
		return b.state()
	}
	name := ""
	if len(c.Args) > 0 {
		name = c.Args[0]
	}
	switch c.Name {
	case "read": // a new sequence with a prompt, all of it computed
		return b.read(name, tokens(c.Args[1:]), false)
	case "score": // the same with private pages
		return b.read(name, tokens(c.Args[1:]), true)
	case "write": // go on with tokens
		if err := b.write(name, tokens(c.Args[1:])); err != nil {
			return err.Error()
		}
	case "match":
		n, held := b.cache.Match(tokens(c.Args))
		return fmt.Sprintf("%d positions, %d full pages held", n, held)
	case "release":
		b.cache.Release(b.tables[name])
		delete(b.tables, name)
	case "forget":
		b.cache.Forget(b.tables[name])
		delete(b.tables, name)
	default:
		b.t.Fatalf("line %d: unknown command %q", c.Line, c.Name)
	}
	return b.state()
}

func (b *book) read(name string, prompt []int32, private bool) string {
	t := &Table{Private: private}
	b.tables[name] = t
	var out string
	if !private {
		cp := b.cache.Attach(t, prompt[:len(prompt)-1])
		out = fmt.Sprintf("%d of %d cached", t.Len(), len(prompt))
		if cp.Dst >= 0 {
			out += fmt.Sprintf(", copy %d to %d", cp.Src, cp.Dst)
		}
		out += "\n"
	}
	if err := b.write(name, prompt[t.Len():]); err != nil {
		return out + err.Error()
	}
	return out + b.state()
}

func (b *book) write(name string, ids []int32) error {
	t := b.tables[name]
	if err := b.cache.Grow(t, t.Len()+len(ids)); err != nil {
		return err
	}
	b.cache.Commit(t, ids)
	return nil
}

// state prints the counts, every table's pages, and the cached pages from the
// one that goes first.
func (b *book) state() string {
	var s strings.Builder
	st := b.cache.Stats()
	fmt.Fprintf(&s, "pages: held=%d cached=%d free=%d\n", st.Held, st.Cached, st.Free)
	var names []string
	for name := range b.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t := b.tables[name]
		fmt.Fprintf(&s, "%s: %d in", name, t.length)
		for _, id := range t.Pages {
			fmt.Fprintf(&s, " %d", id)
			if refs := b.cache.pages[id].refs; refs > 1 {
				fmt.Fprintf(&s, "×%d", refs)
			}
		}
		s.WriteString("\n")
	}
	if b.cache.oldest != none {
		s.WriteString("evict first:")
		for id := b.cache.oldest; id != none; id = b.cache.pages[id].newer {
			fmt.Fprintf(&s, " %d(%d)", id, b.cache.pages[id].fill)
		}
		s.WriteString("\n")
	}
	return s.String()
}

// tokens turns "a32", "b5" into ids: kind·1000 + running number.
func tokens(words []string) []int32 {
	var ids []int32
	for _, w := range words {
		n := 0
		fmt.Sscanf(w[1:], "%d", &n)
		for i := range n {
			ids = append(ids, int32(w[0])*1000+int32(i))
		}
	}
	return ids
}
