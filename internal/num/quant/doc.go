// Package quant knows the block formats in which model files store numbers:
// what a block's bytes mean, how to turn blocks into float32 (Decode) and
// float32 into blocks (Encode). The plain code here is the definition that
// every fast kernel is held against.
//
// It does not know tensors, files, matrices or processors. All functions are
// pure and safe for concurrent use. Formats: ggml-common.h and ggml-quants.c
// of ggml; the OCP Microscaling specification for MXFP4.
package quant
