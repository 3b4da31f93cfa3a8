package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// Chat is a conversation without its messages. Times are ms since 1970.
type Chat struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Model    string `json:"model"`
	Folder   string `json:"folder"`
	Preset   string `json:"preset"`
	System   string `json:"system"`
	Leaf     string `json:"leaf"` // the last message of the branch on screen
	Pinned   bool   `json:"pinned"`
	Archived bool   `json:"archived"`
	Created  int64  `json:"created"`
	Updated  int64  `json:"updated"`
	Messages int    `json:"messages"`
	Live     bool   `json:"live"` // an answer is being made

	Skills     string   `json:"skills"`      // "on", "off", or "" for what the settings say
	SkillNames []string `json:"skill_names"` // with "on", the skills that may be used; empty: all
}

// Message is a question or an answer.
type Message struct {
	ID        string     `json:"id"`
	Chat      string     `json:"chat"`
	Parent    string     `json:"parent"` // "" for the first question
	Role      string     `json:"role"`   // user or assistant
	Content   string     `json:"content"`
	Reasoning string     `json:"reasoning"`
	ToolCalls []ToolCall `json:"tool_calls"`
	Model     string     `json:"model"`
	Status    string     `json:"status"` // live, done, length, stopped, interrupted, error
	Failure   *Failure   `json:"failure"`
	Usage     *Usage     `json:"usage"`
	Vote      string     `json:"vote"`
	Compare   string     `json:"compare"`
	Created   int64      `json:"created"`
}

// ToolCall is a call that the model made, and what came back.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	Result    string `json:"result"`
	State     string `json:"state"` // ask, page, running, done, failed, refused, unknown; "": nobody runs it
	Title     string `json:"title"` // what people call it
}

// Failure says why there is no answer.
type Failure struct {
	Kind       string `json:"kind"` // busy, quota, context, filter, model, request, server, …
	Detail     string `json:"detail"`
	RetryAfter int    `json:"retry_after"` // seconds, 0: not said
}

// Usage counts an answer's tokens and time.
type Usage struct {
	PromptTokens     int   `json:"prompt_tokens"`
	CachedTokens     int   `json:"cached_tokens"`
	CompletionTokens int   `json:"completion_tokens"`
	ReasoningTokens  int   `json:"reasoning_tokens"`
	FirstMS          int64 `json:"first_ms"`
	TotalMS          int64 `json:"total_ms"`
}

// Params are sampling knobs; nil leaves the default.
type Params struct {
	Temperature *float32 `json:"temperature,omitempty"`
	TopP        *float32 `json:"top_p,omitempty"`
	MaxTokens   *int     `json:"max_tokens,omitempty"`
}

// NewChat says what a new conversation is like; the zero value will do.
type NewChat struct {
	ID     string `json:"id,omitempty"` // one's own, so that sending twice is making once
	Title  string `json:"title,omitempty"`
	Model  string `json:"model,omitempty"`
	Folder string `json:"folder,omitempty"`
	System string `json:"system,omitempty"`
	Skills string `json:"skills,omitempty"` // "on", "off", or "" for what the settings say

	SkillNames []string `json:"skill_names,omitempty"` // with "on", the skills that may be used; empty: all
}

// NewChat begins a conversation.
func (c *Client) NewChat(ctx context.Context, n NewChat) (chat Chat, err error) {
	return chat, c.call(ctx, "POST", "/api/chats", n, &chat)
}

// Chats returns a page of conversations, pinned ones first, then the newest,
// and the cursor for the next page, "" at the end. before is that cursor.
func (c *Client) Chats(ctx context.Context, limit int, before string) (chats []Chat, next string, err error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if before != "" {
		q.Set("before", before)
	}
	var out struct {
		Chats []Chat `json:"chats"`
		Next  string `json:"next"`
	}
	err = c.call(ctx, "GET", "/api/chats?"+q.Encode(), nil, &out)
	return out.Chats, out.Next, err
}

// Chat returns a conversation with all branches of its messages.
func (c *Client) Chat(ctx context.Context, id string) (Chat, []Message, error) {
	var out struct {
		Chat     Chat      `json:"chat"`
		Messages []Message `json:"messages"`
	}
	err := c.call(ctx, "GET", under("/api/chats/", id, ""), nil, &out)
	return out.Chat, out.Messages, err
}

// DeleteChat deletes a conversation; the server keeps it for 30 days.
func (c *Client) DeleteChat(ctx context.Context, id string) error {
	return c.call(ctx, "DELETE", under("/api/chats/", id, ""), nil, nil)
}

// Question is what is asked.
type Question struct {
	ID      string   `json:"id,omitempty"`     // one's own, so that asking twice is asking once
	Parent  string   `json:"parent,omitempty"` // the answer that is replied to, "" at the beginning
	Content string   `json:"content"`
	Models  []string `json:"models,omitempty"` // one, or two to compare; none for the chat's
	Params  Params   `json:"params,omitzero"`
}

