package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/weights/gguf"
)

func TestConvert(t *testing.T) {
	source := filepath.Join("..", "model", "testdata", "tiny", "llama")
	file := filepath.Join(t.TempDir(), "m.gguf")
	run := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		env := Env{Args: append([]string{"convert"}, args...), Stdout: &out, Stderr: &errs, Stdin: strings.NewReader(""),
			Now: time.Now}
		env.Getenv = func(name string) string { return map[string]string{"HOME": t.TempDir()}[name] }
		status := Main(t.Context(), env)
		return status, out.String() + errs.String()
	}
	if status, text := run(source, "-o", file, "--type", "q4_k"); status != 0 || !strings.Contains(text, "100 %") {
		t.Fatalf("status %d: %s", status, text)
	}
	f, err := gguf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if template, _ := f.String("tokenizer.chat_template"); f.Arch() != "llama" || !strings.Contains(template, "<|start|>") {
		t.Errorf("architecture %q, template %q", f.Arch(), template)
	}
	for _, c := range []struct{ want, args string }{
		{"exists", source + " -o " + file},
		{"q4_k", source + " --force -o " + file + " --type q3_k"},
		{"not a folder", file + " -o " + file + ".2"},
		{"encoder", filepath.Join("..", "model", "testdata", "tiny", "bert") + " -o " + file + ".2"},
	} {
		if status, text := run(strings.Fields(c.args)...); status != 1 || !strings.Contains(text, c.want) {
			t.Errorf("%s: status %d: %s", c.args, status, text)
		}
	}
	if status, text := run(source, "--force", "-o", file, "--type", "f16"); status != 0 {
		t.Errorf("status %d: %s", status, text)
	}
}
