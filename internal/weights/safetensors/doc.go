// Package safetensors reads safetensors files and the model folders that hold
// them: OpenDir for a folder as the model hub lays it out, Open for one file.
//
// It does not know what tensors mean. Config and tokenizer files of a folder
// are handed out as bytes.
//
// Nothing in a file is trusted: the header must be the JSON that the format
// defines and nothing else, tensors must fill the data exactly, without holes
// or overlaps, and names in an index must be plain names of files in the
// folder. What is wrong is a FormatError that says where. Both File and Dir are
// immutable and safe for concurrent use until Close; see package weights/mmap
// for files that change under way.
//
// Source: the format's description in the safetensors README of Hugging Face.
package safetensors
