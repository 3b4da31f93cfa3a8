package cli

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"

	"golang.org/x/term"

	"malmoi/internal/account"
	"malmoi/internal/store"
)

// peopleFlags say which site's accounts a command is about.
type peopleFlags struct {
	Database string `help:"Where people and conversations are kept: a file, or postgres://… (default: malmoi.db in the data folder)." placeholder:"DATABASE" env:"MALMOI_DATABASE"`
}

// people is the accounts of a site, opened beside a server that may run.
type people struct {
	*account.Service
	db    *store.DB
	quiet func()            // ends the bus
	admin account.Principal // whoever may run commands here manages the site
}

func (f *peopleFlags) open(ctx context.Context, env *Env, g *globals) (*people, error) {
	address, err := (&dataFlags{Database: f.Database}).database(g)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, address, store.Options{Now: env.Now})
	if err != nil {
		return nil, err
	}
	// With Postgres running servers hear at once what changes here; with SQLite
	// they find out when they look.
	notices, quiet := db.Bus(ctx)
	s := account.NewService(db.Accounts(), notices, account.Options{Now: env.Now})
	return &people{s, db, quiet, account.Operator("operator" + operatorName())}, nil
}

// operatorName is the system's name of who runs the command, for the audit log.
func operatorName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return " " + u.Username
}

// Close ends the service and the database.
func (p *people) Close() error {
	err := p.Service.Close()
	p.quiet() // sends what is left
	return errors.Join(err, p.db.Close())
}

// find returns the user with a login.
func (p *people) find(ctx context.Context, login string) (account.User, error) {
	u, err := p.UserByLogin(ctx, p.admin, login)
	if errors.Is(err, account.ErrNotFound) {
		err = withHint(fmt.Errorf("user %q: %w", login, err), "'malmoi user list' shows who is there")
	}
	return u, err
}

// with opens the site's accounts for f.
func (f *peopleFlags) with(ctx context.Context, env *Env, g *globals, do func(p *people) error) error {
	p, err := f.open(ctx, env, g)
	if err != nil {
		return err
	}
	return peopleHint(errors.Join(do(p), p.Close()))
}

// peopleHint adds the next step to the errors that people meet.
func peopleHint(err error) error {
	if bad, ok := errors.AsType[*account.InvalidError](err); ok && bad.Field == "password" {
		return withHint(err, "at least %d characters that are not easily guessed: three or four words that do not belong together, or --generate", account.MinPassword)
	}
	return err
}

// passwordFlags say where a password comes from.
type passwordFlags struct {
	Generate bool `help:"Make a password and print it."`
}

// password asks for a password twice at a terminal, reads the first line of
// standard input otherwise, or makes one. It is never an argument: arguments
// are seen by everybody on the machine.
func (f passwordFlags) password(env *Env) (string, error) {
	if f.Generate {
		return rand.Text(), nil // 130 bits
	}
	in, ok := env.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(env.Stdin, account.MaxPassword+2)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return "", withHint(errors.New("no password on standard input"), "pipe one in, or use --generate")
		}
		return line, nil
	}
	first, err := ask(env, in, "비밀번호 (password): ")
	if err != nil {
		return "", err
	}
	again, err := ask(env, in, "한 번 더 (again): ")
	if err == nil && first != again {
		err = errors.New("the two passwords differ")
	}
	return first, err
}

func ask(env *Env, in *os.File, prompt string) (string, error) {
	fmt.Fprint(env.Stderr, prompt)
	b, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(env.Stderr)
	return string(b), err
}

// show prints a password that was made; one that somebody typed they know.
func (f passwordFlags) show(env *Env, password string) {
	if f.Generate {
		fmt.Fprintln(env.Stdout, "password:", password)
	}
}
