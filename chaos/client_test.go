package chaos

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// message is a message of the API.
type message struct {
	ID      string `json:"id"`
	Parent  string `json:"parent"`
	Role    string `json:"role"`
	Content string `json:"content"`
	Status  string `json:"status"`
}

// client is somebody at one process; without a key, whoever is at a site in
// personal mode.
type client struct{ url, key string }

func (c client) request(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	return http.DefaultClient.Do(r)
}

// call sends and reads JSON.
func (c client) call(ctx context.Context, method, path string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	res, err := c.request(ctx, method, path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		var said bytes.Buffer
		said.ReadFrom(res.Body)
		return &refused{res.StatusCode, said.String()}
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

type refused struct {
	status int
	body   string
}

func (r *refused) Error() string { return fmt.Sprintf("status %d: %s", r.status, r.body) }

// ask posts a question under an id of our own.
func (c client) ask(ctx context.Context, chat, id, content string) (answer string, err error) {
	var asked struct {
		Question message   `json:"question"`
		Answers  []message `json:"answers"`
	}
	in := map[string]any{"id": id, "parent": "", "content": content}
	if err := c.call(ctx, "POST", "/api/chats/"+chat+"/messages", in, &asked); err != nil {
		return "", err
	}
	if asked.Question.ID != id || len(asked.Answers) != 1 {
		return "", fmt.Errorf("asked %s, got question %s with %d answers", id, asked.Question.ID, len(asked.Answers))
	}
	return asked.Answers[0].ID, nil
}

// seen is how much of an answer a reader had at a time.
type seen struct {
	at     time.Time
	length int
}

// follow reads an answer to its end and tells f what it has after each event.
// The result is the final message, or an error if the stream broke off.
func (c client) follow(ctx context.Context, id string, f func(text string)) (message, error) {
	res, err := c.request(ctx, "GET", "/api/messages/"+id+"/stream", nil)
	if err != nil {
		return message{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return message{}, &refused{res.StatusCode, "stream"}
	}
	var event string
	var text strings.Builder
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		name, data, _ := strings.Cut(lines.Text(), ": ")
		if name == "event" {
			event = data
		}
		if name != "data" {
			continue
		}
		var e struct {
			Content string   `json:"content"`
			Message *message `json:"message"`
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return message{}, fmt.Errorf("event %s: %w", event, err)
		}
		switch event {
		case "delta":
			text.WriteString(e.Content)
		case "reset":
			text.Reset()
			text.WriteString(e.Message.Content)
		case "done":
			return *e.Message, nil
		}
		f(text.String())
	}
	return message{}, fmt.Errorf("the stream broke off: %w", lines.Err())
}
