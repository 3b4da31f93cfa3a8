// Package calc computes what people write on one line: + - * / % ^, brackets,
// functions, percentages and Korean numbers (3만 2천, 1.5억). The four basic
// operations are exact; functions and fractional powers compute in float64. It
// knows no variables and runs no programs, and every input ends in bounded time.
package calc

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of an expression.
const (
	MaxLen   = 1000 // characters
	maxDepth = 100
	maxBits  = 4096 // of a numerator or denominator
	maxPower = 1024
)

// Eval computes an expression.
func Eval(expression string) (*big.Rat, error) {
	if utf8.RuneCountInString(expression) > MaxLen {
		return nil, fmt.Errorf("calc: at most %d characters", MaxLen)
	}
	p := &parser{rest: []rune(tidy(expression))}
	v, err := p.sum(0)
	if err != nil {
		return nil, err
	}
	if p.space(); len(p.rest) > 0 {
		return nil, fmt.Errorf("calc: %q is not understood here", string(p.rest[0]))
	}
	return v, nil
}

// tidy writes other signs for the same operations as ASCII.
func tidy(s string) string {
	return strings.NewReplacer("×", "*", "✕", "*", "·", "*", "÷", "/", "−", "-", "–", "-", "**", "^", "（", "(", "）", ")", "＋", "+", "％", "%", "，", ",", "=", " ", "?", " ").Replace(s)
}

type parser struct{ rest []rune }

func (p *parser) space() {
	for len(p.rest) > 0 && unicode.IsSpace(p.rest[0]) {
		p.rest = p.rest[1:]
	}
}

// eat takes one of the signs if it comes next, else 0.
func (p *parser) eat(signs string) rune {
	p.space()
	if len(p.rest) == 0 || !strings.ContainsRune(signs, p.rest[0]) {
		return 0
	}
	r := p.rest[0]
	p.rest = p.rest[1:]
	return r
}

func (p *parser) sum(depth int) (*big.Rat, error) {
	v, err := p.product(depth)
	for err == nil {
		op := p.eat("+-")
		if op == 0 {
			return v, nil
		}
		var w *big.Rat
		if w, err = p.product(depth); err == nil {
			if op == '-' {
				w = new(big.Rat).Neg(w)
			}
			v, err = fits(new(big.Rat).Add(v, w))
		}
	}
	return nil, err
}

func (p *parser) product(depth int) (*big.Rat, error) {
	v, err := p.unary(depth)
	for err == nil {
		op := p.eat("*/%")
		if op == 0 {
			return v, nil
		}
		if op == '%' && p.ends() {
			v = new(big.Rat).Quo(v, big.NewRat(100, 1)) // 15% is 0.15
			continue
		}
		var w *big.Rat
		if w, err = p.unary(depth); err == nil {
			v, err = apply(op, v, w)
		}
	}
	return nil, err
}

// ends reports whether no operand follows, so that % was a percent sign.
func (p *parser) ends() bool {
	p.space()
	return len(p.rest) == 0 || strings.ContainsRune("+-*/)^,", p.rest[0])
}

func apply(op rune, v, w *big.Rat) (*big.Rat, error) {
	if op == '*' {
		return fits(new(big.Rat).Mul(v, w))
	}
	if w.Sign() == 0 {
		return nil, errors.New("calc: division by zero")
	}
	q := new(big.Rat).Quo(v, w)
	if op == '/' {
		return fits(q)
	}
	return fits(new(big.Rat).Sub(v, new(big.Rat).Mul(w, floor(q)))) // the remainder has w's sign
}

func floor(v *big.Rat) *big.Rat {
	q, m := new(big.Int).DivMod(v.Num(), v.Denom(), new(big.Int))
	_ = m
	return new(big.Rat).SetInt(q)
}

func (p *parser) unary(depth int) (*big.Rat, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("calc: nested deeper than %d", maxDepth)
	}
	switch p.eat("+-") {
	case '-':
		v, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return new(big.Rat).Neg(v), nil
	case '+':
		return p.unary(depth + 1)
	}
	return p.power(depth)
}

func (p *parser) power(depth int) (*big.Rat, error) {
	v, err := p.atom(depth)
	if err != nil {
		return nil, err
	}
	if p.eat("!") != 0 {
		if v, err = factorial(v); err != nil {
			return nil, err
		}
	}
	if p.eat("^") == 0 {
		return v, nil
	}
	w, err := p.unary(depth + 1) // to the right: 2^3^2 is 2^9
	if err != nil {
		return nil, err
	}
	return pow(v, w)
}

func pow(v, w *big.Rat) (*big.Rat, error) {
	if !w.IsInt() || !w.Num().IsInt64() || w.Num().Int64() > maxPower || w.Num().Int64() < -maxPower {
		a, _ := v.Float64()
		b, _ := w.Float64()
		return fromFloat(math.Pow(a, b))
	}
	n := w.Num().Int64()
	if n < 0 {
		if v.Sign() == 0 {
			return nil, errors.New("calc: division by zero")
		}
		v, n = new(big.Rat).Inv(v), -n
	}
	if int64(max(v.Num().BitLen(), v.Denom().BitLen()))*n > maxBits {
		return nil, errTooLarge
	}
	e := big.NewInt(n)
	return new(big.Rat).SetFrac(new(big.Int).Exp(v.Num(), e, nil), new(big.Int).Exp(v.Denom(), e, nil)), nil
}

func factorial(v *big.Rat) (*big.Rat, error) {
	if !v.IsInt() || v.Sign() < 0 || v.Cmp(big.NewRat(400, 1)) > 0 {
		return nil, errors.New("calc: factorials are of whole numbers from 0 to 400")
	}
	return fits(new(big.Rat).SetInt(new(big.Int).MulRange(1, v.Num().Int64())))
}

var errTooLarge = errors.New("calc: the numbers become too large")

func fits(v *big.Rat) (*big.Rat, error) {
	if v.Num().BitLen() > maxBits || v.Denom().BitLen() > maxBits {
		return nil, errTooLarge
	}
	return v, nil
}

func fromFloat(f float64) (*big.Rat, error) {
	v := new(big.Rat)
	if math.IsNaN(f) || math.IsInf(f, 0) || v.SetFloat64(f) == nil {
		return nil, errors.New("calc: the result is not a number")
	}
	return v, nil
}
