package catalog

import (
	"fmt"
	"regexp"
	"strings"
)

// maxName bounds names of models and of files inside a model's folder: they
// become names in the file system.
const maxName = 200

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// CheckName reports why a string cannot name a model. Names become file names,
// so they are lower case and hold no separator.
func CheckName(name string) error {
	if len(name) > maxName || !namePattern.MatchString(name) {
		return fmt.Errorf("%q is no model name: use a-z, 0-9, '.', '_' and '-', at most %d", name, maxName)
	}
	return nil
}

// MakeName turns any text, such as a file's name, into a model name.
func MakeName(text string) string {
	text = strings.ToLower(text)
	for _, ext := range []string{".gguf", ".safetensors"} {
		text = strings.TrimSuffix(text, ext)
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', b.Len() > 0 && (r == '.' || r == '_' || r == '-'):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 100 {
			break
		}
	}
	if name := strings.Trim(b.String(), "-."); name != "" {
		return name
	}
	return "model"
}

var filePattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9 ._+=@()-]*(/[A-Za-z0-9_][A-Za-z0-9 ._+=@()-]*){0,3}$`)

// CheckFile reports why a string cannot name a file inside a model's folder:
// relative, slash-separated, at most four levels, and no part that starts with
// a dot, so that it can neither leave the folder nor hide in it.
func CheckFile(name string) error {
	if len(name) > maxName || !filePattern.MatchString(name) {
		return fmt.Errorf("%q is no file name inside a model", name)
	}
	return nil
}

var sumPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CheckSum reports why a string is not a SHA-256 in lower-case hexadecimal.
func CheckSum(s string) error {
	if !sumPattern.MatchString(s) {
		return fmt.Errorf("%q is no SHA-256 (64 hexadecimal digits, lower case)", s)
	}
	return nil
}
