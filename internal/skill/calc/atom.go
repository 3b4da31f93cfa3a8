package calc

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode"
)

// atom is a number, a bracket, a constant or a function of arguments.
func (p *parser) atom(depth int) (*big.Rat, error) {
	if p.eat("(") != 0 {
		v, err := p.sum(depth + 1)
		if err == nil && p.eat(")") == 0 {
			err = errors.New("calc: a bracket is not closed")
		}
		return v, err
	}
	p.space()
	if len(p.rest) == 0 {
		return nil, errors.New("calc: a number is missing at the end")
	}
	if r := p.rest[0]; r >= '0' && r <= '9' || r == '.' {
		return p.number()
	}
	n := 0
	for n < len(p.rest) && (unicode.IsLetter(p.rest[n]) || n > 0 && unicode.IsDigit(p.rest[n])) {
		n++
	}
	if n == 0 {
		return nil, fmt.Errorf("calc: %q is not understood here", string(p.rest[0]))
	}
	name := strings.ToLower(string(p.rest[:n]))
	p.rest = p.rest[n:]
	switch name {
	case "pi", "파이", "원주율":
		return fromFloat(math.Pi)
	case "e":
		return fromFloat(math.E)
	}
	return p.function(name, depth)
}

// units are the Korean powers of ten thousand, and below.
var units = map[rune]int64{'십': 10, '백': 100, '천': 1000, '만': 10_000, '억': 100_000_000, '조': 1_000_000_000_000}

// number reads 1,234.5 and 3만 2천: a run of digits with units behind it.
// Units below 만 add up before 만, 억 or 조 multiplies them.
func (p *parser) number() (*big.Rat, error) {
	total, group := new(big.Rat), new(big.Rat)
	last := int64(math.MaxInt64) // the large unit before: they must fall
	for first := true; ; first = false {
		v, ok, err := p.digits()
		if err != nil {
			return nil, err
		}
		if !ok && first {
			return nil, errors.New("calc: a number is missing")
		}
		if !ok {
			return total.Add(total, group), nil
		}
		unit, large := p.unit()
		group.Add(group, v.Mul(v, new(big.Rat).SetInt64(unit)))
		if large > 1 {
			if large >= last {
				return nil, errors.New("calc: 조, 억 and 만 must come in this order")
			}
			last = large
			total.Add(total, group.Mul(group, new(big.Rat).SetInt64(large)))
			group = new(big.Rat)
		} else if unit == 1 {
			return total.Add(total, group), nil
		}
	}
}

// unit takes 십, 백 or 천, then 만, 억 or 조; both are 1 if they do not come.
func (p *parser) unit() (small, large int64) {
	small, large = 1, 1
	if len(p.rest) > 0 && strings.ContainsRune("십백천", p.rest[0]) {
		small = units[p.rest[0]]
		p.rest = p.rest[1:]
	}
	if len(p.rest) > 0 && strings.ContainsRune("만억조", p.rest[0]) {
		large = units[p.rest[0]]
		p.rest = p.rest[1:]
	}
	return small, large
}

// digits takes 1,234.5 or 1.5e3, if digits come next.
func (p *parser) digits() (*big.Rat, bool, error) {
	p.space()
	var text []rune
	i := 0
	for ; i < len(p.rest); i++ {
		r := p.rest[i]
		if r >= '0' && r <= '9' || r == '.' && !slices.Contains(text, '.') {
			text = append(text, r)
			continue
		}
		if r == ',' && len(text) > 0 && thousands(p.rest[i+1:]) {
			continue
		}
		break
	}
	if len(text) == 0 {
		return nil, false, nil
	}
	v, ok := new(big.Rat).SetString(string(text))
	if !ok {
		return nil, false, fmt.Errorf("calc: %q is not a number", string(text))
	}
	p.rest = p.rest[i:]
	return v, true, nil
}

// thousands reports whether exactly three digits come next.
func thousands(rs []rune) bool {
	n := 0
	for n < len(rs) && rs[n] >= '0' && rs[n] <= '9' {
		n++
	}
	return n == 3
}

