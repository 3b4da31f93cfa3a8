package chat

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed builtin/*.jinja
var builtinFiles embed.FS

// Builtins are the names that Builtin knows.
func Builtins() []string { return []string{"chatml", "gemma", "hyperclovax-seed", "llama3"} }

// Builtin returns the source of a template of our own, for models that come
// without one although they were trained on it.
func Builtin(name string) (string, error) {
	data, err := builtinFiles.ReadFile("builtin/" + name + ".jinja")
	if err != nil {
		return "", fmt.Errorf("no built-in chat template %q, known are %s", name, strings.Join(Builtins(), ", "))
	}
	return string(data), nil
}
