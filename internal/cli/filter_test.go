package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/safety"
)

func TestFilterWords(t *testing.T) {
	file := filepath.Join(t.TempDir(), "words.txt")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# our own\nhate 2 우리회사금칙어\n")
	f, err := textFilter(file)
	if err != nil || f.Check("우리회사금칙어다").Score(safety.Hate) != safety.Likely || f.Check("씨발").Score(safety.Profanity) != safety.Likely {
		t.Errorf("%v", err)
	}
	write("hate 9 x\n")
	if _, err := textFilter(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a bad line: %v", err)
	}
	if _, err := textFilter(file + ".gone"); err == nil {
		t.Error("a file that is not there is no error")
	}
	if err := os.Truncate(file, maxWords+1); err != nil {
		t.Fatal(err)
	}
	if _, err := textFilter(file); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a file that is too large: %v", err)
	}
}
