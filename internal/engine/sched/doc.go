// Package sched decides who runs in the next step of a model. It is a pure
// function from a description of the sequences to a plan: no clock, no
// goroutine, no lock, no page, no token.
//
// The rules:
//
//   - Everyone who decodes runs in every step, one row each plus draft rows, as
//     long as the step has rows; sequences are served in turns beyond that.
//   - Prompts share what is left of the step, but at most PrefillChunk rows
//     while somebody decodes, so that a long prompt delays the others' next
//     token by a bounded time. The share is fair from the bottom: each prompt
//     gets the same number of rows, and what a short one does not need goes to
//     the longer ones.
//   - Pages are handed out oldest sequence first. If somebody who decodes
//     cannot get his page, the plan is to preempt one sequence and to plan
//     again: first one whose client does not read, else the youngest. A prompt
//     just gets fewer rows, and waits if it gets none, unless nobody could run.
//   - So the oldest sequence always advances, and the number of steps until it
//     ends is bounded: no deadlock. Only if it is alone and still lacks a page,
//     the plan says so (Stuck).
package sched
