package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a malmoi serve of our own.
type process struct {
	cmd *exec.Cmd
	url string
}

// startLimit is how long a start may take.
const startLimit = 30 * time.Second

// start runs malmoi serve, with its data in dir, in front of a fake server and
// waits for its address.
func start(ctx context.Context, p plan, upstream, dir string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := append(p.malmoi[1:len(p.malmoi):len(p.malmoi)], "serve", "--listen", "127.0.0.1:0", "--data", dir, "--lazy", "--log-text",
		"--max-requests", strconv.Itoa(p.streams+100), "--upstream", "fake="+upstream)
	if p.door == "app" {
		args = append(args, "--accounts")
	}
	r := &process{cmd: exec.CommandContext(ctx, p.malmoi[0], args...)}
	r.cmd.Env = append(os.Environ(), p.env...)
	r.cmd.Stderr = log
	r.cmd.Cancel = func() error { return r.cmd.Process.Signal(syscall.SIGTERM) }
	r.cmd.WaitDelay = 15 * time.Second
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "— http://"); ok {
				found <- "http://" + strings.Fields(url)[0]
			}
		}
		close(found)
	}()
	select {
	case url, ok := <-found:
		if r.url = url; ok {
			return r, nil
		}
		err = errors.New("it ended")
	case <-time.After(startLimit):
		err = fmt.Errorf("it gave no address within %v", startLimit)
	}
	said, _ := os.ReadFile(log.Name())
	r.stop()
	return nil, fmt.Errorf("start %s %s: %w: %s", p.malmoi[0], strings.Join(args, " "), err, said)
}

// stop ends the process in order.
func (r *process) stop() error {
	r.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(15*time.Second, func() { r.cmd.Process.Kill() })
	defer timer.Stop()
	return r.cmd.Wait()
}

// memory is the resident memory of the process now, and the most it ever was.
func (r *process) memory() (now, most int64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(data)) {
		field := strings.Fields(line)
		if len(field) < 2 {
			continue
		}
		kb, _ := strconv.ParseInt(field[1], 10, 64)
		switch field[0] {
		case "VmRSS:":
			now = kb << 10
		case "VmHWM:":
			most = kb << 10
		}
	}
	return now, most
}

// ticks is the unit of processor times in /proc, on Linux 1/100 s everywhere.
const ticks = 10 * time.Millisecond

// cpu is the processor time that the process used so far.
func (r *process) cpu() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	field := strings.Fields(rest)
	if len(field) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(field[11], 10, 64)
	system, _ := strconv.ParseInt(field[12], 10, 64)
	return time.Duration(user+system) * ticks
}
