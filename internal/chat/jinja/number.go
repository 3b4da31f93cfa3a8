package jinja

import (
	"math"
	"math/big"
)

// maxBits bounds the size of an int, far above what a template has a use for.
const maxBits = 1 << 17

func normBig(b *big.Int) Value {
	if b.IsInt64() {
		return Int(b.Int64())
	}
	if b.BitLen() > maxBits {
		throwLimit("integer of %d bits", b.BitLen())
	}
	return Big{b}
}

// asInt returns the int behind a bool or int.
func asInt(v Value) (*big.Int, bool) {
	switch v := v.(type) {
	case Bool:
		if v {
			return big.NewInt(1), true
		}
		return new(big.Int), true
	case Int:
		return big.NewInt(int64(v)), true
	case Big:
		return v.v, true
	}
	return nil, false
}

// smallInt is asInt for values that fit.
func smallInt(v Value) (int64, bool) {
	switch v := v.(type) {
	case Bool:
		if v {
			return 1, true
		}
		return 0, true
	case Int:
		return int64(v), true
	}
	return 0, false
}

func isNumber(v Value) bool {
	switch v.(type) {
	case Bool, Int, Big, Float:
		return true
	}
	return false
}

// asFloat converts a number as Python does in mixed arithmetic.
func asFloat(v Value) float64 {
	switch v := v.(type) {
	case Bool:
		if v {
			return 1
		}
		return 0
	case Int:
		return float64(v)
	case Float:
		return float64(v)
	case Big:
		f, _ := new(big.Float).SetInt(v.v).Float64()
		if math.IsInf(f, 0) {
			throw("OverflowError", "int too large to convert to float")
		}
		return f
	}
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	throwType("must be real number, not %s", typeName(v))
	return 0
}

// arith computes a numeric operator; both operands are numbers.
func arith(op string, a, b Value) Value {
	_, fa := a.(Float)
	_, fb := b.(Float)
	if fa || fb || op == "/" {
		return floatArith(op, a, b)
	}
	x, okx := smallInt(a)
	y, oky := smallInt(b)
	if okx && oky {
		if v := intArith(op, x, y); v != nil {
			return v
		}
	}
	bx, _ := asInt(a)
	by, _ := asInt(b)
	return bigArith(op, bx, by)
}

// intArith returns nil where the result may not fit.
func intArith(op string, x, y int64) Value {
	switch op {
	case "+":
		if s := x + y; (s > x) == (y > 0) {
			return Int(s)
		}
	case "-":
		if s := x - y; (s < x) == (y > 0) {
			return Int(s)
		}
	case "*":
		const half = 1 << 31
		if x > -half && x < half && y > -half && y < half {
			return Int(x * y)
		}
	case "//", "%":
		if y == 0 || x == math.MinInt64 {
			return nil
		}
		q, r := x/y, x%y
		if r != 0 && (r < 0) != (y < 0) {
			q, r = q-1, r+y
		}
		if op == "%" {
			return Int(r)
		}
		return Int(q)
	}
	return nil
}

func bigArith(op string, x, y *big.Int) Value {
	switch op {
	case "+":
		return normBig(new(big.Int).Add(x, y))
	case "-":
		return normBig(new(big.Int).Sub(x, y))
	case "*":
		if x.BitLen()+y.BitLen() > maxBits+64 {
			throwLimit("integer of %d bits", x.BitLen()+y.BitLen())
		}
		return normBig(new(big.Int).Mul(x, y))
	case "//", "%":
		if y.Sign() == 0 {
			throw("ZeroDivisionError", "integer division or modulo by zero")
		}
		q, r := new(big.Int).QuoRem(x, y, new(big.Int))
		if r.Sign() != 0 && r.Sign() != y.Sign() {
			q.Sub(q, big.NewInt(1))
			r.Add(r, y)
		}
		if op == "%" {
			return normBig(r)
		}
		return normBig(q)
	}
	return bigPow(x, y)
}

func bigPow(x, y *big.Int) Value {
	if y.Sign() < 0 {
		if x.Sign() == 0 {
			throw("ZeroDivisionError", "0.0 cannot be raised to a negative power")
		}
		return floatArith("**", normBig(x), normBig(y))
	}
	if x.BitLen() > 1 && (!y.IsInt64() || y.Int64() > maxBits || int64(x.BitLen()-1)*y.Int64() > maxBits) {
		throwLimit("integer power too large")
	}
	if x.BitLen() <= 1 { // 0, 1 and -1: only the parity of y matters
		y = big.NewInt(int64(y.Sign()) * (2 - int64(y.Bit(0))))
	}
	return normBig(new(big.Int).Exp(x, y, nil))
}

func floatArith(op string, a, b Value) Value {
	if op == "/" {
		if v, ok := intDivide(a, b); ok {
			return v
		}
	}
	x, y := asFloat(a), asFloat(b)
	switch op {
	case "+":
		return Float(x + y)
	case "-":
		return Float(x - y)
	case "*":
		return Float(x * y)
	case "/":
		if y == 0 {
			throw("ZeroDivisionError", "float division by zero")
		}
		return Float(x / y)
	case "//", "%":
		return floatMod(op, x, y)
	}
	return floatPow(x, y)
}

// intDivide is true division of two ints, rounded once.
func intDivide(a, b Value) (Value, bool) {
	x, okx := asInt(a)
	y, oky := asInt(b)
	if !okx || !oky {
		return nil, false
	}
	if y.Sign() == 0 {
		throw("ZeroDivisionError", "division by zero")
	}
	f, _ := new(big.Rat).SetFrac(x, y).Float64()
	if math.IsInf(f, 0) {
		throw("OverflowError", "integer division result too large for a float")
	}
	return Float(f), true
}

func floatMod(op string, x, y float64) Value {
	if y == 0 {
		throw("ZeroDivisionError", "float floor division by zero")
	}
	m := math.Mod(x, y)
	d := (x - m) / y
	if m != 0 {
		if (y < 0) != (m < 0) {
			m += y
			d--
		}
	} else {
		m = math.Copysign(0, y)
	}
	if op == "%" {
		return Float(m)
	}
	if d == 0 {
		return Float(math.Copysign(0, x/y))
	}
	f := math.Floor(d)
	if d-f > 0.5 {
		f++
	}
	return Float(f)
}

func floatPow(x, y float64) Value {
	if x == 0 && y < 0 {
		throw("ZeroDivisionError", "0.0 cannot be raised to a negative power")
	}
	if x < 0 && y != math.Trunc(y) && !math.IsInf(x, 0) && !math.IsInf(y, 0) && !math.IsNaN(y) {
		throwType("complex numbers are not supported")
	}
	r := math.Pow(x, y)
	if math.IsInf(r, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		throw("OverflowError", "(34, 'Numerical result out of range')")
	}
	return Float(r)
}

// negate is the unary minus.
func negate(v Value) Value {
	switch v := v.(type) {
	case Float:
		return -v
	case *undefined:
		v.fail()
	}
	if b, ok := asInt(v); ok {
		return normBig(new(big.Int).Neg(b))
	}
	throwType("bad operand type for unary -: '%s'", typeName(v))
	return nil
}

// floatToInt truncates as Python's int() does.
func floatToInt(f float64) Value {
	if math.IsNaN(f) {
		throwValue("cannot convert float NaN to integer")
	}
	if math.IsInf(f, 0) {
		throw("OverflowError", "cannot convert float infinity to integer")
	}
	b, _ := big.NewFloat(f).Int(nil)
	return normBig(b)
}
