// Package anthropic holds the wire types of Anthropic's Messages API and turns
// them into the requests of package llm and back, for the clients that speak
// only this dialect. What is not text (images, documents, server tools) is
// refused by name.
//
// It refuses to know HTTP: package httpapi decodes with Decode, feeds every
// llm.Event to Reply or Stream and sends what comes out. Values are used by
// one goroutine at a time.
package anthropic
