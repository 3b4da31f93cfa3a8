// Package llm is text in, text out: a loaded model is a tokenizer, a chat
// dialect and an engine, and llm joins the three. It also decides which models
// are in memory.
//
// It does not know HTTP, users, conversations or where model files come from.
package llm
