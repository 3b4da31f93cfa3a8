// Package bus carries short notices between the parts of one site: that a
// session ended, that a chat changed. With SQLite a site is one process and
// Memory serves; with Postgres the store provides one that reaches the other
// processes. It does not know what the notices mean, and it may lose some:
// whoever needs certainty reads the database.
package bus

import "sync"

// Notice is a topic, such as "session.ended", and an id.
type Notice struct {
	Topic string `json:"t"`
	User  string `json:"u,omitempty"` // whom it concerns, "" for everybody
	ID    string `json:"i,omitempty"`
}

// Bus delivers notices to everybody who listens, the sender included.
type Bus interface {
	// Publish never blocks on a slow listener.
	Publish(n Notice)
	// Subscribe calls f, one notice after the other, until the returned stop is
	// called. f must be quick. A listener more than Backlog notices behind
	// loses the oldest.
	Subscribe(f func(Notice)) (stop func())
}

// Lost is the topic of a notice that says: there was a time without a
// connection to the other processes, and what they said then is not known.
// Whoever keeps a copy of anything reads it again.
const Lost = "bus.lost"

// Backlog is how many notices wait for one listener.
const Backlog = 1024

// Memory is a bus within this process. The zero value works.
type Memory struct {
	mu        sync.Mutex
	listeners map[int]chan Notice
	next      int
}

// Publish hands n to all listeners.
func (m *Memory) Publish(n Notice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ch := range m.listeners {
		offer(ch, n)
	}
}

// offer makes room by forgetting the oldest notice. Publish holds the lock, so
// nobody else sends meanwhile.
func offer(ch chan Notice, n Notice) {
	for {
		select {
		case ch <- n:
			return
		default:
		}
		select {
		case <-ch:
		default:
		}
	}
}

// Subscribe starts a goroutine for f.
func (m *Memory) Subscribe(f func(Notice)) (stop func()) {
	ch := make(chan Notice, Backlog)
	m.mu.Lock()
	if m.listeners == nil {
		m.listeners = map[int]chan Notice{}
	}
	id := m.next
	m.next++
	m.listeners[id] = ch
	m.mu.Unlock()
	go func() {
		for n := range ch {
			f(n)
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() {
			m.mu.Lock()
			delete(m.listeners, id)
			close(ch)
			m.mu.Unlock()
		})
	}
}
