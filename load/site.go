package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"time"
)

// site opens streams of the site's own API: people sign in, each with a few
// chats, ask, and read the answer that the server makes.
type site struct {
	url    string
	plan   plan
	people []*http.Client // signed in, each with its own cookies
	peak   int64          // memory of the process that signed them in, bytes
}

// perUser is how many answers one person may have under way.
const perUser = 4

// password is the same for all; it opens nothing but a server that lives for a
// minute on loopback.
const password = "바다와-하늘과-load-2026"

// prepare makes the people and signs them in, at a process of its own: hashing
// passwords takes memory on purpose, which is measured apart. Sessions are kept
// in the database, so the next process knows them.
func (s *site) prepare(ctx context.Context, upstream, dir string) error {
	m, err := start(ctx, s.plan, upstream, dir)
	if err != nil {
		return err
	}
	s.url = m.url
	err = s.signUp(ctx)
	_, s.peak = m.memory()
	if e := m.stop(); err == nil {
		err = e
	}
	return err
}

// signUp makes the administrator and as many members as the streams need.
func (s *site) signUp(ctx context.Context) error {
	admin := person()
	if err := s.call(ctx, admin, "POST", "/api/setup", map[string]any{"login": "admin", "name": "Admin", "password": password}, nil); err != nil {
		return err
	}
	for i := range (s.plan.streams + perUser - 1) / perUser {
		login := fmt.Sprintf("user%03d", i)
		err := s.call(ctx, admin, "POST", "/api/admin/users", map[string]any{"login": login, "name": login, "email": "", "role": "member", "password": password}, nil)
		if err != nil {
			return err
		}
		member := person()
		if err := s.call(ctx, member, "POST", "/api/session", map[string]any{"login": login, "password": password}, nil); err != nil {
			return err
		}
		s.people = append(s.people, member)
	}
	return nil
}

func person() *http.Client {
	jar, _ := cookiejar.New(nil) // cannot fail without options
	return &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: perUser, ReadBufferSize: 16 << 10}}
}

// maxTries bounds how often a call that is told to wait is made.
const maxTries = 60

// call sends JSON and reads JSON; out may be nil. It waits where it is told to.
func (s *site) call(ctx context.Context, c *http.Client, method, path string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		r, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(data))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := c.Do(r)
		if err != nil {
			return err
		}
		if res.StatusCode == http.StatusTooManyRequests && try < maxTries {
			res.Body.Close()
			time.Sleep(time.Second)
			continue
		}
		body, err := answered(res)
		if err != nil {
			return err
		}
		defer body.Close()
		if out == nil {
			_, err = io.Copy(io.Discard, body)
			return err
		}
		return json.NewDecoder(body).Decode(out)
	}
}

func (s *site) open(ctx context.Context, i int) (io.ReadCloser, error) {
	me := s.people[i/perUser]
	var chat struct {
		ID string `json:"id"`
	}
	if err := s.call(ctx, me, "POST", "/api/chats", map[string]any{"model": "fake/m"}, &chat); err != nil {
		return nil, err
	}
	var asked struct {
		Answers []struct {
			ID string `json:"id"`
		} `json:"answers"`
	}
	question := map[string]any{"parent": "", "content": fmt.Sprintf("질문 %d, tokens=%d", i, s.plan.tokens())}
	if err := s.call(ctx, me, "POST", "/api/chats/"+chat.ID+"/messages", question, &asked); err != nil {
		return nil, err
	}
	if len(asked.Answers) != 1 {
		return nil, fmt.Errorf("%d answers to one question", len(asked.Answers))
	}
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/messages/"+asked.Answers[0].ID+"/stream", nil)
	if err != nil {
		return nil, err
	}
	res, err := me.Do(r)
	if err != nil {
		return nil, err
	}
	return answered(res)
}

func (s *site) last(event string, data []byte) bool { return event == "done" || event == "error" }
