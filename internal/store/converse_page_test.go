package store_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"malmoi/internal/converse"
	"malmoi/internal/store"
)

// brought is a result, with what databases find hard.
func brought(call int, text string) converse.Brought {
	return converse.Brought{Call: call, Text: text + " 가\"\\\n🇰🇷", Failed: call == 3}
}

func TestTheFirstResultOfAPageCounts(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		ctx := t.Context()
		addChat(t, c, ann, "c1", 0)
		a := ask(t, c, ann, "c1", "q1", "", "질문", 1).Answers[0]
		have := func(want *converse.Brought) {
			t.Helper()
			got, err := c.Brought(ctx, ann, "n1", a.ID)
			must(t, err)
			if want == nil && got != nil || want != nil && (got == nil || *got != *want) {
				t.Errorf("brought %+v, want %+v", got, want)
			}
		}
		have(nil)
		wants(t, c.Bring(ctx, bob, a.ID, brought(0, "남")), converse.ErrConflict)
		wants(t, c.Bring(ctx, ann, "q1", brought(0, "질문")), converse.ErrConflict) // a question is not live
		have(nil)
		first, second := brought(0, "하나"), brought(3, "셋")
		must(t, c.Bring(ctx, ann, a.ID, first))
		wants(t, c.Bring(ctx, ann, a.ID, first), converse.ErrConflict)
		wants(t, c.Bring(ctx, ann, a.ID, brought(0, "다른")), converse.ErrConflict)
		have(&first)
		must(t, c.Bring(ctx, ann, a.ID, second))
		wants(t, c.Bring(ctx, ann, a.ID, brought(1, "늦은")), converse.ErrConflict)
		have(&second)
		_, err := c.Brought(ctx, ann, "n2", a.ID)
		wants(t, err, converse.ErrNotFound) // who has lost the lease
		_, err = c.Brought(ctx, bob, "n1", a.ID)
		wants(t, err, converse.ErrNotFound)
		a.Status = converse.Interrupted
		must(t, c.Finish(ctx, ann, "n1", a))
		wants(t, c.Bring(ctx, ann, a.ID, brought(9, "끝난 뒤")), converse.ErrConflict)
		_, err = c.Resume(ctx, ann, a.ID, "n1", at(50_000), at(3))
		must(t, err)
		have(nil)
		must(t, c.Bring(ctx, ann, a.ID, first)) // what was before does not count any more
	})
}

// Two tabs bring at once, and one of them is told that it counts.
func TestPagesBringAtOnce(t *testing.T) {
	eachConversations(t, func(t *testing.T, c *store.Conversations) {
		addChat(t, c, ann, "c1", 0)
		a := ask(t, c, ann, "c1", "q1", "", "질문", 1).Answers[0]
		var wg sync.WaitGroup
		var counted atomic.Int64
		for i := range 8 {
			wg.Go(func() {
				if err := c.Bring(t.Context(), ann, a.ID, converse.Brought{Call: 0, Text: string(rune('a' + i))}); err == nil {
					counted.Add(1)
				} else {
					wants(t, err, converse.ErrConflict)
				}
			})
		}
		wg.Wait()
		if counted.Load() != 1 {
			t.Errorf("%d results count", counted.Load())
		}
	})
}
