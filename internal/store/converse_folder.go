package store

import (
	"context"
	"time"

	"malmoi/internal/converse"
)

const folderColumns = `id, name, instructions, color, created`

func scanFolder(r scanner) (converse.Folder, error) {
	var f converse.Folder
	var created int64
	err := r.Scan(&f.ID, &f.Name, &f.Instructions, &f.Color, &created)
	f.Created = fromMillis(created)
	return f, err
}

func folderOf(ctx context.Context, q Q, o converse.Owner, id string) (converse.Folder, error) {
	return scanFolder(q.QueryRow(ctx, `SELECT `+folderColumns+` FROM folders WHERE id = ? AND owner = ?`, id, string(o)))
}

// AddFolder adds a folder.
func (c *Conversations) AddFolder(ctx context.Context, o converse.Owner, f converse.Folder) error {
	return c.write(ctx, func(tx Q) error {
		_, err := tx.Exec(ctx, `INSERT INTO folders (id, owner, name, instructions, color, created) VALUES (`+marks(6)+`)`, f.ID, string(o), f.Name, f.Instructions, f.Color, millis(f.Created))
		return err
	})
}

// Folder returns one folder.
func (c *Conversations) Folder(ctx context.Context, o converse.Owner, id string) (converse.Folder, error) {
	f, err := folderOf(ctx, c.db.Q, o, id)
	return f, converseError(err)
}

// Folders lists by name.
func (c *Conversations) Folders(ctx context.Context, o converse.Owner) ([]converse.Folder, error) {
	rows, err := c.db.Query(ctx, `SELECT `+folderColumns+` FROM folders WHERE owner = ? ORDER BY name, id`, string(o))
	return list(rows, err, scanFolder)
}

// ChangeFolder changes a folder.
func (c *Conversations) ChangeFolder(ctx context.Context, o converse.Owner, id string, n converse.FolderChange) (converse.Folder, error) {
	var out converse.Folder
	err := c.write(ctx, func(tx Q) error {
		if _, err := folderOf(ctx, tx, o, id); err != nil {
			return err
		}
		s := &set{}
		for _, f := range []struct {
			column string
			value  *string
		}{{"name", n.Name}, {"instructions", n.Instructions}, {"color", n.Color}} {
			if f.value != nil {
				s.add(f.column, *f.value)
			}
		}
		if err := s.update(ctx, tx, "folders", id); err != nil {
			return err
		}
		var err error
		out, err = folderOf(ctx, tx, o, id)
		return err
	})
	return out, err
}

// DeleteFolder forgets a folder and its files.
func (c *Conversations) DeleteFolder(ctx context.Context, o converse.Owner, id string) ([]string, error) {
	return c.dropping(ctx, `folder = ? AND owner = ?`, []any{id, string(o)}, func(tx Q) error {
		if err := some(tx.Exec(ctx, `DELETE FROM folders WHERE id = ? AND owner = ?`, id, string(o))); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE chats SET folder = '' WHERE folder = ? AND owner = ?`, id, string(o))
		return err
	})
}

// dropping runs f and returns which blobs of the files that it deletes no
// other file needs.
func (c *Conversations) dropping(ctx context.Context, where string, args []any, f func(tx Q) error) ([]string, error) {
	var free []string
	err := c.write(ctx, func(tx Q) error {
		free = nil
		rows, err := tx.Query(ctx, `SELECT DISTINCT blob FROM files WHERE `+where, args...)
		blobs, err := list(rows, err, func(r scanner) (string, error) {
			var s string
			err := r.Scan(&s)
			return s, err
		})
		if err != nil {
			return err
		}
		if err := f(tx); err != nil {
			return err
		}
		for _, b := range blobs {
			var n int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM files WHERE blob = ?`, b).Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				free = append(free, b)
			}
		}
		return nil
	})
	return free, err
}

const fileColumns = `id, folder, name, type, size, blob, body, created`

