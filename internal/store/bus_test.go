package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/bus"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// ear collects what a bus says.
type ear struct {
	mu   sync.Mutex
	all  []bus.Notice
	told chan struct{}
}

func listen(t *testing.T, b bus.Bus) *ear {
	e := &ear{told: make(chan struct{}, 10_000)}
	t.Cleanup(b.Subscribe(func(n bus.Notice) {
		e.mu.Lock()
		e.all = append(e.all, n)
		e.mu.Unlock()
		e.told <- struct{}{}
	}))
	return e
}

// wait returns what was heard once f accepts it.
func (e *ear) wait(t *testing.T, f func([]bus.Notice) bool) []bus.Notice {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		e.mu.Lock()
		all := append([]bus.Notice(nil), e.all...)
		e.mu.Unlock()
		if f(all) {
			return all
		}
		select {
		case <-e.told:
		case <-limit:
			t.Fatalf("heard only %v", all)
		}
	}
}

func has(topic string) func([]bus.Notice) bool {
	return func(all []bus.Notice) bool {
		for _, n := range all {
			if n.Topic == topic {
				return true
			}
		}
		return false
	}
}

func TestBusReachesOtherProcesses(t *testing.T) {
	url := storetest.PostgresURL(t)
	var buses [2]bus.Bus
	for i := range buses {
		var stop func()
		buses[i], stop = openURL(t, url).Bus(t.Context())
		defer stop()
	}
	a, b := listen(t, buses[0]), listen(t, buses[1])
	want := bus.Notice{Topic: "chat", User: "u", ID: "한글'\"\n"}
	buses[0].Publish(want)
	buses[0].Publish(bus.Notice{Topic: "long", ID: strings.Repeat("x", 9000)})
	buses[0].Publish(bus.Notice{Topic: "last"})
	for i, e := range []*ear{a, b} {
		all := e.wait(t, has("last"))
		if len(all) != 3 || all[0] != want {
			t.Errorf("process %d heard %v", i, all)
		}
		// The sender knows what it said, the other one reads again.
		if topic := []string{"long", bus.Lost}[i]; all[1].Topic != topic {
			t.Errorf("process %d heard %q for a long notice, want %q", i, all[1].Topic, topic)
		}
	}
}

func TestBusComesBack(t *testing.T) {
	url := storetest.PostgresURL(t)
	db := openURL(t, url)
	here, stop := db.Bus(t.Context())
	defer stop()
	there, stop2 := openURL(t, url).Bus(t.Context())
	defer stop2()
	e := listen(t, here)
	err := db.Write(t.Context(), func(tx store.Q) error {
		_, err := tx.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	here.Publish(bus.Notice{Topic: "own"}) // heard without a connection
	e.wait(t, has("own"))
	e.wait(t, has(bus.Lost))
	there.Publish(bus.Notice{Topic: "again"})
	e.wait(t, has("again"))
}

func TestBusOfOneProcess(t *testing.T) {
	b, stop := storetest.SQLite(t).Bus(context.Background())
	defer stop()
	e := listen(t, b)
	b.Publish(bus.Notice{Topic: "x"})
	e.wait(t, has("x"))
}
