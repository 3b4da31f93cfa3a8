// Package openai holds the wire types of the OpenAI-compatible API and turns
// them into the requests of package llm and back. Decoding is strict: what is
// unknown, out of range or asks for something we lack is an error that names
// the parameter; nothing is silently ignored, except hints that change no
// answer (user, metadata, service_tier and their like).
//
// It refuses to know HTTP: no requests, no headers, no flushing. Package
// httpapi calls a Decode function, runs the model, feeds every llm.Event to a
// reply type (ChatReply, ChatStream, …) and sends what comes out.
//
// Values are used by one goroutine at a time; nothing here is shared.
package openai
