package bus

import (
	"testing"
	"testing/synctest"
)

func TestEverybodyHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Memory
		var a, b []Notice
		stopA := m.Subscribe(func(n Notice) { a = append(a, n) })
		stopB := m.Subscribe(func(n Notice) { b = append(b, n) })
		m.Publish(Notice{Topic: "chat", User: "u", ID: "1"})
		synctest.Wait()
		stopA()
		stopA() // twice is harmless
		m.Publish(Notice{Topic: "chat", User: "u", ID: "2"})
		synctest.Wait()
		stopB()
		if len(a) != 1 || len(b) != 2 || b[1].ID != "2" {
			t.Errorf("a heard %v, b heard %v; want one and two notices", a, b)
		}
	})
}

func TestSlowListenerLosesTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Memory
		hold := make(chan struct{})
		var got []Notice
		stop := m.Subscribe(func(n Notice) { <-hold; got = append(got, n) })
		m.Publish(Notice{Topic: "first"})
		synctest.Wait() // the listener holds the first
		for range Backlog {
			m.Publish(Notice{Topic: "old"})
		}
		m.Publish(Notice{Topic: "last"})
		close(hold)
		synctest.Wait()
		stop()
		if len(got) != Backlog+1 || got[len(got)-1].Topic != "last" {
			t.Errorf("heard %d notices, the last %q; want %d and \"last\"", len(got), got[len(got)-1].Topic, Backlog+1)
		}
	})
}
