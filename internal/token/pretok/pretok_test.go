package pretok

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type splits struct {
	Strings  []string
	Patterns map[string]struct {
		Pattern string
		Pieces  [][]string
	}
	Behaviors map[string][][]string
}

func readSplits(t testing.TB) splits {
	t.Helper()
	dir := os.Getenv("MALMOI_TEST_TOKEN_FIXTURES")
	if dir == "" {
		dir = filepath.Join("..", "testdata")
	}
	var s splits
	data, err := os.ReadFile(filepath.Join(dir, "splits.json"))
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestHandWritten compares the scanners with the engine of the reference library.
func TestHandWritten(t *testing.T) {
	s := readSplits(t)
	for name, p := range s.Patterns {
		scan := handWritten(p.Pattern)
		if scan == nil {
			t.Errorf("%s: pattern is not known: %s", name, p.Pattern)
			continue
		}
		for i, text := range s.Strings {
			check(t, name, Split{Pattern: scan}, text, p.Pieces[i])
		}
	}
}

// TestRegex compares the general engine with the reference on the same patterns,
// but for strings with code points newer than Go's tables.
func TestRegex(t *testing.T) {
	s := readSplits(t)
	for name, p := range s.Patterns {
		re, err := compileRegex(p.Pattern)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, text := range s.Strings {
			if strings.ContainsAny(text, "\u1c89\ua7cb\U00010d50\U00016ea0") || strings.Contains(text, "ſ") {
				continue
			}
			check(t, name, Split{Pattern: re}, text, p.Pieces[i])
		}
	}
}

func TestBehaviors(t *testing.T) {
	s := readSplits(t)
	for name, pieces := range s.Behaviors {
		behavior, invert, _ := strings.Cut(name, "/")
		b, err := ParseBehavior(behavior)
		if err != nil {
			t.Fatal(err)
		}
		re, err := Compile(Digit)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range s.Strings {
			check(t, name, Split{Pattern: re, Behavior: b, Invert: invert == "True"}, text, pieces[i])
		}
	}
}

func check(t *testing.T, name string, stage Stage, text string, want []string) {
	t.Helper()
	if got := stage.Split(nil, text, true); !slices.Equal(got, want) {
		t.Errorf("%s: %q\n got %q\nwant %q", name, text, got, want)
	}
}
