// Package convert writes a GGUF file from a folder of safetensors: metadata,
// tokenizer and weights under the names that GGUF readers expect, quantised as
// asked. What a file cannot say it refuses rather than drop.
//
// It does not know how to compute with a model, nor who reads the file.
package convert
