package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"malmoi/internal/skill"
)

// call makes the function that calls a tool. The tool must still be what was
// approved at the moment of the call.
func (c *Client) call(approved Tool) func(context.Context, json.RawMessage) (string, error) {
	return func(ctx context.Context, arguments json.RawMessage) (string, error) {
		session, tools, err := c.ready(ctx)
		if err != nil {
			return "", err
		}
		if !c.same(tools, approved) {
			return "", fmt.Errorf("the tool server has changed %q: an administrator must approve it again", approved.Name)
		}
		ctx, cancel := context.WithTimeout(ctx, c.c.Timeout)
		defer cancel()
		res, err := session.CallTool(ctx, &sdk.CallToolParams{Name: approved.Name, Arguments: arguments})
		if err != nil {
			return "", c.lost(ctx, session, err)
		}
		if res.NeedsInput() {
			return "", errors.New("the tool server wants to ask the user something, which it may not")
		}
		text := resultText(res)
		if res.IsError {
			return "", errors.New(skill.Cut(text, 4000))
		}
		return text, nil
	}
}

func (c *Client) same(tools []*sdk.Tool, approved Tool) bool {
	for _, t := range tools {
		if t != nil && t.Name == approved.Name {
			return c.judge(t).Pin == approved.Pin
		}
	}
	return false
}

// lost says why a call came to nothing. A server that does not answer in time
// or is gone is started anew with the next call.
func (c *Client) lost(ctx context.Context, s *sdk.ClientSession, err error) error {
	var said *jsonrpc.Error
	gone := errors.Is(err, sdk.ErrConnectionClosed) || !errors.As(err, &said)
	if !gone && ctx.Err() == nil {
		return fmt.Errorf("the tool server refused the call: %s", skill.Cut(err.Error(), 2000))
	}
	c.mu.Lock()
	if c.session == s {
		c.session, c.tools = nil, nil
	}
	c.mu.Unlock()
	go s.Close() // may wait for a process that does not want to end
	if ctx.Err() == nil {
		return errors.New("the tool server ended before it answered")
	}
	return fmt.Errorf("the tool server did not answer in time: %w", context.Cause(ctx))
}

// resultText is what of a result is text; pictures and sounds are named.
func resultText(res *sdk.CallToolResult) string {
	var b strings.Builder
	for _, part := range res.Content {
		if b.Len() > maxAnswer {
			break
		}
		switch x := part.(type) {
		case *sdk.TextContent:
			b.WriteString(x.Text + "\n")
		case *sdk.ImageContent:
			fmt.Fprintf(&b, "(그림: %s, %d바이트)\n", skill.Cut(x.MIMEType, 100), len(x.Data))
		case *sdk.AudioContent:
			fmt.Fprintf(&b, "(소리: %s, %d바이트)\n", skill.Cut(x.MIMEType, 100), len(x.Data))
		case *sdk.EmbeddedResource:
			if x.Resource != nil {
				b.WriteString(x.Resource.Text + "\n")
			}
		case *sdk.ResourceLink:
			b.WriteString(x.Name + ": " + x.URI + "\n")
		}
	}
	if b.Len() == 0 && res.StructuredContent != nil {
		if text, err := json.Marshal(res.StructuredContent); err == nil {
			b.Write(text)
		}
	}
	return strings.ToValidUTF8(strings.TrimSpace(skill.Cut(b.String(), maxAnswer)), "\uFFFD")
}
