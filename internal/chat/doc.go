// Package chat turns conversations into prompts and replies into messages.
//
// A Template renders messages and tools with the model's own chat template and
// says of every run of text whether the template wrote it or a user, so that
// special tokens count only where the template wrote them. A Dialect knows how
// a family of models writes reasoning and tool calls; its Parser takes a reply
// apart while it streams.
//
// The package knows text only: no tokens, no engine, no wire formats.
package chat
