package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"
)

// maxLine bounds a line of a stream: the last event of the site's streams holds
// the whole answer.
const maxLine = 4 << 20

// reading is what one client saw of one stream.
type reading struct {
	delays []int32       // of each token, in µs, from when it could be read
	asked  time.Duration // until the stream was open
	opened time.Time
	err    error
}

// read follows a stream of events until it says that it ends, and checks that
// every token came once, in order. last recognises the event that ends it.
func (r *reading) read(body io.Reader, tokens int, last func(event string, data []byte) bool) error {
	lines := bufio.NewReaderSize(body, 16<<10)
	event := ""
	for {
		line, err := readLine(lines)
		if err != nil {
			return fmt.Errorf("after %d of %d tokens: %w", len(r.delays), tokens, err)
		}
		now := time.Now()
		if name, ok := bytes.CutPrefix(line, []byte("event: ")); ok {
			event = string(name)
			continue
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		if last(event, data) {
			break
		}
		if event == "" || event == "delta" {
			if err := r.take(data, now); err != nil {
				return err
			}
		}
		event = ""
	}
	if len(r.delays) != tokens {
		return fmt.Errorf("%d of %d tokens came", len(r.delays), tokens)
	}
	return nil
}

// take finds the tokens in an event. There may be several in one.
func (r *reading) take(data []byte, now time.Time) error {
	for {
		at := bytes.IndexByte(data, '@')
		if at < 0 {
			return nil
		}
		data = data[at+1:]
		number, rest, ok := bytes.Cut(data, []byte(":"))
		micros, rest, ok2 := bytes.Cut(rest, []byte(";"))
		i, err := strconv.ParseInt(string(number), 36, 32)
		sent, err2 := strconv.ParseInt(string(micros), 36, 64)
		if !ok || !ok2 || err != nil || err2 != nil {
			return fmt.Errorf("a token is damaged: %.60q", data)
		}
		if int(i) != len(r.delays) {
			return fmt.Errorf("token %d where %d was due", i, len(r.delays))
		}
		// A server that owns its answers writes before anybody reads: what was
		// there when the stream was opened is late since then only.
		if !r.opened.IsZero() {
			sent = max(sent, r.opened.Sub(epoch).Microseconds())
		}
		r.delays = append(r.delays, int32(now.Sub(epoch).Microseconds()-sent))
		data = rest
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		long := bytes.Clone(line)
		for err == bufio.ErrBufferFull && len(long) < maxLine {
			line, err = r.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
