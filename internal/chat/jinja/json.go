package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FromJSON reads a JSON text. Objects keep the order of their keys, numbers
// without point and exponent are ints. The error names the fault.
func FromJSON(data []byte) (Value, error) { return fromJSON(data, Text) }

// InputJSON is FromJSON with every string, also keys, marked as Input.
func InputJSON(data []byte) (Value, error) { return fromJSON(data, Input) }

func fromJSON(data []byte, mk func(string) Str) (v Value, err error) {
	defer catch(&err)
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err = readJSON(d, mk, 0)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("jinja: reading JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("jinja: reading JSON: something follows the value")
	}
	return v, nil
}

func readJSON(d *json.Decoder, mk func(string) Str, depth int) (Value, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case nil:
		return None, nil
	case bool:
		return Bool(t), nil
	case string:
		return mk(t), nil
	case json.Number:
		return jsonNumber(t.String())
	case json.Delim:
		if t == '[' {
			return readArray(d, mk, depth)
		}
		return readObject(d, mk, depth)
	}
	return nil, fmt.Errorf("unexpected token %v", t)
}

func readArray(d *json.Decoder, mk func(string) Str, depth int) (Value, error) {
	l := &List{}
	for d.More() {
		v, err := readJSON(d, mk, depth+1)
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, v)
	}
	_, err := d.Token()
	return l, err
}

func readObject(d *json.Decoder, mk func(string) Str, depth int) (Value, error) {
	o := NewDict()
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := readJSON(d, mk, depth+1)
		if err != nil {
			return nil, err
		}
		o.put(mk(k.(string)), v)
	}
	_, err := d.Token()
	return o, err
}

func jsonNumber(s string) (Value, error) {
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return Int(i), nil
		}
		if b, ok := new(big.Int).SetString(s, 10); ok && len(s) <= maxDigits {
			return normBig(b), nil
		}
		return nil, fmt.Errorf("number of more than %d digits", maxDigits)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !isRangeError(err) {
		return nil, err
	}
	return Float(f), nil
}

// dumper writes JSON as Python's json.dumps does.
type dumper struct {
	in     *interp
	b      builder
	ascii  bool
	sorted bool
	pretty bool
	indent Str
	item   Str // between elements
	colon  Str // between key and value
}

func filterTojson(in *interp, v Value, a args) Value {
	p := a.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys")
	d := &dumper{in: in, ascii: wantBool(p[0], false), sorted: wantBool(p[3], false), item: Text(", "), colon: Text(": ")}
	switch x := p[1].(type) {
	case nil, noneType:
	case Str:
		d.pretty, d.indent = true, x.plain()
	default:
		n := max(0, wantInt(x, 0))
		in.room(n)
		d.pretty, d.indent = true, Text(strings.Repeat(" ", n))
	}
	if d.pretty {
		d.item = Text(",")
	}
	if !isNone(p[2]) {
		sep := in.unpack(p[2], 2)
		d.item, d.colon = wantStr("separators", sep[0]), wantStr("separators", sep[1])
	}
	d.value(v, 0)
	return d.b.done()
}

func (d *dumper) value(v Value, depth int) {
	if depth > maxNesting {
		throw("RecursionError", "maximum recursion depth exceeded while encoding a JSON object")
	}
	d.in.step()
	d.in.room(d.b.len() - len(d.b.buf)) // checks the deadline
	if d.b.len() > maxStringBytes {
		throwLimit("text of more than %d bytes", maxStringBytes)
	}
	switch x := v.(type) {
	case noneType:
		d.b.text("null")
	case Bool:
		d.b.text(strconv.FormatBool(bool(x)))
	case Int, Big:
		d.b.str(repr(x))
	case Float:
		d.b.text(jsonFloat(float64(x)))
	case Str:
		d.str(x)
	case *List:
		d.array(x.items, depth)
	case *Tuple:
		d.array(x.items, depth)
	case *Dict:
		d.object(x, depth)
	default:
		throwType("Object of type %s is not JSON serializable", typeName(v))
	}
}

func jsonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return floatRepr(f)
}

func (d *dumper) newline(depth int) {
	if !d.pretty {
		return
	}
	d.b.text("\n")
	for range depth {
		d.b.str(d.indent)
	}
}

func (d *dumper) array(items []Value, depth int) {
	d.b.text("[")
	for i, x := range items {
		if i > 0 {
			d.b.str(d.item)
		}
		d.newline(depth + 1)
		d.value(x, depth+1)
	}
	if len(items) > 0 {
		d.newline(depth)
	}
	d.b.text("]")
}

func (d *dumper) object(o *Dict, depth int) {
	idx := make([]int, o.Len())
	for i := range idx {
		idx[i] = i
	}
	if d.sorted {
		sort.SliceStable(idx, func(i, j int) bool { return d.in.less(o.keys[idx[i]], o.keys[idx[j]]) })
	}
	d.b.text("{")
	for n, i := range idx {
		if n > 0 {
			d.b.str(d.item)
		}
		d.newline(depth + 1)
		d.str(jsonKey(o.keys[i]))
		d.b.str(d.colon)
		d.value(o.vals[i], depth+1)
	}
	if o.Len() > 0 {
		d.newline(depth)
	}
	d.b.text("}")
}

func jsonKey(k Value) Str {
	switch k := k.(type) {
	case Str:
		return k
	case noneType:
		return Text("null")
	case Bool:
		return Text(strconv.FormatBool(bool(k)))
	case Int, Big:
		return repr(k)
	case Float:
		return Text(jsonFloat(float64(k)))
	}
	throwType("keys must be str, int, float, bool or None, not %s", typeName(k))
	return Str{}
}

func (d *dumper) str(s Str) {
	d.in.charge(len(s.s))
	d.b.text(`"`)
	if !needsEscape(s.s, d.ascii) {
		d.b.str(s)
	} else {
		d.b.str(s.mapRunes(func(i int, r rune) string { return jsonRune(s.s, i, r, d.ascii) }))
	}
	d.b.text(`"`)
}

func needsEscape(s string, ascii bool) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || ascii && c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

func jsonRune(s string, i int, r rune, ascii bool) string {
	switch r {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '\f':
		return `\f`
	case '\b':
		return `\b`
	}
	switch {
	case r < 0x20 || ascii && r >= 0x7f && r <= 0xffff && r > 0x7f:
		return fmt.Sprintf(`\u%04x`, r)
	case ascii && r > 0xffff:
		r -= 0x10000
		return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return s[i : i+utf8.RuneLen(r)]
}
