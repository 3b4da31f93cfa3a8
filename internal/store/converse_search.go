package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"malmoi/internal/converse"
	"malmoi/internal/terms"
)

// maxIndexed is how many bytes of a message are searchable.
const maxIndexed = 512 << 10

// maxLooked is how many candidates of a search are read to see whether they
// really hold the query.
const maxLooked = 2000

func termsOf(content string) []string {
	if len(content) > maxIndexed {
		content = content[:maxIndexed]
	}
	return terms.Of(strings.ToValidUTF8(content, ""))
}

func termHash(list []string) string {
	sum := sha256.Sum256([]byte(strings.Join(list, " ")))
	return hex.EncodeToString(sum[:])
}

// index makes a message searchable; it replaces what was there.
func index(ctx context.Context, tx Q, id, content string) error {
	if err := unindex(ctx, tx, id); err != nil {
		return err
	}
	list := termsOf(content)
	if tx.dialect == Postgres {
		_, err := tx.Exec(ctx, `INSERT INTO message_terms (message, hash, terms) VALUES (?, ?, array_to_tsvector(string_to_array(?, ' ')))`, id, termHash(list), strings.Join(list, " "))
		return err
	}
	var number int64
	if err := tx.QueryRow(ctx, `INSERT INTO message_terms (message, hash) VALUES (?, ?) RETURNING number`, id, termHash(list)).Scan(&number); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO message_index (rowid, terms) VALUES (?, ?)`, number, strings.Join(list, " "))
	return err
}

func unindex(ctx context.Context, tx Q, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM message_terms WHERE message = ?`, id)
	return err
}

// Search finds messages that hold all words of the query, newest first. The
// index gives candidates by their terms; their text decides.
func (c *Conversations) Search(ctx context.Context, o converse.Owner, query string, limit int) ([]converse.Message, error) {
	match := c.match(terms.Query(query))
	if match == "" {
		return nil, nil
	}
	from := `message_index i JOIN message_terms t ON t.number = i.rowid JOIN messages m ON m.id = t.message`
	where := `message_index MATCH ?`
	if c.db.dialect == Postgres {
		from, where = `message_terms t JOIN messages m ON m.id = t.message`, `t.terms @@ CAST(? AS tsquery)`
	}
	rows, err := c.db.Query(ctx, `SELECT `+messageColumns+` FROM `+from+` JOIN chats c ON c.id = m.chat WHERE `+where+`
		AND m.owner = ? AND m.deleted = 0 AND c.deleted = 0 ORDER BY m.created DESC, m.id LIMIT ?`, match, string(o), maxLooked)
	if err != nil {
		return nil, converseError(err)
	}
	defer rows.Close()
	words := terms.Words(query)
	var out []converse.Message
	for len(out) < limit && rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		if terms.Holds(terms.Fold(m.Content), words) {
			out = append(out, m)
		}
	}
	return out, converseError(rows.Err())
}

// match is a query in the index's own language: all terms at once.
func (c *Conversations) match(list []terms.Term) string {
	var parts []string
	for _, t := range list {
		if c.db.dialect == Postgres {
			s := "'" + strings.ReplaceAll(t.Text, "'", "''") + "'"
			if t.Prefix {
				s += ":*"
			}
			parts = append(parts, s)
			continue
		}
		s := `"` + strings.ReplaceAll(t.Text, `"`, `""`) + `"`
		if t.Prefix {
			s += "*"
		}
		parts = append(parts, s)
	}
	if c.db.dialect == Postgres {
		return strings.Join(parts, " & ")
	}
	return strings.Join(parts, " ")
}

// CheckIndex compares the index with the messages and mends it.
func (c *Conversations) CheckIndex(ctx context.Context) (int, error) {
	rows, err := c.db.Query(ctx, `SELECT m.id, m.content, COALESCE(t.hash, '') FROM messages m LEFT JOIN message_terms t ON t.message = m.id WHERE m.status <> 'live'`)
	if err != nil {
		return 0, err
	}
	var wrong []converse.Message
	for rows.Next() {
		var m converse.Message
		var hash string
		if err := rows.Scan(&m.ID, &m.Content, &hash); err != nil {
			rows.Close()
			return 0, err
		}
		if termHash(termsOf(m.Content)) != hash {
			wrong = append(wrong, m)
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	stray, err := c.strays(ctx)
	if err != nil {
		return 0, err
	}
	for _, m := range wrong {
		if err := c.write(ctx, func(tx Q) error { return index(ctx, tx, m.ID, m.Content) }); err != nil {
			return len(wrong) + stray, err
		}
	}
	return len(wrong) + stray, nil
}

// strays counts and removes rows of SQLite's index that belong to no message,
// and numbers without such a row.
func (c *Conversations) strays(ctx context.Context) (int, error) {
	if c.db.dialect == Postgres {
		return 0, nil // terms and message are one row's
	}
	var n int64
	err := c.write(ctx, func(tx Q) error {
		gone, err := tx.Exec(ctx, `DELETE FROM message_index WHERE rowid IN (SELECT id FROM message_index_docsize WHERE id NOT IN (SELECT number FROM message_terms))`)
		if err != nil {
			return err
		}
		empty, err := tx.Exec(ctx, `DELETE FROM message_terms WHERE number NOT IN (SELECT id FROM message_index_docsize)`)
		n = gone + empty
		return err
	})
	return int(n), err
}
