package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"

	"malmoi/internal/store"
)

// dbCmd looks after the database of people and conversations.
type dbCmd struct {
	Migrate dbMigrateCmd `cmd:"" help:"Bring the schema up to this program's; 'serve' does it by itself."`
	Backup  dbBackupCmd  `cmd:"" help:"Write everything into one file; the server may run."`
	Restore dbRestoreCmd `cmd:"" help:"Replace the database by a backup; the old one is kept."`
	Check   dbCheckCmd   `cmd:"" help:"Look whether the database, or a backup, is whole."`
	Move    dbMoveCmd    `cmd:"" help:"Copy everything to another database, such as from SQLite to Postgres."`
}

// existing is the database, which must be there: a slip in a path should not
// make an empty one.
func (f *dataFlags) existing(g *globals) (string, error) {
	address, err := f.database(g)
	if err != nil || store.IsPostgres(address) {
		return address, err
	}
	if _, err := os.Stat(strings.TrimPrefix(address, "sqlite://")); errors.Is(err, fs.ErrNotExist) {
		return "", withHint(fmt.Errorf("there is no database %s", address), "name it with --database; 'malmoi serve' makes one")
	}
	return address, nil
}

// dbHint adds the next step to what goes wrong with databases.
func dbHint(err error) error {
	switch {
	case errors.Is(err, store.ErrInUse):
		return withHint(err, "stop 'malmoi serve' first")
	case errors.Is(err, store.ErrNewer):
		return withHint(err, "use the newer malmoi")
	case errors.Is(err, store.ErrConflict):
		return withHint(err, "--replace puts the new one in its place and keeps the old one")
	}
	return err
}

type dbMigrateCmd struct {
	dataFlags
	DryRun bool `name:"dry-run" help:"Say what would be done."`
}

func (c *dbMigrateCmd) Run(ctx context.Context, env *Env, g *globals) error {
	address, err := c.existing(g)
	if err != nil {
		return err
	}
	o := store.Options{Now: env.Now}
	applied, missing, err := store.Schema(ctx, address, o)
	if err != nil {
		return dbHint(err)
	}
	if len(missing) == 0 {
		fmt.Fprintf(env.Stdout, "the schema is up to date: %d steps\n", len(applied))
		return nil
	}
	if c.DryRun {
		fmt.Fprintf(env.Stdout, "steps to do: %v\n", missing)
		return nil
	}
	db, err := store.Open(ctx, address, o)
	if err != nil {
		return dbHint(err)
	}
	fmt.Fprintf(env.Stdout, "done: steps %v\n", missing)
	return db.Close()
}

type dbBackupCmd struct {
	dataFlags
	Out     string `arg:"" name:"file" help:"New file, such as malmoi-2026-11-24.zip."`
	NoFiles bool   `name:"no-files" help:"Name the files with their sizes but leave their bytes out."`
}

func (c *dbBackupCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	address, err := c.existing(g)
	if err != nil {
		return err
	}
	files, err := c.blobs(ctx, g)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, address, store.Options{Now: env.Now})
	if err != nil {
		return dbHint(err)
	}
	defer db.Close()
	r, err := db.Backup(ctx, c.Out, files, c.NoFiles)
	if err != nil {
		return err
	}
	if _, err := store.Verify(ctx, c.Out); err != nil {
		return fmt.Errorf("the backup was written but cannot be read back: %w", err)
	}
	fmt.Fprintf(env.Stdout, "%s is ready and was read back: %s\n", c.Out, contents(r))
	return nil
}

// contents says what a backup or a copy holds.
func contents(r store.Report) string {
	return fmt.Sprintf("%d rows of %d tables, %d files (%s)", r.Rows(), len(r.Tables), r.Blobs, size(r.BlobBytes))
}

type dbRestoreCmd struct {
	dataFlags
	File string `arg:"" help:"A backup." type:"existingfile"`
}

func (c *dbRestoreCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	address, err := c.database(g)
	if err != nil {
		return err
	}
	files, err := c.blobs(ctx, g)
	if err != nil {
		return err
	}
	r, err := store.Restore(ctx, c.File, address, files, store.Options{Now: env.Now})
	if err != nil {
		return dbHint(err)
	}
	fmt.Fprintf(env.Stdout, "restored as of %s: %s\n", r.Created.Format("2006-01-02 15:04:05 MST"), contents(r))
	tellKept(env, r)
	return nil
}

func tellKept(env *Env, r store.Report) {
	if r.Kept != "" {
		fmt.Fprintf(env.Stdout, "what was there before is kept: %s\n", r.Kept)
	}
}

type dbCheckCmd struct {
	dataFlags
	Backup string `help:"Check this backup instead of the database." placeholder:"FILE"`
}

func (c *dbCheckCmd) Run(ctx context.Context, env *Env, g *globals) error {
	if c.Backup != "" {
		r, err := store.Verify(ctx, c.Backup)
		if err != nil {
			return dbHint(err)
		}
		fmt.Fprintf(env.Stdout, "%s is whole: %s\n", c.Backup, contents(r))
		return nil
	}
	address, err := c.existing(g)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, address, store.Options{Now: env.Now})
	if err != nil {
		return dbHint(err)
	}
	defer db.Close()
	wrong, err := db.Check(ctx)
	if err != nil {
		return err
	}
	for _, line := range wrong {
		fmt.Fprintln(env.Stdout, line)
	}
	if len(wrong) > 0 {
		return withHint(errors.New("the database is not as it should be"), "run the check again: what could be mended is; for the rest restore a backup with 'malmoi db restore FILE'")
	}
	fmt.Fprintln(env.Stdout, "the database is whole")
	return nil
}

type dbMoveCmd struct {
	dataFlags
	To      string `required:"" help:"Where everything goes: a file, or postgres://…" placeholder:"DATABASE"`
	Replace bool   `help:"The other database may have accounts already: put the new one in its place and keep the old one."`
}

func (c *dbMoveCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	address, err := c.existing(g)
	if err != nil {
		return err
	}
	r, err := store.Move(ctx, address, c.To, c.Replace, store.Options{Now: env.Now})
	if err != nil {
		return dbHint(err)
	}
	fmt.Fprintf(env.Stdout, "moved and compared: %d rows of %d tables\n", r.Rows(), len(r.Tables))
	tellKept(env, r)
	fmt.Fprintf(env.Stdout, "start the server there with --database; %s is as it was\n", address)
	return nil
}
