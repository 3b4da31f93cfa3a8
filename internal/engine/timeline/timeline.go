// Package timeline runs tests that are written as a history: commands and,
// below each, what they printed. A file reads like documentation of a stateful
// thing and is rewritten from the code with `go test -rewrite`.
//
//	# A comment.
//	command arg arg key=value
//	----
//	what it printed
//
// Blocks are separated by blank lines. It is for tests only and knows nothing
// of what it drives.
package timeline

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Command is one line of a file.
type Command struct {
	Name string
	Args []string          // words without "="
	Keys map[string]string // words with "="
	Line int
}

// Int returns the value of a key as a number, or the given one if it is absent.
func (c Command) Int(t testing.TB, key string, otherwise int) int {
	t.Helper()
	s, ok := c.Keys[key]
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("line %d: %s=%q is not a number", c.Line, key, s)
	}
	return n
}

// Run executes the file at path with do and compares what do returns with what
// is written there. With rewrite it writes the file anew instead.
func Run(t *testing.T, path string, rewrite bool, do func(c Command) string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, b := range split(string(data)) {
		out.WriteString(b.comment)
		if b.line == "" {
			continue
		}
		got := strings.TrimRight(do(parse(b.line, b.number)), "\n")
		fmt.Fprintf(&out, "%s\n----\n", b.line)
		if got != "" {
			fmt.Fprintf(&out, "%s\n", got)
		}
		if got != b.want && !rewrite {
			t.Errorf("%s:%d: %s\ngot:\n%s\nwant:\n%s", path, b.number, b.line, got, b.want)
		}
	}
	if rewrite {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// RewriteFlag defines -rewrite for a test binary.
func RewriteFlag() *bool { return flag.Bool("rewrite", false, "rewrite the timeline files") }

type block struct {
	comment string // comments and blank lines before the command
	line    string // "" at the end of the file
	want    string
	number  int
}

// split cuts a file into blocks.
func split(text string) []block {
	var blocks []block
	var b block
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if line == "" || strings.HasPrefix(line, "#") {
			b.comment += line + "\n"
			continue
		}
		b.line, b.number = line, i+1
		if i+1 < len(lines) && lines[i+1] == "----" {
			i++
		}
		var want []string
		for i+1 < len(lines) && lines[i+1] != "" {
			i++
			want = append(want, lines[i])
		}
		b.want = strings.Join(want, "\n")
		blocks = append(blocks, b)
		b = block{}
	}
	return append(blocks, b)
}

func parse(line string, number int) Command {
	words := strings.Fields(line)
	c := Command{Name: words[0], Keys: map[string]string{}, Line: number}
	for _, w := range words[1:] {
		if key, value, ok := strings.Cut(w, "="); ok {
			c.Keys[key] = value
		} else {
			c.Args = append(c.Args, w)
		}
	}
	return c
}
