package pull

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"malmoi/internal/catalog/source/fakehub"
)

// childEnv makes the test binary a process that pulls: "folder url bytes".
const childEnv = "MALMOI_TEST_PULL"

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		os.Exit(child(spec))
	}
	os.Exit(m.Run())
}

func child(spec string) int {
	var dir, url string
	var n int
	if _, err := fmt.Sscan(spec, &dir, &url, &n); err != nil {
		return 3
	}
	p := puller(&testing.T{}, dir, url)
	if _, err := p.Pull(context.Background(), entry(noise(n))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func startChild(t *testing.T, dir, url string, n int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", childEnv, dir, url, n))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// A pull is killed again and again, each time after some more bytes or at some
// other moment; what is left always goes on to the right file.
func TestKilledPullGoesOn(t *testing.T) {
	const n = 3 << 20
	data := noise(n)
	f := newHub(t, data)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 4 {
		dir := t.TempDir()
		part := filepath.Join(dir, "partial", fakehub.SHA256(data))
		killed := 0
		for target := int64(0); ; target += random.Int64N(n / 2) {
			cmd := startChild(t, dir, f.URL, n)
			exited := make(chan error, 1)
			go func() { exited <- cmd.Wait() }()
			if waitFor(part, target, exited) {
				if err := <-exited; err != nil {
					t.Fatalf("round %d: the pull failed: %v", round, err)
				}
				break
			}
			_ = cmd.Process.Signal(syscall.SIGKILL)
			<-exited
			killed++
		}
		p := puller(t, dir, f.URL)
		m, err := p.Store.Manifest("tiny")
		if err != nil {
			t.Fatalf("round %d after %d kills: %v", round, killed, err)
		}
		if err := p.Store.Verify(context.Background(), m, nil); err != nil {
			t.Fatalf("round %d after %d kills: %v", round, killed, err)
		}
		if left := files(t, filepath.Join(dir, "partial")); left != "" {
			t.Errorf("left: %s", left)
		}
		t.Logf("round %d: %d kills", round, killed)
	}
	ranges := 0
	for _, r := range f.Requests() {
		if r.Header.Get("Range") != "" {
			ranges++
		}
	}
	if ranges == 0 {
		t.Error("no pull went on where another stopped")
	}
}

// waitFor returns false once the file has that many bytes, true if the process
// ended before.
func waitFor(path string, size int64, exited chan error) bool {
	for {
		select {
		case err := <-exited:
			exited <- err
			return true
		default:
		}
		if info, err := os.Stat(path); err == nil && info.Size() >= size {
			return false
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// Two processes pull into one folder: one wins, the other says who is at work,
// and in the end the model is there.
func TestTwoProcessesPullAtOnce(t *testing.T) {
	const n = 1 << 20
	f := newHub(t, noise(n))
	dir := t.TempDir()
	var out [2]strings.Builder
	var cmds [2]*exec.Cmd
	for i := range cmds {
		cmds[i] = exec.Command(os.Args[0], "-test.run=^$")
		cmds[i].Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", childEnv, dir, f.URL, n))
		cmds[i].Stderr = &out[i]
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	ok := 0
	for i := range cmds {
		if err := cmds[i].Wait(); err == nil {
			ok++
		} else if !strings.Contains(out[i].String(), "another malmoi") {
			t.Errorf("process %d: %v: %s", i, err, out[i].String())
		}
	}
	if ok == 0 {
		t.Fatal("none of them pulled it")
	}
	p := puller(t, dir, f.URL)
	m, err := p.Store.Manifest("tiny")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store.Verify(context.Background(), m, nil); err != nil {
		t.Fatal(err)
	}
}
