package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// maxLine bounds one line of batch input.
const maxLine = 64 << 20

// maxInput bounds what a command reads from standard input as a whole.
const maxInput = 1 << 30

// eachLine calls f with every line of r; a line of batch input is one JSON
// value.
func eachLine(r io.Reader, f func(line []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for s.Scan() {
		n++
		if len(s.Bytes()) == 0 {
			continue
		}
		if err := f(s.Bytes()); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

// readAll reads r up to maxInput.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(data) > maxInput {
		err = fmt.Errorf("more than %d bytes of input", maxInput)
	}
	return data, err
}

// printer writes one JSON value per line, without escaping of HTML.
type printer struct {
	w   *bufio.Writer
	enc *json.Encoder
}

func newPrinter(w io.Writer) *printer {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return &printer{b, enc}
}

// line prints v and flushes, so that a reader at the other end of a pipe sees
// each answer.
func (p *printer) line(v any) error {
	if err := p.enc.Encode(v); err != nil {
		return err
	}
	return p.w.Flush()
}
