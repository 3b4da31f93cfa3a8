// Command load measures what malmoi adds to a stream. It starts a malmoi serve
// process whose only models are at a fake server in this process, which writes
// tokens at a fixed rate with the time in each; many clients here read them and
// compare. It is a tool for developers: 'make load' runs it.
//
//	go run ./load -malmoi bin/malmoi -streams 500 -seconds 60
//
// Fake server, clients and malmoi share one machine and one clock, so the delay
// of a token is exact, and includes the work of this process. The exit status is
// 1 when a limit is missed.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// plan is one measurement.
type plan struct {
	malmoi  []string // the program and arguments before "serve"
	env     []string // of its process, beside our own
	door    string   // "v1", "app" or "direct"
	streams int
	seconds int
	rate    int // tokens a second of each stream
	ramp    time.Duration
}

// tokens is the length of one answer.
func (p plan) tokens() int { return p.seconds * p.rate }

// limits are what a measurement must keep to.
type limits struct {
	delay time.Duration // p99
	rss   int64         // bytes
}

func run(ctx context.Context, args []string, out io.Writer) (ok bool, err error) {
	p := plan{ramp: 2 * time.Second}
	var l limits
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	malmoi := flags.String("malmoi", "bin/malmoi", "the program to measure")
	door := flags.String("door", "all", "v1: the OpenAI API; app: conversations that the server owns; all: both")
	flags.IntVar(&p.streams, "streams", 500, "streams at the same time")
	flags.IntVar(&p.seconds, "seconds", 60, "length of each stream")
	flags.IntVar(&p.rate, "rate", 20, "tokens a second of each stream")
	flags.DurationVar(&l.delay, "max-delay", 50*time.Millisecond, "added delay that 99 of 100 tokens keep to")
	rss := flags.Int64("max-rss", 250, "memory of the process in MB")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	p.malmoi = []string{*malmoi}
	l.rss = *rss * 1e6
	fmt.Fprintf(out, "%s\n%d streams of %d s at %d tokens/s\n\n", machine(), p.streams, p.seconds, p.rate)
	doors := []string{"v1", "app"}
	if *door != "all" {
		doors = []string{*door}
	}
	direct := p
	direct.door, direct.seconds = "direct", min(p.seconds, 15)
	base, err := measure(ctx, direct)
	if err != nil {
		return false, err
	}
	fmt.Fprint(out, header)
	fmt.Fprint(out, base.row(direct))
	ok = base.failed == 0
	for _, d := range doors {
		p.door = d
		r, err := measure(ctx, p)
		if err != nil {
			return false, err
		}
		fmt.Fprint(out, r.row(p))
		for _, why := range r.missed(base, l) {
			ok = false
			fmt.Fprintln(out, "missed:", why)
		}
	}
	return ok, nil
}