func scanFile(r scanner) (converse.File, error) {
	var f converse.File
	var created int64
	err := r.Scan(&f.ID, &f.Folder, &f.Name, &f.Type, &f.Size, &f.Blob, &f.Text, &created)
	f.Created = fromMillis(created)
	return f, err
}

// AddFile puts a file into one of the owner's folders.
func (c *Conversations) AddFile(ctx context.Context, o converse.Owner, f converse.File) error {
	return c.write(ctx, func(tx Q) error {
		if _, err := folderOf(ctx, tx, o, f.Folder); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO files (`+fileColumns+`, owner) VALUES (`+marks(9)+`)`, f.ID, f.Folder, f.Name, f.Type, f.Size, f.Blob, f.Text, millis(f.Created), string(o))
		return err
	})
}

// File returns one file.
func (c *Conversations) File(ctx context.Context, o converse.Owner, folder, id string) (converse.File, error) {
	f, err := scanFile(c.db.QueryRow(ctx, `SELECT `+fileColumns+` FROM files WHERE id = ? AND folder = ? AND owner = ?`, id, folder, string(o)))
	return f, converseError(err)
}

// Files lists a folder's files by name, with the beginnings of their texts.
func (c *Conversations) Files(ctx context.Context, o converse.Owner, folder string, chars int) ([]converse.File, error) {
	if _, err := c.Folder(ctx, o, folder); err != nil {
		return nil, err
	}
	rows, err := c.db.Query(ctx, `SELECT id, folder, name, type, size, blob, substr(body, 1, ?), created FROM files WHERE folder = ? AND owner = ? ORDER BY name, id`, chars, folder, string(o))
	return list(rows, err, scanFile)
}

// DeleteFile forgets a file.
func (c *Conversations) DeleteFile(ctx context.Context, o converse.Owner, folder, id string) ([]string, error) {
	where, args := `id = ? AND folder = ? AND owner = ?`, []any{id, folder, string(o)}
	return c.dropping(ctx, where, args, func(tx Q) error {
		return some(tx.Exec(ctx, `DELETE FROM files WHERE `+where, args...))
	})
}

// AddShare keeps a link to one of the owner's chats.
func (c *Conversations) AddShare(ctx context.Context, o converse.Owner, s converse.Share, hash string, snapshot []byte) error {
	return c.write(ctx, func(tx Q) error {
		if _, err := chatOf(ctx, tx, o, s.Chat); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO shares (id, owner, chat, hash, snapshot, created, expires) VALUES (`+marks(7)+`)`, s.ID, string(o), s.Chat, hash, string(snapshot), millis(s.Created), millis(s.Expires))
		return err
	})
}

// Shares lists a chat's links, newest first.
func (c *Conversations) Shares(ctx context.Context, o converse.Owner, chat string) ([]converse.Share, error) {
	if _, err := c.Chat(ctx, o, chat); err != nil {
		return nil, err
	}
	rows, err := c.db.Query(ctx, `SELECT id, chat, created, expires FROM shares WHERE chat = ? AND owner = ? ORDER BY created DESC, id`, chat, string(o))
	return list(rows, err, func(r scanner) (converse.Share, error) {
		var s converse.Share
		var created, expires int64
		err := r.Scan(&s.ID, &s.Chat, &created, &expires)
		s.Created, s.Expires = fromMillis(created), fromMillis(expires)
		return s, err
	})
}

// DeleteShare forgets a link.
func (c *Conversations) DeleteShare(ctx context.Context, o converse.Owner, id string) error {
	return c.remove(ctx, o, "shares", id)
}

// Shared finds what a link shows. A hidden chat's links lead nowhere.
func (c *Conversations) Shared(ctx context.Context, hash string, now time.Time) ([]byte, error) {
	var snapshot string
	err := c.db.QueryRow(ctx, `SELECT s.snapshot FROM shares s JOIN chats c ON c.id = s.chat
		WHERE s.hash = ? AND (s.expires = 0 OR s.expires > ?) AND c.deleted = 0`, hash, millis(now)).Scan(&snapshot)
	return []byte(snapshot), converseError(err)
}