// Asked is a question with the answers that the server is making.
type Asked struct {
	Question Message   `json:"question"`
	Answers  []Message `json:"answers"`
}

// Ask asks. The answers are made by the server, whether anybody reads them or
// not.
func (c *Client) Ask(ctx context.Context, chat string, q Question) (out Asked, err error) {
	return out, c.call(ctx, "POST", under("/api/chats/", chat, "/messages"), q, &out)
}

// Stop ends an answer; what it has said stays.
func (c *Client) Stop(ctx context.Context, message string) error {
	return c.call(ctx, "POST", under("/api/messages/", message, "/stop"), nil, nil)
}

// Consent allows or refuses a call whose state is ask. The first word counts;
// a later one is an Error with status 409.
func (c *Client) Consent(ctx context.Context, message, call string, allow bool) error {
	body := struct {
		Call  string `json:"call"`
		Allow bool   `json:"allow"`
	}{call, allow}
	return c.call(ctx, "POST", under("/api/messages/", message, "/consent"), body, nil)
}

// Result is what came out of a call whose state is page: who reads the answer
// has made it in the page's place.
type Result struct {
	Call   string `json:"call"`
	Text   string `json:"text"` // at most 32 KiB
	Failed bool   `json:"failed"`
}

// Bring hands in a result. The first one counts; a later one is an Error with
// status 409.
func (c *Client) Bring(ctx context.Context, message string, r Result) error {
	return c.call(ctx, "POST", under("/api/messages/", message, "/result"), r, nil)
}

// Delta is what is to be appended to an answer. With Reset, everything said
// before is to be forgotten first.
type Delta struct {
	Content   string         `json:"content"`
	Reasoning string         `json:"reasoning"`
	ToolCall  *ToolCallDelta `json:"tool_call"`
	Reset     bool           `json:"-"`
}

// ToolCallDelta is a piece of a tool call; ID and Name come with its first.
type ToolCallDelta struct {
	Index     int    `json:"index"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	State     string `json:"state"` // takes the place of the one before
	Title     string `json:"title"`
	Result    string `json:"result"`
}

// ErrCut is returned by Follow when the connection ended again and again
// before the answer did.
var ErrCut = errors.New("malmoi: the stream ended before the answer did")

// maxResumes is how often in a row Follow connects again without hearing
// anything new.
const maxResumes = 5

// Follow reads an answer while it is made and returns it when it has ended. A
// broken connection is resumed where it broke. take may be nil; an error of
// its ends the reading, not the answer.
func (c *Client) Follow(ctx context.Context, message string, take func(Delta) error) (Message, error) {
	f := follower{take: take}
	for tries := 0; tries < maxResumes; tries++ {
		last := f.last
		header := http.Header{}
		if last != "" {
			header.Set("Last-Event-ID", last)
		}
		resp, err := c.open(ctx, "GET", under("/api/messages/", message, "/stream"), nil, header)
		if err != nil {
			return Message{}, err
		}
		err = eachEvent(resp.Body, f.event)
		resp.Body.Close()
		switch {
		case errors.Is(err, io.EOF):
			return f.message, nil
		case f.fault != nil:
			return Message{}, f.fault
		case ctx.Err() != nil:
			return Message{}, ctx.Err()
		}
		if f.last != last {
			tries = 0
		}
	}
	return Message{}, ErrCut
}

// follower is what one Follow has heard.
type follower struct {
	take    func(Delta) error
	last    string // id of the last event
	message Message
	fault   error // that ends the reading
}

// event takes an event; io.EOF says that the answer has ended.
func (f *follower) event(e event) error {
	if e.id != "" {
		f.last = e.id
	}
	var w struct {
		Message Message `json:"message"`
		Error   *Error  `json:"error"`
	}
	d := Delta{}
	switch e.name {
	case "delta":
		f.fault = read(e, &d)
	case "reset":
		f.fault = read(e, &w)
		d = Delta{Content: w.Message.Content, Reasoning: w.Message.Reasoning, Reset: true}
	case "done":
		if f.fault = read(e, &w); f.fault == nil {
			f.message = w.Message
			return io.EOF
		}
	case "error":
		if f.fault = read(e, &w); f.fault == nil && w.Error != nil {
			f.fault = w.Error
		}
	default:
		return nil // usage comes with the message
	}
	if f.fault == nil && f.take != nil {
		f.fault = f.take(d)
	}
	return f.fault
}

func read(e event, out any) error {
	if err := json.Unmarshal([]byte(e.data), out); err != nil {
		return fmt.Errorf("malmoi: event %s: %w", e.name, err)
	}
	return nil
}
