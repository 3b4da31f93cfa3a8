// Package httpapi is the HTTP door: it serves installed models through the
// APIs that clients already speak (OpenAI's, Anthropic's, a few of vLLM's) and
// the page at /. It authenticates, checks Host and Origin, bounds bodies,
// queues and time, streams answers and maps errors.
//
// It refuses to know how text is made: models come in as llm.Models and text
// leaves them as llm.Event. Wire types live in the packages openai and
// anthropic and nowhere else. It reads no environment and no flags.
//
// New checks the options, Server.Serve runs until its context ends. A Server
// is safe for concurrent use. Content of requests and answers is never logged
// and never part of an error that is not about that very request.
package httpapi
