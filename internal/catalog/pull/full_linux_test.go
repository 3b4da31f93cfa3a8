package pull

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/store"
)

// smallDisk mounts a file system of some bytes, where this is allowed.
func smallDisk(t *testing.T, bytes string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+bytes); err != nil {
		t.Skipf("cannot mount a small disk here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return dir
}

// Where the size is known beforehand, nothing is loaded at all.
func TestDiskTooSmallIsSeenBeforehand(t *testing.T) {
	dir := smallDisk(t, "256k")
	data := noise(1 << 20)
	f := newHub(t, data)
	_, err := puller(t, dir, f.URL).Pull(context.Background(), entry(data))
	var full *store.SpaceError
	if !errors.As(err, &full) || full.Need != 1<<20 || full.Free <= 0 || full.Free > 256<<10 {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "1048576 bytes needed") {
		t.Errorf("message %q", err)
	}
	for _, r := range f.Requests() {
		if r.Server == "storage" {
			t.Error("the download began")
		}
	}
}

// Where others fill the disk meanwhile, or the size was not known, the error is
// the same, nothing is visible, and the rest goes on once there is room.
func TestDiskFillsDuringThePull(t *testing.T) {
	dir := smallDisk(t, "512k")
	data := noise(1 << 20)
	f := newHub(t, data)
	e := entry(data)
	e.Files[0].Bytes = -1
	e.Sources[0] = catalog.Source{Kind: catalog.URL, Address: f.Storage + "/" + repo + "/tiny-q4_k_m.gguf"}
	p := puller(t, dir, f.URL)
	_, err := p.Pull(context.Background(), e)
	var full *store.SpaceError
	if !errors.As(err, &full) {
		t.Fatalf("got %v", err)
	}
	if list, bad := p.Store.List(); len(list)+len(bad) > 0 || strings.Contains(files(t, dir), "blobs/") {
		t.Fatalf("half-visible: %s", files(t, dir))
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	m, err := p.Pull(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store.Verify(context.Background(), m, nil); err != nil {
		t.Fatal(err)
	}
	resumed := false
	for _, r := range f.Requests() {
		resumed = resumed || r.Header.Get("Range") != ""
	}
	if !resumed {
		t.Error("it began anew instead of going on")
	}
	if left := files(t, filepath.Join(dir, "partial")); left != "" {
		t.Errorf("left: %s", left)
	}
}
