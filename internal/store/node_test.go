package store_test

import (
	"context"
	"testing"
	"time"

	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

func TestHeartbeatAndHealth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { db.Heartbeat(ctx, "n1", "v1"); close(ended) }()
		var h store.Health
		for range 1000 {
			if h = db.Health(t.Context()); len(h.Nodes) > 0 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if !h.OK || h.ReadOnly || h.Kind != db.Dialect() || h.Bytes == 0 || h.Schema < 201 {
			t.Errorf("health: %+v", h)
		}
		if len(h.Nodes) != 1 || h.Nodes[0].ID != "n1" || h.Nodes[0].Version != "v1" || time.Since(h.Nodes[0].Seen) > time.Minute {
			t.Errorf("nodes: %+v", h.Nodes)
		}
		cancel()
		<-ended
		if n := count(t, db, "nodes"); n != 0 {
			t.Errorf("%d nodes are left after a proper end", n)
		}
	})
}

func TestCheck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fill(t, db, 3)
		talk(t, db, "u0", 5)
		if wrong, err := db.Check(t.Context()); err != nil || len(wrong) != 0 {
			t.Fatalf("check: %v, %v", wrong, err)
		}
		err := db.Write(t.Context(), func(tx store.Q) error {
			_, err := tx.Exec(t.Context(), `DELETE FROM message_terms`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if wrong, err := db.Check(t.Context()); err != nil || len(wrong) != 1 {
			t.Errorf("without an index: %v, %v; want one complaint", wrong, err)
		}
		if wrong, err := db.Check(t.Context()); err != nil || len(wrong) != 0 {
			t.Errorf("after it was mended: %v, %v", wrong, err)
		}
	})
}
