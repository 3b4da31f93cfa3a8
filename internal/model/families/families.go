// Package families holds one small file per architecture: what its tensors are
// called, its hyper-parameters, and its forward pass in terms of nn.Ops. A new
// family is a file and a line in All.
//
// It does not know files, kernels or scheduling.
package families

import "malmoi/internal/model"

// All lists the architectures that malmoi computes.
func All() []model.Family {
	return []model.Family{
		llama, qwen2, qwen3, gemma3, hyperclovax, exaone, exaone4, ernie45, bert,
	}
}
