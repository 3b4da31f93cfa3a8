// Command server serves the page and the real HTTP stack (sign-in, SQLite,
// conversations, streams) on models that say what the question commands, for
// the page's tests in a browser. It computes nothing and keeps nothing: its
// database lies in a temporary folder.
//
//	go run ./web/e2e/server                       personal mode, a free port, printed as the first line
//	go run ./web/e2e/server --accounts            accounts; none exists yet: POST /api/setup makes the first
//	go run ./web/e2e/server --listen 127.0.0.1:8099 --delay 8ms --page internal/webui/dist
//
// The first word of a question commands: see script.go. Beside the real routes
// there are some for tests:
//
//	GET  /test/state     {"requests":[{"model","messages":[{"role","content"}],"temperature",…,"title":bool}],"upstream":[…]}: what the models were asked
//	POST /test/reset     {"accounts"?,"key"?,"delay_ms"?,"models"?,"upstream"?,"pool"?}: a new site with an empty database; what is left out is as at the start
//	POST /test/models    {"models":[as in /api/info]}: other models, on the same site
//	POST /test/upstream  {"down":bool}: the other server dies in the middle of its answers, or is back
//	POST /test/cut       closes every open connection at once, as a bad network does
//
// It must never be reachable from elsewhere and refuses to listen on anything
// but loopback.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, terminate)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// flags are what the command line says.
type flags struct {
	listen   string
	accounts bool
	delay    time.Duration
	page     string
	log      bool
}

func parse(args []string) (flags, error) {
	var f flags
	set := flag.NewFlagSet("server", flag.ContinueOnError)
	set.StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback `address`")
	set.BoolVar(&f.accounts, "accounts", false, "people sign in")
	set.DurationVar(&f.delay, "delay", 8*time.Millisecond, "between two pieces of an answer")
	set.StringVar(&f.page, "page", "", "`folder` of the built page instead of the one in the binary")
	set.BoolVar(&f.log, "log", false, "log requests to stderr")
	return f, set.Parse(args)
}
