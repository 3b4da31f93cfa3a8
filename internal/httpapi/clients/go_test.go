package clients

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"malmoi/internal/httpapi"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// The tests of this file drive the server with the unmodified openai-go client.

func goClient(url string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey(key), option.WithMaxRetries(0))
}

func ask(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    "m",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)},
	}
}

var weather = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
	Name:       "get_weather",
	Parameters: shared.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
})}

func TestGoClientChats(t *testing.T) {
	client, ctx := goClient(serve(t, obliging(), nil)), t.Context()
	r, err := client.Chat.Completions.New(ctx, ask("안녕"))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Choices[0].Message.Content; got != "안녕하세요" {
		t.Errorf("content %q", got)
	}
	if got := r.Usage.PromptTokensDetails.CachedTokens; got != 8 {
		t.Errorf("cached tokens %d, want 8", got)
	}
	page, err := client.Models.List(ctx)
	if err != nil || len(page.Data) != 1 || page.Data[0].ID != "m" {
		t.Errorf("models %v, %v", page, err)
	}
}

func TestGoClientStreams(t *testing.T) {
	client := goClient(serve(t, obliging(), nil))
	p := ask("안녕")
	p.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := client.Chat.Completions.NewStreaming(t.Context(), p)
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		if !acc.AddChunk(stream.Current()) {
			t.Fatalf("chunk does not fit: %s", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if got := acc.Choices[0]; got.Message.Content != "안녕하세요" || got.FinishReason != "stop" {
		t.Errorf("accumulated %q, %q", got.Message.Content, got.FinishReason)
	}
	if acc.Usage.TotalTokens != 25 {
		t.Errorf("total tokens %d, want 25", acc.Usage.TotalTokens)
	}
}

func TestGoClientSurvivesSilence(t *testing.T) {
	script := fake.Say("하나", "둘")
	script.Steps[0].Wait = 60 * time.Millisecond
	script.Steps[1].Wait = 60 * time.Millisecond
	m := &fake.Model{OnChat: func(llm.ChatRequest) fake.Script { return script }}
	client := goClient(serve(t, m, func(o *httpapi.Options) { o.KeepAlive = 10 * time.Millisecond }))
	stream := client.Chat.Completions.NewStreaming(t.Context(), ask("x"))
	text := ""
	for stream.Next() {
		text += stream.Current().Choices[0].Delta.Content
	}
	if err := stream.Err(); err != nil || text != "하나둘" {
		t.Errorf("text %q, error %v", text, err)
	}
}

func TestGoClientCallsTools(t *testing.T) {
	client, ctx := goClient(serve(t, obliging(), nil)), t.Context()
	p := ask("날씨?")
	p.Tools = weather
	r, err := client.Chat.Completions.New(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	call := r.Choices[0].Message.ToolCalls[0]
	if call.ID != "call_1" || call.Function.Name != "get_weather" || call.Function.Arguments != `{"city":"서울"}` {
		t.Errorf("call %+v", call.Function)
	}
	p.Messages = append(p.Messages, r.Choices[0].Message.ToParam(), openai.ToolMessage("맑음", call.ID))
	if r, err = client.Chat.Completions.New(ctx, p); err != nil {
		t.Fatal(err)
	}
	if got := r.Choices[0].Message.Content; got != "서울은 맑음" {
		t.Errorf("after the result: %q", got)
	}
}

func TestGoClientStreamsResponses(t *testing.T) {
	client, ctx := goClient(serve(t, obliging(), nil)), t.Context()
	p := responses.ResponseNewParams{
		Model: "m", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("안녕")},
	}
	stream := client.Responses.NewStreaming(ctx, p)
	var kinds []string
	text, id := "", ""
	for stream.Next() {
		e := stream.Current()
		kinds = append(kinds, e.Type)
		switch v := e.AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			text += v.Delta
		case responses.ResponseCompletedEvent:
			id = v.Response.ID
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if text != "안녕하세요" || id == "" || !slices.Contains(kinds, "response.output_item.done") {
		t.Errorf("text %q, id %q, events %v", text, id, kinds)
	}
	p.PreviousResponseID = openai.String(id)
	p.Input.OfString = openai.String("history")
	r, err := client.Responses.New(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.OutputText(); got != "user:안녕|assistant:안녕하세요|user:history|" {
		t.Errorf("previous turns: %q", got)
	}
}

func TestGoClientEmbedsAndCompletes(t *testing.T) {
	client, ctx := goClient(serve(t, obliging(), nil)), t.Context()
	e, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: "m", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}},
	})
	if err != nil || len(e.Data) != 2 || e.Data[1].Index != 1 || len(e.Data[1].Embedding) != 4 {
		t.Errorf("embeddings %v, %v", e, err)
	}
	c, err := client.Completions.New(ctx, openai.CompletionNewParams{
		Model: "m", Prompt: openai.CompletionNewParamsPromptUnion{OfString: openai.String("옛날")},
	})
	if err != nil || c.Choices[0].Text != "안녕하세요" {
		t.Errorf("completion %v, %v", c, err)
	}
}

func TestGoClientSeesErrors(t *testing.T) {
	client, ctx := goClient(serve(t, obliging(), nil)), t.Context()
	f := func(text string, status int, code string) {
		t.Helper()
		_, err := client.Chat.Completions.New(ctx, ask(text))
		var got *openai.Error
		if !errors.As(err, &got) || got.StatusCode != status || got.Code != code {
			t.Errorf("%s: got %v, want %d %s", text, err, status, code)
		}
	}
	f("busy", 429, "server_busy")
	f("long", 400, "context_length_exceeded")
}

// TestGoClientCancels holds that a client that gives up stops the generation.
func TestGoClientCancels(t *testing.T) {
	script := fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "x"}}, {Hang: true}}}
	m := &fake.Model{OnChat: func(llm.ChatRequest) fake.Script { return script }}
	client := goClient(serve(t, m, nil))
	ctx, cancel := context.WithCancel(t.Context())
	stream := client.Chat.Completions.NewStreaming(ctx, ask("x"))
	for stream.Next() {
		if c := stream.Current(); len(c.Choices) > 0 && c.Choices[0].Delta.Content == "x" {
			break
		}
	}
	if m.Open() != 1 {
		t.Fatalf("%d streams open, want 1", m.Open())
	}
	cancel()
	for start := time.Now(); m.Open() != 0; time.Sleep(time.Millisecond) {
		if time.Since(start) > 5*time.Second {
			t.Fatal("the generation goes on for 5 s after the client left")
		}
	}
}
