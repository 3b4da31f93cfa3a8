// Package cli is the command line: one table of commands, one file each. It is
// the only room that reads flags and the environment; what it reads it hands
// down as values. It knows every other room and none of their insides.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"
)

// Env is the world a command runs in; tests make their own.
type Env struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Now    func() time.Time
}

// commands is the table. Order is the order of 'malmoi help'.
type commands struct {
	globals

	Run        runCmd        `cmd:"" help:"Talk with a model in the terminal."`
	Serve      serveCmd      `cmd:"" help:"Serve the page and the HTTP APIs."`
	Generate   generateCmd   `cmd:"" help:"Continue a text or token ids, without a template."`
	Embed      embedCmd      `cmd:"" help:"Turn lines of JSON strings into vectors."`
	Tokenize   tokenizeCmd   `cmd:"" help:"Text on stdin to token ids."`
	Detokenize detokenizeCmd `cmd:"" help:"Token ids on stdin to text."`
	Render     renderCmd     `cmd:"" help:"Render a chat template."`
	Score      scoreCmd      `cmd:"" help:"Log-probabilities of a text under a model."`
	Quant      quantCmd      `cmd:"" help:"Decode or encode quantised blocks."`
	Convert    convertCmd    `cmd:"" help:"Write a GGUF file from a folder of safetensors."`
	Pull       pullCmd       `cmd:"" help:"Fetch a model: by name, from the hub, or from an address."`
	List       listCmd       `cmd:"" help:"List the installed models, with --all the catalogue."`
	Show       showCmd       `cmd:"" help:"Say all that is known of a model."`
	Rm         rmCmd         `cmd:"" help:"Remove models and unfinished downloads."`
	Import     importCmd     `cmd:"" help:"Take in a model file or folder that is here already."`
	Verify     verifyCmd     `cmd:"" help:"Read installed models again and compare their hashes."`
	Bundle     bundleCmd     `cmd:"" help:"Carry models into a network that reaches nothing."`
	User       userCmd       `cmd:"" help:"Manage who may come in."`
	Key        keyCmd        `cmd:"" help:"Manage API keys."`
	DB         dbCmd         `cmd:"" name:"db" help:"Back up, restore, check and move the database."`
	Skill      skillCmd      `cmd:"" help:"List and try the tools that models may use."`
	Bench      benchCmd      `cmd:"" help:"Measure this machine with a model."`
	Doctor     doctorCmd     `cmd:"" help:"Say what this machine has and what malmoi makes of it."`
	Completion completionCmd `cmd:"" help:"Print a completion script for bash, zsh or fish."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// globals are the flags that every command takes.
type globals struct {
	Data string `help:"Folder of models and settings." placeholder:"DIR" env:"MALMOI_DATA"`
	CPU  string `name:"cpu" help:"Kernels to use: portable, avx2 or avx512 (default: the best this machine has)." placeholder:"PATH" env:"MALMOI_CPU"`
}

// hinted is an error with a next step for the user.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// withHint attaches a next step to err.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hinted{err, fmt.Sprintf(format, args...)}
}

// exitCode carries the status that kong wants to end with after help.
type exitCode int

// Main runs one command and returns the process's exit status: 0, 1 after an
// error, 2 for a command line that cannot be understood.
func Main(ctx context.Context, env Env) (status int) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exitCode)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	var c commands
	parser, err := kong.New(&c,
		kong.Name("malmoi"),
		kong.Description("malmoi (말모이) runs open language models on machines you own."),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Resolvers(environment(env.Getenv)),
	)
	if err != nil {
		fmt.Fprintln(env.Stderr, "malmoi:", err)
		return 2
	}
	k, err := parser.Parse(env.Args)
	if err != nil {
		fmt.Fprintln(env.Stderr, "malmoi:", err)
		fmt.Fprintln(env.Stderr, "malmoi: hint: 'malmoi --help' lists the commands")
		return 2
	}
	if err := c.globals.apply(env); err != nil {
		report(env.Stderr, err)
		return 2
	}
	if err := k.Run(&env, &c.globals); err != nil {
		report(env.Stderr, err)
		return 1
	}
	return 0
}

// report prints an error in malmoi's voice, with its next step if it has one.
func report(w io.Writer, err error) {
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "malmoi: stopped")
		return
	}
	fmt.Fprintln(w, "malmoi:", err)
	var h hinted
	if errors.As(err, &h) {
		fmt.Fprintln(w, "malmoi: hint:", h.hint)
	}
}
