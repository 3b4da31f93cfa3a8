package store_test

import (
	"context"
	"testing"

	"malmoi/internal/store"
)

// rowsAfter are rows as they could be written once a step of the schema was
// done. A new step needs a line here: rows for its new tables and columns, or
// none.
var rowsAfter = map[int64][]string{
	1: nil, // processes only
	101: {
		`INSERT INTO users VALUES ('u1', 'ann', '안', 'a@b', 'admin', 0, 'h', '', '', 0, -1, 5, 6)`,
		`INSERT INTO sessions VALUES ('s1', 'u1', 'h1', 1, 2, 3, '127.0.0.1', '브라우저')`,
		`INSERT INTO api_keys VALUES ('k1', 'u1', 'h2', '이름', 'sk', 'models', 1, 0, 0)`,
		`INSERT INTO account_groups VALUES ('g1', '모둠', 1000, 0, 1)`,
		`INSERT INTO account_members VALUES ('g1', 'u1')`,
		`INSERT INTO invitations VALUES ('i1', 'h3', 'member', '', '', '', 'u1', 1, 2, 0, '')`,
		`INSERT INTO ledger VALUES ('2026-11-24', 'u1', 'm', 1, 2, 3, 4, 0.1)`,
		`INSERT INTO audit VALUES (1, 1, 'u1', 'ann', 'sign-in', '', '127.0.0.1', '')`,
	},
	102: nil, // columns only
	201: {
		`INSERT INTO folders VALUES ('f1', 'u1', '폴더', '지시', '', 1)`,
		`INSERT INTO files VALUES ('x1', 'u1', 'f1', '파일.txt', 'text/plain', 3, 'digest', '본문', 1)`,
		`INSERT INTO chats VALUES ('c1', 'u1', '제목', 0, 'm', 'f1', '', '', 'm2', 0, 0, 1, 2, 0)`,
		`INSERT INTO messages VALUES ('m1', 'u1', 'c1', '', 'user', '대한민국의 수도는?', '', '', '', 'done', '', '', '', '', 0, '', 1, 0, '', 0, 0)`,
		`INSERT INTO messages VALUES ('m2', 'u1', 'c1', 'm1', 'assistant', '서울입니다', '', '', 'm', 'live', '', '', '', '', 0, '', 2, 0, 'n1', 9, 0)`,
		`INSERT INTO message_deltas VALUES ('m2', 1, 2, '[]')`,
		`INSERT INTO shares VALUES ('h1', 'u1', 'c1', 'hash', '{}', 1, 2)`,
		`INSERT INTO prompts VALUES ('p1', 'u1', '이름', '본문', 1)`,
		`INSERT INTO presets VALUES ('r1', 'u1', '이름', 'm', '', '', '{}', 1)`,
		`INSERT INTO memories VALUES ('y1', 'u1', '기억', 1, 1)`,
		`INSERT INTO user_settings VALUES ('u1', '{}')`,
		`INSERT INTO preferences VALUES ('m1', 'u1', 'm2', 1)`,
		`INSERT INTO imports VALUES ('u1', 'print', 'c1')`,
	},
	202: nil, // columns only
	203: nil, // columns only
	204: nil, // columns only
}

// Every schema that this project ever had, with rows in it, is brought to
// today's without losing or changing one.
func TestUpgradeFromEverySchema(t *testing.T) {
	for kind, newURL := range kindsOfDatabase {
		t.Run(kind, func(t *testing.T) {
			all := openURL(t, newURL(t)).AllSteps()
			for n := range all {
				upgrade(t, newURL(t), all[:n+1])
			}
		})
	}
}

func upgrade(t *testing.T, url string, steps []int64) {
	t.Helper()
	ctx := context.Background()
	last := steps[len(steps)-1]
	var old *store.DB
	for n, step := range steps {
		if old != nil {
			old.Close()
		}
		rows, known := rowsAfter[step]
		if !known {
			t.Fatalf("step %d of the schema has no rows in this test", step)
		}
		var err error
		if old, err = store.OpenAt(ctx, url, steps[n:n+1]); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		err = old.Write(ctx, func(tx store.Q) error {
			for _, r := range rows {
				if _, err := tx.Exec(ctx, r); err != nil {
					t.Errorf("step %d: %s", step, r)
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	before, err := old.Picture(ctx)
	old.Close()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range before.Tables() {
		if before.Rows(name) == 0 {
			t.Errorf("table %s of the schema of step %d has no row in this test", name, last)
		}
	}
	db := openURL(t, url)
	for _, d := range before.Differences(ctx, db) {
		t.Errorf("from step %d: %s", last, d)
	}
	if _, err := db.Check(ctx); err != nil { // mends: these rows came without terms
		t.Error(err)
	}
	if wrong, err := db.Check(ctx); err != nil || len(wrong) > 0 {
		t.Errorf("from step %d: check: %v, %v", last, wrong, err)
	}
}
