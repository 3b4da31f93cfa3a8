package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// LockedError says that another process is changing the data folder.
type LockedError struct {
	Dir string
	PID int // 0 if not known
}

func (e *LockedError) Error() string {
	who := "another malmoi"
	if e.PID > 0 {
		who += fmt.Sprintf(" (process %d)", e.PID)
	}
	return fmt.Sprintf("data folder %s: %s is changing it", e.Dir, who)
}

// errHeld is what lockFile returns when someone else has the lock.
var errHeld = errors.New("held by another process")

// Lock is the right to write, until Unlock or the end of the process, however
// it ends.
type Lock struct{ f *os.File }

// Lock takes the right to write or returns a *LockedError at once. It creates
// the data folder.
func (s *Store) Lock() (*Lock, error) {
	if err := s.place(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := lockFile(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errHeld) {
			return nil, fmt.Errorf("data folder %s: cannot lock: %w", s.dir, err)
		}
		buf := make([]byte, 20)
		n, _ := f.ReadAt(buf, 0)
		pid, _ := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
		return nil, &LockedError{s.dir, pid}
	}
	// The number is a courtesy to whoever waits; the lock itself is the kernel's.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &Lock{f}, nil
}

// Unlock gives the right back.
func (l *Lock) Unlock() { l.f.Close() }
