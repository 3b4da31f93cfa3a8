// Package kv keeps the books of the key/value cache: which pages are free,
// who holds the others, and which tokens' keys and values each page contains.
// It owns no keys and no values; those lie in the model, which is told page
// numbers.
//
// A sequence's positions are kept in pages of PageTokens. As they are written,
// the pages of ordinary sequences enter an index: a tree in which a full page
// is found by its parent page and its 32 tokens. A new sequence takes over
// every full page that its prompt begins with (Attach), then the longest
// common start of one further page, which the model copies, or which it takes
// over uncopied if nobody holds it and all of it fits. So a second turn of a
// chat recomputes nothing of the first, generated tokens included, and choices
// of one prompt share it.
//
// Lookups compare tokens, never only hashes: two different prompts cannot
// share a page. If two sequences fill equal pages side by side, the second
// takes the first one's page and gives its own back; that is sound because the
// model's arithmetic does not depend on the batch.
//
// Released pages stay in the index, unreferenced, until room is needed; the
// least recently used goes first, children before their parents.
//
// Invariants (Cache.Check; after each engine step under -tags invariants):
// every page is free, held or cached, and only one of these; references equal
// the tables that hold the page; a held or cached page's parent is in the index
// and full; whoever holds a page holds its parent; the oldest cached page has
// no children.
//
// The package has no clock, goroutine or lock: one goroutine owns a Cache and
// its Tables.
package kv
