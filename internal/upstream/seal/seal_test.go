package seal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSealAndOpen(t *testing.T) {
	box, err := OpenFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"sk-canary", "", "비밀 열쇠"} {
		sealed, err := box.Seal("a", secret)
		if err != nil || !Is(sealed) || secret != "" && strings.Contains(sealed, secret) {
			t.Fatalf("%q, %v", sealed, err)
		}
		if other, _ := box.Seal("a", secret); other == sealed {
			t.Error("the same secret is sealed twice alike")
		}
		if got, err := box.Open("a", sealed); err != nil || got != secret {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err := box.Open("b", sealed); !errors.Is(err, ErrKey) {
			t.Errorf("under another label: %v", err)
		}
		changed := []byte(sealed)
		changed[len(changed)-3] ^= 1
		if _, err := box.Open("a", string(changed)); err == nil {
			t.Error("a changed secret was opened")
		}
	}
	for _, bad := range []string{"", "plain", prefix, prefix + "!", prefix + "AAAA"} {
		if _, err := box.Open("a", bad); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
	var none *Box
	if _, err := none.Seal("a", "x"); err == nil {
		t.Error("no box sealed")
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	boxes := make([]*Box, 8)
	var group sync.WaitGroup
	for i := range boxes {
		group.Go(func() {
			var err error
			if boxes[i], err = OpenFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	sealed, err := boxes[0].Seal("a", "x")
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range boxes {
		if _, err := b.Open("a", sealed); err != nil {
			t.Errorf("box %d has another key: %v", i, err)
		}
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFile(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key for everybody: %v", err)
	}
	for _, bad := range []string{"", "AAAA", strings.Repeat("A", 2000)} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, 0o600)
		if _, err := OpenFile(path); err == nil {
			t.Errorf("%.10q is no key", bad)
		}
	}
}
