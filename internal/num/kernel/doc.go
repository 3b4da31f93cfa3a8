// Package kernel is the arithmetic of a model's step: products with packed
// weights, attention over pages of keys and values, norms, activations, rotary
// positions, softmax.
//
// It knows numbers and their layout. It refuses to know what a layer or a
// sequence is, it starts no goroutine and keeps no state: callers share work by
// calling for different panels, rows or heads. Most readers want Matrix.Mul and
// KV.Attend.
//
// Everything is float32 outside. Letters: T rows of activations, C inputs, OC
// outputs, D head dimension, R query rows.
//
// Determinism: the bits of an output element depend on its own row of
// activations, its own row of weights (or the keys and values it sees), and
// cpu.Current, and on nothing else: not on T or R, not on which panels or rows
// were asked for together, not on the thread. Implementations of different
// levels differ by rounding, within bounds that the tests state. The plain Go
// version of each function, in *_generic.go or in the function itself, is the
// definition.
//
// Exponentials and tanh are within 3e-7 of the true value, relatively, at every
// level, wherever the result is a normal number. A NaN in the input is a NaN in
// every output that depends on it; what an overflow does is what float32 does.
//
// Slices that are too short are a caller's mistake and panic, as in plain Go.
package kernel
