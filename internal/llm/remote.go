package llm

import (
	"context"
	"errors"
	"time"
)

// Errors of models that do not run in this process.
var (
	// ErrUnavailable: the server that has the model cannot be reached, or failed.
	ErrUnavailable = errors.New("the model cannot be reached")
	// ErrNoTokens: text cannot be turned into the model's tokens here.
	ErrNoTokens = errors.New("the model runs on another server and its tokens are not known here")
)

// conversationKey is the context key of WithConversation.
type conversationKey struct{}

// WithConversation names the conversation that requests under ctx belong to.
// Where a model has several replicas, a conversation stays with one of them as
// long as it can, because its beginning is in that replica's cache.
func WithConversation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, conversationKey{}, id)
}

// Conversation is the name that WithConversation gave, "" without one.
func Conversation(ctx context.Context) string {
	id, _ := ctx.Value(conversationKey{}).(string)
	return id
}

// RetryAfter is how long the cause of err asked to be left alone, 0 if it did
// not say.
func RetryAfter(err error) time.Duration {
	var r interface{ RetryAfter() time.Duration }
	if errors.As(err, &r) {
		return r.RetryAfter()
	}
	return 0
}
