package cli

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// command runs one command line in an empty world.
func command(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	home := t.TempDir()
	status = Main(context.Background(), Env{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs,
		Getenv: func(k string) string {
			if k == "HOME" {
				return home
			}
			return ""
		},
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	})
	return out.String(), errs.String(), status
}

func TestCompletionKnowsEveryCommand(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, errs, status := command(t, "", "completion", shell)
		if status != 0 {
			t.Fatalf("%s: %s", shell, errs)
		}
		for _, name := range []string{"serve", "pull", "tokenize", "threads", "create"} {
			if !strings.Contains(script, name) {
				t.Errorf("%s: %q is not offered", shell, name)
			}
		}
	}
}

func TestBashCompletionRuns(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	script, _, _ := command(t, "", "completion", "bash")
	cmd := exec.Command(bash, "-c", script+`
COMP_WORDS=(malmoi pu); COMP_CWORD=1; _malmoi; echo "${COMPREPLY[@]}"
COMP_WORDS=(malmoi serve --li); COMP_CWORD=2; _malmoi; echo "${COMPREPLY[@]}"
COMP_WORDS=(malmoi bundle cr); COMP_CWORD=2; _malmoi; echo "${COMPREPLY[@]}"`)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "pull\n--listen\ncreate\n"
	if string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestUnknownCommandHasAHint(t *testing.T) {
	_, errs, status := command(t, "", "wibble")
	if status != 2 || !strings.Contains(errs, "hint:") {
		t.Errorf("status %d, %q", status, errs)
	}
}

func TestQuantRefusesHalfABlock(t *testing.T) {
	_, errs, status := command(t, "xxx", "quant", "decode", "--type", "Q4_0")
	if status != 1 || !strings.Contains(errs, "18 bytes") {
		t.Errorf("status %d, %q", status, errs)
	}
}
