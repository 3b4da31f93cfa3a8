// Package clients holds the tests that drive the HTTP door with the real client
// libraries: openai and anthropic for Python, openai-go for Go. They stand
// apart from package httpapi because the Go client takes long to compile.
//
// It has no code of its own.
package clients
