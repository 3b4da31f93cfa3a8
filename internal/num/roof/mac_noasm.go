//go:build !amd64 || purego

package roof

import "malmoi/internal/num/cpu"

func macLoop(cpu.Level) (loop func(n int), macs int) { return nil, 0 }
