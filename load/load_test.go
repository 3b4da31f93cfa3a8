package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"malmoi/internal/cli"
)

// asMalmoi makes the test's own program behave as malmoi, so that a real process
// is measured without building another program.
const asMalmoi = "LOAD_TEST_AS_MALMOI"

func TestMain(m *testing.M) {
	if os.Getenv(asMalmoi) != "" {
		os.Exit(cli.Main(context.Background(), cli.Env{
			Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		}))
	}
	os.Exit(m.Run())
}

// TestShortLoad is 'make load' with fewer streams for a shorter time. The delay
// is held to a second only: test machines do other things.
func TestShortLoad(t *testing.T) {
	for _, door := range []string{"v1", "app"} {
		t.Run(door, func(t *testing.T) {
			p := plan{malmoi: []string{os.Args[0]}, env: []string{asMalmoi + "=1"}, door: door, streams: 50, seconds: 5, rate: 20, ramp: 500 * time.Millisecond}
			r, err := measure(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("\n%s%s", header, r.row(p))
			if n := 50 * 5 * 20; len(r.delays) != n {
				t.Errorf("%d tokens, want %d", len(r.delays), n)
			}
			for _, why := range r.missed(&result{}, limits{delay: time.Second, rss: 250e6}) {
				t.Error(why)
			}
		})
	}
}

// TestReader: a client that reads must see what is wrong.
func TestReader(t *testing.T) {
	now := time.Now()
	done := func(_ string, data []byte) bool { return string(data) == "[DONE]" }
	f := func(name, in, want string) {
		t.Helper()
		var r reading
		err := r.read(strings.NewReader(in), 2, done)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	a, b := token(0, now), token(1, now)
	f("two", "data: x"+a+"y\n\ndata: "+b+"\n\ndata: [DONE]\n\n", "")
	f("two in one event", "event: delta\ndata: "+a+b+"\n\ndata: [DONE]\n\n", "")
	f("lost", "data: "+b+"\n\ndata: [DONE]\n\n", "token 1 where 0 was due")
	f("doubled", "data: "+a+"\n\ndata: "+a+"\n\n", "token 0 where 1 was due")
	f("short", "data: "+a+"\n\ndata: [DONE]\n\n", "1 of 2 tokens")
	f("cut", "data: "+a+"\n\n", "after 1 of 2 tokens")
	f("damaged", "data: @0:12\n\n", "damaged")
	f("long line", "data: "+strings.Repeat(" ", 40<<10)+a+b+"\n\ndata: [DONE]\n\n", "")
}

func TestQuantile(t *testing.T) {
	all := []*reading{{delays: []int32{5, 1, 3}}, {delays: []int32{2, 4}, err: context.Canceled}}
	r := gather(all)
	if r.failed != 1 || r.why == nil || r.quantile(0.5) != 3*time.Microsecond || r.quantile(1) != 5*time.Microsecond {
		t.Errorf("%+v", r)
	}
}
