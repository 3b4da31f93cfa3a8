// Package weights is the common view of a model file: named tensors, still in
// the form the file stores, and a few words of metadata. The readers are
// weights/gguf and weights/safetensors.
//
// It does not know what a tensor is for, nor how to compute with one. A Source
// is immutable after it was opened and safe for concurrent use; tensor data is
// a read-only mapping of the file and must not be touched after Close.
package weights

import "malmoi/internal/num/quant"

// Tensor is one named array. Shape lists the outermost dimension first, so a
// linear layer's weight is (outputs, inputs); the last dimension is contiguous
// and fills whole blocks of Type.
type Tensor struct {
	Name  string
	Type  quant.Type
	Shape []int
	Data  []byte
}

// Len is the number of values in the tensor.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Source is an open model file, or several files that form one model.
type Source interface {
	// Format is "gguf" or "safetensors".
	Format() string
	// Names lists all tensors in file order.
	Names() []string
	// Tensor returns the named tensor, or false if there is none.
	Tensor(name string) (Tensor, bool)
	// Bytes is the size of all files of the model.
	Bytes() int64
	Close() error
}
