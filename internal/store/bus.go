package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"malmoi/internal/bus"
)

// channel carries the notices of all sites in one Postgres database.
const channel = "malmoi"

// maxPayload is what Postgres takes in one NOTIFY, less than 8000 bytes.
const maxPayload = 7999

// Bus returns the bus of this site. With SQLite it is within the process; with
// Postgres notices travel by LISTEN and NOTIFY, beside the pool. A notice is
// heard at once in its own process, with or without a connection; after a time
// without one everybody here hears a bus.Lost. close ends it.
func (db *DB) Bus(ctx context.Context) (b bus.Bus, close func()) {
	if db.dialect == SQLite {
		return &bus.Memory{}, func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n := &notifier{db: db, self: rand.Text(), out: make(chan bus.Notice, bus.Backlog), ready: make(chan struct{})}
	n.work.Go(func() { n.send(ctx) })
	n.work.Go(func() { n.listen(ctx) })
	select { // what another process says from now on is heard
	case <-n.ready:
	case <-time.After(pingTime):
	case <-ctx.Done():
	}
	return n, func() { cancel(); n.work.Wait() }
}

// notifier is a bus.Bus on Postgres.
type notifier struct {
	bus.Memory
	db    *DB
	self  string // marks our own notices, which we have heard already
	out   chan bus.Notice
	ready chan struct{} // closed when we first listen
	work  sync.WaitGroup
}

// payload is a notice on its way.
type payload struct {
	From string `json:"f"`
	bus.Notice
}

// Publish tells this process now and queues the notice for the others. If they
// cannot be reached for so long that the queue is full, the oldest is lost;
// they will hear a bus.Lost.
func (n *notifier) Publish(notice bus.Notice) {
	n.Memory.Publish(notice)
	for {
		select {
		case n.out <- notice:
			return
		default:
		}
		select {
		case <-n.out:
		default:
		}
	}
}

func (n *notifier) send(ctx context.Context) {
	for {
		var notice bus.Notice
		select {
		case notice = <-n.out:
		case <-ctx.Done():
			n.rest()
			return
		}
		text := n.encode(notice)
		for wait := minWait; ; wait = min(2*wait, maxWait) {
			err := n.notify(ctx, text)
			if err == nil || ctx.Err() != nil {
				break
			}
			n.db.log.Warn("a notice to the other processes waits", "error", err)
			if sleep(ctx, wait) != nil {
				break
			}
		}
	}
}

// rest sends what is queued when the process ends, without waiting for a
// database that is away.
func (n *notifier) rest() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for {
		select {
		case notice := <-n.out:
			if n.notify(ctx, n.encode(notice)) != nil {
				return
			}
		default:
			return
		}
	}
}

func (n *notifier) notify(ctx context.Context, text string) error {
	_, err := n.db.write.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, text)
	return err
}

// encode writes a notice for the others. One that is too long becomes a
// bus.Lost: they read again what it would have told.
func (n *notifier) encode(notice bus.Notice) string {
	text, err := json.Marshal(payload{n.self, notice})
	if err != nil || len(text) > maxPayload {
		text, _ = json.Marshal(payload{n.self, bus.Notice{Topic: bus.Lost}})
	}
	return string(text)
}

// Waits between attempts to reach the database.
const (
	minWait = 100 * time.Millisecond
	maxWait = 5 * time.Second
)

func (n *notifier) listen(ctx context.Context) {
	for wait := minWait; ; wait = min(2*wait, maxWait) {
		began := time.Now()
		err := n.session(ctx)
		if ctx.Err() != nil {
			return
		}
		n.db.log.Warn("notices of the other processes do not arrive now", "error", err)
		if time.Since(began) > maxWait {
			wait = minWait
		}
		if sleep(ctx, wait) != nil {
			return
		}
	}
}

// session listens on one connection until it breaks. The connection is its own:
// a pool would hand it on.
func (n *notifier) session(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, n.db.config.Copy())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	select {
	case <-n.ready:
		n.Memory.Publish(bus.Notice{Topic: bus.Lost})
	default:
		close(n.ready)
	}
	for {
		// A server that vanished without a word is noticed by asking it.
		quiet, cancel := context.WithTimeout(ctx, quietTime)
		got, err := conn.WaitForNotification(quiet)
		cancel()
		if err != nil && ctx.Err() == nil && quiet.Err() != nil {
			asked, cancel := context.WithTimeout(ctx, pingTime)
			err = conn.Ping(asked)
			cancel()
			if err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		n.hear(got.Payload)
	}
}

// quietTime is how long no notice is believed.
const quietTime = 30 * time.Second

func (n *notifier) hear(text string) {
	var p payload
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		n.db.log.Warn("a notice cannot be read", "error", err)
		return
	}
	if p.From != n.self {
		n.Memory.Publish(p.Notice)
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
