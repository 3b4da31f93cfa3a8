// Command malmoi runs open language models on machines people own: see
// README.md, or 'malmoi --help'.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"malmoi/internal/cli"
)

// main lets SIGTERM end the context; what Ctrl-C means is up to the command: it
// stops an answer in a chat and drains a server.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.Env{
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.Getenv,
		Now:    time.Now,
	}))
}
