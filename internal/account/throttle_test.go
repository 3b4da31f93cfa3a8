package account

import (
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, Seoul)

func TestThrottleFillsAgain(t *testing.T) {
	th := newThrottle(3, 10*time.Second, 100)
	for i := range 3 {
		if w := th.take("kim", noon); w != 0 {
			t.Fatalf("try %d waits %v", i, w)
		}
	}
	if w := th.take("kim", noon); w != 10*time.Second {
		t.Errorf("the fourth try waits %v, want 10 s", w)
	}
	if w := th.take("lee", noon); w != 0 {
		t.Errorf("somebody else waits %v", w)
	}
	if w := th.take("kim", noon.Add(9*time.Second)); w != time.Second {
		t.Errorf("after 9 s: waits %v, want 1 s", w)
	}
	if w := th.take("kim", noon.Add(10*time.Second)); w != 0 {
		t.Errorf("after 10 s: waits %v", w)
	}
	if w := th.take("kim", noon.Add(10*time.Second)); w == 0 {
		t.Error("after 10 s two tries are allowed")
	}
	th.forgive("kim")
	if w := th.take("kim", noon.Add(10*time.Second)); w != 0 {
		t.Errorf("forgiven, waits %v", w)
	}
}

func TestThrottleRemembersBoundedly(t *testing.T) {
	th := newThrottle(3, 10*time.Second, 100)
	for range 3 {
		th.take("attacker", noon)
	}
	for i := range 10_000 {
		th.take(fmt.Sprint(i), noon.Add(time.Duration(i)*time.Millisecond/10))
		if len(th.buckets) > 100 {
			t.Fatalf("%d keys are remembered", len(th.buckets))
		}
	}
	if w := th.take("attacker", noon.Add(time.Second)); w == 0 {
		t.Error("many harmless keys made the throttle forget the attacker")
	}
}
