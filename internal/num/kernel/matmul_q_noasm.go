//go:build !amd64 || purego

package kernel

func quantLevel() *quantKernels { return &portableKernels }
