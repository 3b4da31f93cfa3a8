//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

// features lists what the levels need. The library clears a flag when the
// operating system does not save the registers it needs.
func features() []feature {
	x := &cpu.X86
	return []feature{
		{"avx2", AVX2, x.HasAVX2},
		{"fma", AVX2, x.HasFMA},
		{"f16c", AVX2, x.HasF16C && x.HasAVX},
		{"avx512f", AVX512, x.HasAVX512F},
		{"avx512bw", AVX512, x.HasAVX512BW},
		{"avx512dq", AVX512, x.HasAVX512DQ},
		{"avx512vl", AVX512, x.HasAVX512VL},
		{"avx512vnni", AVX512, x.HasAVX512VNNI},
	}
}
