package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// row holds nil, int64, float64, string or []byte for each column.
type row []any

// sum is an order-free checksum of rows: the SHA-256 of each row's line, added
// up modulo 2^256. Databases may return rows in any order and need not sort.
type sum [4]uint64

func (s *sum) add(line []byte) {
	h := sha256.Sum256(line)
	var carry uint64
	for i := range s {
		s[i], carry = bits.Add64(s[i], binary.LittleEndian.Uint64(h[8*i:]), carry)
	}
}

func (s sum) String() string {
	var b [32]byte
	for i, v := range s {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
	return hex.EncodeToString(b[:])
}

// rows reads a whole table.
func (t table) rows(ctx context.Context, q Q) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		found, err := q.Query(ctx, t.query(q.dialect))
		if err != nil {
			yield(nil, fmt.Errorf("store: read table %s: %w", t.Name, err))
			return
		}
		defer found.Close()
		into := make([]any, len(t.Columns))
		for found.Next() {
			r := make(row, len(t.Columns))
			for i := range r {
				into[i] = &r[i]
			}
			err := found.Scan(into...)
			for i := range r {
				if err == nil {
					r[i], err = t.Columns[i].Kind.normal(r[i])
				}
			}
			if err != nil {
				err = fmt.Errorf("store: read table %s: %w", t.Name, err)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(nil, fmt.Errorf("store: read table %s: %w", t.Name, err))
		}
	}
}

// query selects the columns as the kinds that they have.
func (t table) query(d Dialect) string {
	cast := map[kind]string{integerKind: "::int8", realKind: "::float8", textKind: "::text"}
	list := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		list[i] = quote(c.Name)
		if d == Postgres {
			if c.native == "bool" {
				list[i] += "::int4"
			}
			list[i] += cast[c.Kind]
		}
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM " + quote(t.Name)
}

// normal gives a value as drivers return it the one type of its kind.
func (k kind) normal(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case bool:
		if k == integerKind {
			return map[bool]int64{true: 1}[v], nil
		}
	case int64:
		switch k {
		case integerKind:
			return v, nil
		case realKind:
			return float64(v), nil
		}
	case float64:
		if k == realKind && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v, nil
		}
	case string:
		switch k {
		case textKind:
			return v, nil
		case blobKind:
			return []byte(v), nil
		}
	case []byte:
		switch k {
		case blobKind:
			return v, nil
		case textKind:
			return string(v), nil
		}
	}
	return nil, fmt.Errorf("a %s column holds %T %.40v", k, v, v)
}

// bytesValue is how a blob, or a text that is not UTF-8, lies in a line.
type bytesValue struct {
	Base64 []byte `json:"base64"`
}

// encode writes r as one line of JSON, always the same for the same values.
func (r row) encode() ([]byte, error) {
	out := make([]any, len(r))
	for i, v := range r {
		switch v := v.(type) {
		case []byte:
			out[i] = bytesValue{append([]byte{}, v...)} // never null
		case string:
			out[i] = v
			if !utf8.ValidString(v) {
				out[i] = bytesValue{[]byte(v)}
			}
		default:
			out[i] = v
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(out)
	return b.Bytes(), err
}

// decodeRow reads a line of a table.
func (t table) decodeRow(line []byte) (row, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var raw []any
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one value")
	}
	if len(raw) != len(t.Columns) {
		return nil, fmt.Errorf("%d values for %d columns", len(raw), len(t.Columns))
	}
	r := make(row, len(raw))
	for i, v := range raw {
		var err error
		if r[i], err = t.Columns[i].Kind.decode(v); err != nil {
			return nil, fmt.Errorf("column %s: %w", t.Columns[i].Name, err)
		}
	}
	return r, nil
}

func (k kind) decode(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		switch k {
		case integerKind:
			return v.Int64()
		case realKind:
			return v.Float64()
		}
	case map[string]any:
		data, ok := v["base64"].(string)
		if !ok || len(v) != 1 {
			return nil, fmt.Errorf("an object that is not base64")
		}
		b, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return nil, err
		}
		return k.normal(b)
	case nil:
		return nil, nil
	case string:
		if k == textKind {
			return v, nil
		}
	}
	return nil, fmt.Errorf("a %s column holds %T", k, v)
}
