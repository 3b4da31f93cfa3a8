// Package ollama holds the wire format of Ollama's HTTP API: chat, generate,
// embeddings, the list of models and pulling. It turns requests into those of
// package llm and events into lines of JSON. It knows neither HTTP handlers
// nor where models come from.
//
// Source: docs/api.md of github.com/ollama/ollama, and its Python client.
package ollama
