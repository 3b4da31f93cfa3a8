// Package token turns text into the ids a model was trained on, and back.
//
// A Tokenizer comes from GGUF metadata (FromGGUF), from tokenizer.json (FromJSON),
// from a tiktoken rank file (FromTiktoken) or from any of these on disk (Open).
// Whatever the source, text goes through the same steps: added tokens are found in
// it, the rest is normalised, cut into words (pretok) and each word is encoded by
// the model (bpe, unigram, wordpiece). Encode is the call most readers want, and
// Decoder to show tokens as they come.
//
// The package knows nothing of chats, templates or networks. Special tokens in
// text are recognised only where the caller says so: what a user wrote must never
// become a control token. The ids are those of the reference libraries (tokenizers
// 0.23, tiktoken 0.14); where they cannot be had exactly, the function says so.
//
// A Tokenizer is immutable but for bounded caches and safe for concurrent use. A
// Decoder belongs to one goroutine. Files are foreign: they are limited in size,
// and whatever is wrong with one is an error, not a panic.
package token
