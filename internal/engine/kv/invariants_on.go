//go:build invariants

package kv

// Invariants says that the engine checks the books after every step.
const Invariants = true
