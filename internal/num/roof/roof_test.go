package roof

import (
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
)

func TestRoofsAreSane(t *testing.T) {
	if b, err := ReadBandwidth(1); err != nil || b < 5e8 || b > 1e12 {
		t.Errorf("read bandwidth %.3g bytes/s, %v", b, err)
	}
	cputest.ForEach(t, func(t *testing.T, l cpu.Level) {
		m, ok := MultiplyAdds(1)
		if l == cpu.Portable {
			if ok {
				t.Error("the portable kernels have no such roof")
			}
			return
		}
		if m < 1e9 || m > 1e13 {
			t.Errorf("%v: %.3g multiply-adds/s", l, m)
		}
		t.Logf("%v: %.0f GMAC/s", l, m/1e9)
	})
}
