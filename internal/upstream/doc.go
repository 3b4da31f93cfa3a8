// Package upstream offers the models of other servers as if they were ours: any
// server that speaks OpenAI's HTTP API (vLLM, llama.cpp's server, Ollama,
// another malmoi). It picks a replica for each conversation, waits for each
// phase of an answer no longer than that phase may take, tries again as long as
// nothing of the answer has come, leaves a failing server alone for a while, and
// turns what comes back into the events and errors of package llm.
//
// It refuses to know users, our own HTTP API, flags and the environment. New
// makes the set of all configured servers, Join puts local models before it.
// Everything exported is safe for concurrent use.
//
// What always holds: text never ends inside a UTF-8 sequence; nothing is sent
// twice once the first piece of an answer came; an answer that was cut is an
// error, never an end; every body, event and queue has a limit; keys are in no
// error and no log.
package upstream
