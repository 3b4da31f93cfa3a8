// Package engine serves many requests with one model: token ids in, token ids
// out. It knows no text, no chat and no files; the network is a Model, and what
// a grammar allows is a Constraint.
//
// Engine.Submit queues a request and returns its Stream; Engine.Score returns
// the logits of all positions of a given sequence.
//
// One goroutine, the loop, owns the model, the cache's books (package kv) and
// all sequences. It repeats: take in new requests and cancellations, admit
// waiting requests while there is room, plan a step (package sched: a row for
// everyone who decodes, chunks of prompts), run it, commit what was written,
// draw tokens (package sample) and hand them to the streams.
//
// Promises:
//
//   - The same request with the same seed yields the same tokens and log
//     probabilities, whatever runs beside it, however its prompt is cut into
//     chunks, whatever was cached, preempted or guessed. (Given a Model whose
//     rows do not depend on the batch; ours has a fixed summation order.)
//   - Nothing is cut silently: a request that cannot fit is refused (ErrContext).
//   - A cancelled request's pages are free when the step that runs has ended.
//   - A client that does not read costs its buffer and nothing else: its
//     sequence pauses, gives up its pages to those who need them, and ends with
//     ErrStalled after Options.StallTimeout.
//   - A step that fails ends the requests of that step; the engine goes on.
//   - Every queue is limited.
package engine
