package half

import (
	"math"
	"math/rand/v2"
	"testing"
)

// value16 is the definition of binary16 in float64, from IEEE 754.
func value16(h uint16) float64 {
	sign := 1.0
	if h&0x8000 != 0 {
		sign = -1
	}
	exp, frac := int(h>>10)&31, float64(h&0x3ff)
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

func TestToF32MatchesDefinition(t *testing.T) {
	for i := 0; i < 1<<16; i++ {
		h := uint16(i)
		got, want := ToF32(h), value16(h)
		if math.IsNaN(want) != math.IsNaN(float64(got)) || !math.IsNaN(want) && float64(got) != want {
			t.Fatalf("ToF32(%#04x) = %v, want %v", h, got, want)
		}
		if math.Signbit(float64(got)) != (h&0x8000 != 0) {
			t.Fatalf("ToF32(%#04x) lost its sign", h)
		}
		if !math.IsNaN(want) && FromF32(got) != h {
			t.Fatalf("FromF32(ToF32(%#04x)) = %#04x", h, FromF32(got))
		}
	}
}

// TestFromF32Nearest checks every midpoint between neighbours and the float32
// values next to it: below goes down, above goes up, the middle to the even one.
func TestFromF32Nearest(t *testing.T) {
	for i := uint16(0); i < 0x7c00; i++ {
		low, high := value16(i), value16(i+1)
		if i+1 == 0x7c00 {
			high = 65536 // what the next value would be
		}
		mid := float32((low + high) / 2)
		even := i + i&1
		for _, sign := range []uint16{0, 0x8000} {
			s := float32(1)
			if sign != 0 {
				s = -1
			}
			f := func(x float32, want uint16) {
				if got := FromF32(s * x); got != want|sign {
					t.Fatalf("FromF32(%v) = %#04x, want %#04x", s*x, got, want|sign)
				}
			}
			f(mid, even)
			f(math.Nextafter32(mid, 0), i)
			f(math.Nextafter32(mid, 1e9), i+1)
		}
	}
}

func TestFromF32Special(t *testing.T) {
	inf := float32(math.Inf(1))
	nan := math.Float32frombits(0xffc12345)
	for _, c := range []struct {
		in   float32
		want uint16
	}{
		{0, 0}, {float32(math.Copysign(0, -1)), 0x8000}, {inf, 0x7c00}, {-inf, 0xfc00},
		{65504, 0x7bff}, {65519.996, 0x7bff}, {65520, 0x7c00}, {1e30, 0x7c00}, {-1e30, 0xfc00},
		{1e-30, 0}, {-1e-30, 0x8000}, {nan, 0xfe09}, {math.Float32frombits(0x7f800001), 0x7e00},
	} {
		if got := FromF32(c.in); got != c.want {
			t.Errorf("FromF32(%v) = %#04x, want %#04x", c.in, got, c.want)
		}
	}
}

func TestBF16(t *testing.T) {
	for i := 0; i < 1<<16; i++ {
		b := uint16(i)
		f := BF16ToF32(b)
		if math.Float32bits(f) != uint32(b)<<16 {
			t.Fatalf("BF16ToF32(%#04x) = %v", b, f)
		}
		if f == f && BF16FromF32(f) != b {
			t.Fatalf("BF16FromF32(%v) = %#04x, want %#04x", f, BF16FromF32(f), b)
		}
		if f != f && (BF16FromF32(f)&0x7f80 != 0x7f80 || BF16FromF32(f)&0x7f == 0) {
			t.Fatalf("BF16FromF32 of NaN %#04x is no NaN", b)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		f := math.Float32frombits(rng.Uint32())
		if f != f || math.Abs(float64(f)) > 3e38 {
			continue
		}
		got := BF16FromF32(f)
		// No neighbour may be nearer, and a tie must have gone to the even one.
		err := math.Abs(float64(BF16ToF32(got)) - float64(f))
		for _, other := range []uint16{got - 1, got + 1} {
			o := math.Abs(float64(BF16ToF32(other)) - float64(f))
			if o < err || o == err && got&1 == 1 {
				t.Fatalf("BF16FromF32(%v) = %#04x, but %#04x is better", f, got, other)
			}
		}
	}
}
