package chaos

import (
	"bufio"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"malmoi/internal/cli"
)

var rounds = flag.Int("rounds", 4, "how often a process is killed")

// asMalmoi makes the test's own program behave as malmoi, so that real
// processes are killed without building another program.
const asMalmoi = "CHAOS_TEST_AS_MALMOI"

func TestMain(m *testing.M) {
	if os.Getenv(asMalmoi) != "" {
		os.Exit(cli.Main(context.Background(), cli.Env{
			Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		}))
	}
	os.Exit(m.Run())
}

// process is a malmoi serve.
type process struct {
	cmd *exec.Cmd
	url chan string // its address, or closed if it ended before it had one
	log string
}

// start runs malmoi serve on a database, with everything else in dir. The mode
// is --accounts or --single-user.
func start(t *testing.T, mode, database, dir, upstream string) *process {
	t.Helper()
	p := &process{url: make(chan string, 1), log: filepath.Join(dir, "log")}
	log, err := os.OpenFile(p.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(os.Args[0], "serve", "--listen", "127.0.0.1:0", "--data", dir, "--database", database,
		mode, "--lazy", "--log-text", "--upstream", "fake="+upstream)
	p.cmd.Env = append(os.Environ(), asMalmoi+"=1")
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.url)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "— http://"); ok {
				p.url <- "http://" + strings.Fields(url)[0]
			}
		}
	}()
	t.Cleanup(p.kill)
	return p
}

// address waits until the process serves.
func (p *process) address(t *testing.T) string {
	t.Helper()
	select {
	case url, ok := <-p.url:
		if ok {
			return url
		}
	case <-time.After(30 * time.Second):
	}
	said, _ := os.ReadFile(p.log)
	t.Fatalf("malmoi gave no address; its log:\n%s", said)
	return ""
}

// kill ends the process as if the power of it alone were cut.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}
