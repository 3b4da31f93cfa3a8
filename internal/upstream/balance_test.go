package upstream

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

func replicas(n, most int) *balance {
	b := &balance{name: "up", most: most}
	for i := range n {
		b.replicas = append(b.replicas, newReplica(fmt.Sprintf("http://10.0.0.%d:8000/v1", i)))
	}
	return b
}

func pickOne(t *testing.T, b *balance, key string) *lease {
	t.Helper()
	l, err := b.pick(key, "m", nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestConversationsStay: each conversation has its replica, the replicas have
// alike many, and when one goes only its conversations move.
func TestConversationsStay(t *testing.T) {
	const conversations = 3000
	b := replicas(6, 1000)
	home := map[string]string{}
	count := map[string]int{}
	for i := range conversations {
		key := fmt.Sprintf("chat-%d", i)
		l := pickOne(t, b, key)
		home[key] = l.base
		count[l.base]++
		l.release()
		again := pickOne(t, b, key)
		if again.base != l.base {
			t.Fatalf("%s moved from %s to %s", key, l.base, again.base)
		}
		again.release()
	}
	for base, n := range count {
		if n < conversations/6*8/10 || n > conversations/6*12/10 {
			t.Errorf("%s has %d of %d conversations", base, n, conversations)
		}
	}
	lost := b.replicas[2]
	lost.down.Store(true)
	for key, base := range home {
		l := pickOne(t, b, key)
		if base != lost.base && l.base != base {
			t.Errorf("%s moved from %s to %s although its replica works", key, base, l.base)
		}
		if l.base == lost.base {
			t.Errorf("%s went to the one that is down", key)
		}
		l.release()
	}
}

// TestLoadIsBounded: all requests of one conversation at once still spread.
func TestLoadIsBounded(t *testing.T) {
	b := replicas(4, 1000)
	for range 100 {
		pickOne(t, b, "the same")
	}
	for _, r := range b.replicas {
		if n := r.inFlight.Load(); n > 32 {
			t.Errorf("%s has %d of 100", r.base, n)
		}
	}
}

func TestFullIsBusy(t *testing.T) {
	b := replicas(2, 3)
	var leases []*lease
	for i := range 6 {
		leases = append(leases, pickOne(t, b, fmt.Sprint(i)))
	}
	if _, err := b.pick("x", "m", nil); !errors.Is(err, llm.ErrBusy) {
		t.Errorf("error %v", err)
	}
	leases[3].release()
	if l := pickOne(t, b, "x"); l.base != leases[3].base {
		t.Errorf("went to %s", l.base)
	}
}

// TestModelsOfReplicas: a replica that does not have the model is not asked.
func TestModelsOfReplicas(t *testing.T) {
	b := replicas(3, 100)
	b.replicas[0].models.Store(&map[string]modelID{"other": {}})
	b.replicas[1].models.Store(&map[string]modelID{"m": {}})
	for i := range 50 {
		if l := pickOne(t, b, fmt.Sprint(i)); l.base == b.replicas[0].base {
			t.Fatal("the one without the model was asked")
		}
	}
}

// TestBreaker: after five failures nothing is sent for ten seconds, then one
// request tries, and its outcome decides.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := replicas(1, 100)
		failure := &Error{Kind: llm.ErrUnavailable}
		fail := func() {
			t.Helper()
			l := pickOne(t, b, "k")
			l.judge(failure)
			l.release()
		}
		for range breakerFailures - 1 {
			fail()
		}
		l := pickOne(t, b, "k")
		l.judge(&Error{Kind: llm.ErrBadRequest}) // the request's fault ends the row
		l.release()
		for range breakerFailures {
			fail()
		}
		_, err := b.pick("k", "m", nil)
		if !errors.Is(err, llm.ErrUnavailable) || llm.RetryAfter(err) != breakerRest {
			t.Fatalf("after %d failures: %v", breakerFailures, err)
		}
		time.Sleep(breakerRest + time.Millisecond)
		fail() // the one that may try
		if _, err := b.pick("k", "m", nil); err == nil {
			t.Error("a failed try did not close the way again")
		}
		time.Sleep(breakerRest + time.Millisecond)
		try := pickOne(t, b, "k")
		if _, err := b.pick("k", "m", nil); err == nil {
			t.Error("two tried at once")
		}
		try.judge(nil)
		try.broke(failure) // a later failure is the first of a new row
		try.release()
		pickOne(t, b, "k").release()
		if n := b.replicas[0].inFlight.Load(); n != 0 {
			t.Errorf("%d in flight", n)
		}
	})
}

func TestConversationKey(t *testing.T) {
	chatOf := func(texts ...string) llm.ChatRequest {
		var r llm.ChatRequest
		for i, s := range texts {
			role := []string{"system", "user", "assistant", "user"}[i]
			r.Messages = append(r.Messages, chat.Message{Role: role, Content: s})
		}
		return r
	}
	first := conversationKey(chatOf("s", "안녕"))
	if conversationKey(chatOf("s", "안녕", "네", "또")) != first {
		t.Error("the key changes as the conversation grows")
	}
	if conversationKey(chatOf("s", "안녕하세요")) == first || conversationKey(chatOf("t", "안녕")) == first {
		t.Error("two conversations have one key")
	}
}
