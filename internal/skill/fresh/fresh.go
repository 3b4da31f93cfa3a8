// Package fresh tells when a file is another than it was, so that a server
// takes up what an administrator wrote without being started again. It refuses
// to know what is in the file, and asks the system at most once in a while,
// however often it is asked itself. A Watch is safe for concurrent use.
package fresh

import (
	"os"
	"sync"
	"time"
)

// Every is how long an answer of the system is believed.
const Every = 2 * time.Second

// Watch looks at one file.
type Watch struct {
	path string
	now  func() time.Time

	mu   sync.Mutex
	next time.Time   // when the system is asked again
	seen os.FileInfo // nil: there was no file
}

// New watches a file, as it is now. now may be nil.
func New(path string, now func() time.Time) *Watch {
	if now == nil {
		now = time.Now
	}
	w := &Watch{path: path, now: now}
	w.Changed()
	return w
}

// Changed reports whether the file came, went, was replaced, or got another
// size or time since it last did so. A file that cannot be looked at is taken
// for one that is not there: who reads it gets the error.
func (w *Watch) Changed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if now.Before(w.next) && w.next.Sub(now) <= Every { // a clock set back does not stop the watch
		return false
	}
	w.next = now.Add(Every)
	info, err := os.Stat(w.path)
	if err != nil {
		info = nil
	}
	old := w.seen
	w.seen = info
	if info == nil || old == nil {
		return (info == nil) != (old == nil)
	}
	return !os.SameFile(info, old) || info.Size() != old.Size() || !info.ModTime().Equal(old.ModTime())
}
