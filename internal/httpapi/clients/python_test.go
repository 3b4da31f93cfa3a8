package clients

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var pythonPath = flag.String("clients.python", "", "python with the client packages (default: .cache/venv/bin/python of the checkout)")

// TestPythonClients runs the unmodified client packages against
// a server on a socket.
func TestPythonClients(t *testing.T) {
	python := *pythonPath
	if python == "" {
		python = filepath.Join("..", "..", "..", ".cache", "venv", "bin", "python")
	}
	if _, err := os.Stat(python); err != nil {
		t.Skipf("no Python with the client packages at %s; tools/venv.sh makes one, or name one with -clients.python", python)
	}
	checks, err := filepath.Glob("../testdata/clients/*_check.py")
	if err != nil || len(checks) == 0 {
		t.Fatalf("no checks: %v", err)
	}
	for _, check := range checks {
		t.Run(filepath.Base(check), func(t *testing.T) {
			url := serve(t, obliging(), nil)
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, python, check, url, key)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if !strings.Contains(string(out), "all checks passed") {
				t.Fatalf("the check did not reach its end:\n%s", out)
			}
			t.Log(strings.TrimSpace(string(out)))
		})
	}
}
