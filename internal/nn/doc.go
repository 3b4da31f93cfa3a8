// Package nn holds the layers that language models are made of, and Ops, the
// small set of operations against which every model family is written once.
// nn/eager computes them at once with the packed kernels; a differentiating
// implementation can stand beside it without a change to any family.
//
// It does not know families, files, tokens' meaning or scheduling.
//
// Shapes: T rows (tokens of one step), C width of a row, OC outputs, H query
// heads, K key/value heads, D head dimension, V vocabulary.
package nn
