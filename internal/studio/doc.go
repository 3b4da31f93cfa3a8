// Package studio does the text tools of CLOVA Studio with local models:
// splitting a text into topics, summing it up, choosing the passages that
// answer a question, and cutting a conversation down to what fits. It knows
// package llm and Korean text; it does not know HTTP or any wire format.
package studio
