// Package client talks to a malmoi server: its own API under /api (people's
// conversations) and the model API under /v1. It needs nothing but the
// standard library.
//
//	c := client.New("https://chat.example", "sk-malmoi-…")
//	chat, err := c.NewChat(ctx, client.NewChat{})
//	asked, err := c.Ask(ctx, chat.ID, client.Question{Content: "대한민국의 수도는?"})
//	answer, err := c.Follow(ctx, asked.Answers[0].ID, func(d client.Delta) error {
//		fmt.Print(d.Content)
//		return nil
//	})
//
// A key with the scope chats is needed for conversations, one with the scope
// models for /v1; in personal mode none is needed. A Client is safe for
// concurrent use. Answers are made by generative AI: where they are shown to
// people, the law of Korea wants it said.
package client
