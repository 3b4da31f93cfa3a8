package cli

import (
	"fmt"
	"os"

	"malmoi/internal/safety"
)

// maxWords bounds a file of words, in bytes.
const maxWords = 4 << 20

// textFilter is the program's own list with the office's words behind it.
func textFilter(file string) (*safety.Filter, error) {
	if file == "" {
		return safety.New("")
	}
	about, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if about.Size() > maxWords {
		return nil, fmt.Errorf("%s: %d bytes of words, at most %d", file, about.Size(), maxWords)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := safety.New(string(data))
	if err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", file, err), "each line is GROUP SCORE WORDS [HARMLESS], as docs/safety.md says")
	}
	return f, nil
}
