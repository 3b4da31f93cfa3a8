package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// opener begins the stream number i and returns the answer's body, and how its
// last event is recognised.
type opener interface {
	open(ctx context.Context, i int) (io.ReadCloser, error)
	last(event string, data []byte) bool
}

// measure runs one plan from start to end.
func measure(ctx context.Context, p plan) (*result, error) {
	f, err := startFake(p.rate)
	if err != nil {
		return nil, err
	}
	defer f.close()
	if p.door == "direct" {
		return stream(ctx, p, &v1{url: f.url, model: "m", plan: p, client: streamClient(p.streams)}, nil)
	}
	dir, err := os.MkdirTemp("", "malmoi-load-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	site := &site{plan: p}
	if p.door == "app" {
		if err := site.prepare(ctx, f.url, dir); err != nil {
			return nil, fmt.Errorf("set the site up: %w", err)
		}
	}
	m, err := start(ctx, p, f.url, dir)
	if err != nil {
		return nil, err
	}
	defer m.stop()
	var o opener = &v1{url: m.url, model: "fake/m", plan: p, client: streamClient(p.streams)}
	if p.door == "app" {
		site.url = m.url
		o = site
	}
	r, err := stream(ctx, p, o, m)
	if r != nil {
		r.signIn = site.peak
	}
	return r, err
}

// stream opens all streams within the ramp, reads them to their ends, and looks
// at the process meanwhile.
func stream(ctx context.Context, p plan, o opener, m *process) (*result, error) {
	ctx, cancel := context.WithTimeout(ctx, p.ramp+time.Duration(p.seconds)*time.Second*2+time.Minute)
	defer cancel()
	all := make([]*reading, p.streams)
	var group sync.WaitGroup
	began := time.Now()
	before := cpuOf(m)
	for i := range all {
		r := &reading{delays: make([]int32, 0, p.tokens())}
		all[i] = r
		group.Go(func() {
			time.Sleep(p.ramp * time.Duration(i) / time.Duration(p.streams))
			r.err = follow(ctx, o, i, r, p.tokens())
		})
	}
	ended := make(chan struct{})
	watched := make(chan int64, 1)
	go func() { watched <- watch(m, ended) }()
	group.Wait()
	close(ended)
	r := gather(all)
	r.took = time.Since(began)
	r.rss = <-watched
	r.cpu = cpuOf(m) - before
	return r, ctx.Err()
}

func cpuOf(m *process) time.Duration {
	if m == nil {
		return 0
	}
	return m.cpu()
}

func follow(ctx context.Context, o opener, i int, r *reading, tokens int) error {
	began := time.Now()
	body, err := o.open(ctx, i)
	if err != nil {
		return err
	}
	defer body.Close()
	r.opened = time.Now()
	r.asked = r.opened.Sub(began)
	return r.read(body, tokens, o.last)
}

// watch is the most memory that the process had until ended is closed.
func watch(m *process, ended <-chan struct{}) (most int64) {
	if m == nil {
		return 0
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		now, _ := m.memory()
		most = max(most, now)
		select {
		case <-tick.C:
		case <-ended:
			return most
		}
	}
}

// streamClient keeps one connection for each stream.
func streamClient(streams int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: streams, ReadBufferSize: 16 << 10}}
}

// v1 opens streams of the OpenAI API.
type v1 struct {
	url, model string
	plan       plan
	client     *http.Client
}

func (v *v1) open(ctx context.Context, i int) (io.ReadCloser, error) {
	body := fmt.Sprintf(`{"model":%q,"stream":true,"messages":[{"role":"user","content":"질문 %d, tokens=%d"}]}`, v.model, i, v.plan.tokens())
	r, err := http.NewRequestWithContext(ctx, "POST", v.url+"/v1/chat/completions", bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	return answered(res)
}

func (v *v1) last(_ string, data []byte) bool { return string(data) == "[DONE]" }

// answered is the body of an answer that is a success.
func answered(res *http.Response) (io.ReadCloser, error) {
	if res.StatusCode/100 == 2 {
		return res.Body, nil
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
	return nil, fmt.Errorf("%s %s: status %d: %s", res.Request.Method, res.Request.URL.Path, res.StatusCode, said)
}
