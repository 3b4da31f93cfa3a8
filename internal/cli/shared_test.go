package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/source/fakehub"
	"malmoi/internal/golden"
)

// buffer collects what a server says while the test reads it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// runCommand runs one command line in this process.
func runCommand(ctx context.Context, out io.Writer, env map[string]string, args ...string) int {
	return Main(ctx, Env{Args: args, Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Now: time.Now,
		Getenv: func(name string) string { return env[name] }})
}

// Two servers read one data folder while models come and go in it. Each keeps
// its conversations in a database of its own.
func TestTwoServersOneDataFolder(t *testing.T) {
	tiny := filepath.Join(golden.Root(t), "internal", "model", "testdata", "tiny")
	hub := fakehub.New(t, scriptRepos(t, tiny))
	env := map[string]string{"MALMOI_DATA": t.TempDir(), "HF_ENDPOINT": hub.URL}
	var log buffer
	do := func(args ...string) {
		t.Helper()
		if status := runCommand(context.Background(), &log, env, args...); status != 0 {
			t.Fatalf("%v: status %d\n%s", args, status, log.String())
		}
	}
	do("pull", "hf:maker/tiny-GGUF")
	ctx, stop := context.WithCancel(context.Background())
	var servers sync.WaitGroup
	defer servers.Wait()
	defer stop()
	var addresses []string
	for range 2 {
		out := &buffer{}
		servers.Add(1)
		database := filepath.Join(t.TempDir(), "malmoi.db")
		go func() {
			defer servers.Done()
			if status := runCommand(ctx, out, env, "serve", "--lazy", "--listen", "127.0.0.1:0", "--database", database); status != 0 {
				t.Errorf("serve: status %d\n%s", status, out.String())
			}
		}()
		addresses = append(addresses, address(t, out))
	}
	check := func(want string) {
		t.Helper()
		for _, a := range addresses {
			if got := modelNames(t, a); got != want {
				t.Errorf("%s lists %q, want %q", a, got, want)
			}
		}
	}
	check("tiny-gguf")
	do("pull", "hf:maker/embed")
	check("tiny-gguf embed")
	do("import", filepath.Join(tiny, "llama", "model-bf16.gguf"), "--name", "third")
	do("rm", "tiny-gguf")
	check("third embed")
	do("verify")
}

// address waits until a server says where it listens.
func address(t *testing.T, out *buffer) string {
	t.Helper()
	pattern := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if a := pattern.FindString(out.String()); a != "" {
			return a
		}
	}
	t.Fatalf("no address in: %s", out.String())
	return ""
}

func modelNames(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address + "/v1/models")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var list struct{ Data []struct{ ID string } }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list.Data {
		names = append(names, m.ID)
	}
	return strings.Join(names, " ")
}

func TestProgressOnATerminalAndElsewhere(t *testing.T) {
	now := time.Unix(0, 0)
	var plain, live bytes.Buffer
	for _, p := range []*progress{{w: &plain, now: func() time.Time { return now }}, {w: &live, live: true, now: func() time.Time { return now }}} {
		now = time.Unix(0, 0)
		p.event(eventLine("loading x"))
		for done := int64(0); done <= 20e6; done += 1e6 {
			p.event(eventBytes("x.gguf", done, 20e6))
			now = now.Add(time.Second)
		}
		p.finish()
	}
	const want = "loading x\n" +
		"x.gguf 25%, 5 MB of 20 MB, 1 MB/s, 16s left\n" +
		"x.gguf 50%, 10 MB of 20 MB, 1 MB/s, 11s left\n" +
		"x.gguf 75%, 15 MB of 20 MB, 1 MB/s, 6s left\n" +
		"x.gguf 100%, 20 MB of 20 MB, 1 MB/s\n"
	if plain.String() != want {
		t.Errorf("elsewhere:\n%s", plain.String())
	}
	lines := strings.Split(live.String(), "\r")
	if last := lines[len(lines)-1]; last != fmt.Sprintf("x.gguf [%s] 100%%, 20 MB of 20 MB, 1 MB/s%s\n", strings.Repeat("#", 24), strings.Repeat(" ", 8)) {
		t.Errorf("terminal ends with %q", last)
	}
}

func eventLine(line string) source.Event { return source.Event{Line: line} }

func eventBytes(file string, done, total int64) source.Event {
	return source.Event{File: file, Done: done, Total: total}
}