// functions of one argument in float64.
var functions = map[string]func(float64) float64{
	"sqrt": math.Sqrt, "루트": math.Sqrt, "제곱근": math.Sqrt, "cbrt": math.Cbrt, "sin": math.Sin, "cos": math.Cos, "tan": math.Tan,
	"asin": math.Asin, "acos": math.Acos, "atan": math.Atan, "exp": math.Exp, "ln": math.Log, "log": math.Log10, "log10": math.Log10, "log2": math.Log2,
	"rad": func(x float64) float64 { return x * math.Pi / 180 }, "deg": func(x float64) float64 { return x * 180 / math.Pi },
}

// maxArgs bounds the arguments of a function.
const maxArgs = 200

func (p *parser) function(name string, depth int) (*big.Rat, error) {
	if p.eat("(") == 0 {
		return nil, fmt.Errorf("calc: %q is not known", name)
	}
	var args []*big.Rat
	for {
		v, err := p.sum(depth + 1)
		if err != nil {
			return nil, err
		}
		if args = append(args, v); len(args) > maxArgs {
			return nil, fmt.Errorf("calc: at most %d values", maxArgs)
		}
		switch p.eat(",)") {
		case ',':
		case ')':
			return call(name, args)
		default:
			return nil, errors.New("calc: a bracket is not closed")
		}
	}
}

func call(name string, args []*big.Rat) (*big.Rat, error) {
	if f, ok := functions[name]; ok && len(args) == 1 {
		x, _ := args[0].Float64()
		return fromFloat(f(x))
	}
	switch name {
	case "abs", "round", "floor", "ceil", "반올림", "내림", "올림":
		if len(args) == 1 {
			return whole(name, args[0]), nil
		}
	case "min", "max":
		return slices.MinFunc(args, func(a, b *big.Rat) int {
			if name == "max" {
				return b.Cmp(a)
			}
			return a.Cmp(b)
		}), nil
	case "sum", "합", "합계":
		return sum(args)
	case "avg", "mean", "평균":
		s, err := sum(args)
		if err != nil {
			return nil, err
		}
		return s.Quo(s, new(big.Rat).SetInt64(int64(len(args)))), nil
	}
	return nil, fmt.Errorf("calc: the function %q is not known, or takes another number of values", name)
}

func sum(args []*big.Rat) (*big.Rat, error) {
	s := new(big.Rat)
	for _, a := range args {
		if _, err := fits(s.Add(s, a)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func whole(name string, v *big.Rat) *big.Rat {
	switch name {
	case "abs":
		return new(big.Rat).Abs(v)
	case "ceil", "올림":
		return new(big.Rat).Neg(floor(new(big.Rat).Neg(v)))
	case "round", "반올림":
		half := big.NewRat(1, 2)
		if v.Sign() < 0 { // away from zero, as people do
			return new(big.Rat).Neg(floor(half.Add(half, new(big.Rat).Neg(v))))
		}
		return floor(half.Add(half, v))
	}
	return floor(v)
}

// Text writes a number with groups of thousands: exactly if it has at most 12
// places, else rounded to 12 significant ones.
func Text(v *big.Rat) string {
	s := ""
	if n, exact := v.FloatPrec(); exact && n <= 12 {
		s = v.FloatString(n)
	} else {
		f, _ := v.Float64()
		s = fmt.Sprintf("%.12g", f)
		if strings.Contains(s, "e") {
			return s
		}
	}
	return Group(s)
}

// Group parts the digits of a decimal number before its point by thousands.
func Group(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	head, tail, dot := strings.Cut(s, ".")
	var groups []string
	for len(head) > 3 {
		groups = append([]string{head[len(head)-3:]}, groups...)
		head = head[:len(head)-3]
	}
	out := sign + strings.Join(append([]string{head}, groups...), ",")
	if dot {
		out += "." + tail
	}
	return out
}
