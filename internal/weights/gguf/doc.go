// Package gguf reads and writes GGUF, the one-file format of ggml: metadata,
// then tensors. Open is the way in, Create the way to write a file.
//
// It does not know what metadata keys or tensors mean to a model, nor how to
// decode a tensor's blocks (num/quant does).
//
// Open trusts nothing: every count, length, offset, type and size is checked
// against the file before it is used, memory grows only with bytes that are
// really there, and whatever is wrong is a FormatError that says where. Files
// of version 2 and 3, little endian, whole or split into parts, are read. A
// File is immutable and safe for concurrent use until Close; see package
// weights/mmap for files that change under way.
//
// Source: the GGUF specification, docs/gguf.md of ggml.
package gguf
