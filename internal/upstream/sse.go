package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxEvent bounds the bytes of one server-sent event. The largest that servers
// send are tool calls in one piece and log probabilities with alternatives.
const maxEvent = 4 << 20

// errEventTooLarge ends a stream whose event does not end.
var errEventTooLarge = fmt.Errorf("an event is longer than %d bytes", maxEvent)

// sseReader reads server-sent events (WHATWG HTML, 9.2.6). Only the name and
// the data of an event are kept; ids and retry times mean nothing here.
type sseReader struct {
	r      *bufio.Reader
	line   []byte
	skipLF bool // the last line ended with CR: an LF belongs to it
	begun  bool
}

func newSSEReader(r io.Reader) *sseReader { return &sseReader{r: bufio.NewReaderSize(r, 4<<10)} }

// next returns the next event that has data. The data is valid until the next
// call. At the end it returns io.EOF, and io.ErrUnexpectedEOF if the stream was
// cut inside a line. Data whose last line is whole counts as an event although
// the empty line is missing: some servers end so.
func (s *sseReader) next() (name string, data []byte, err error) {
	var buf []byte
	has := false
	for {
		line, err := s.readLine(maxEvent - len(buf))
		if err != nil {
			if has && errors.Is(err, io.EOF) {
				return name, buf, nil
			}
			return "", nil, err
		}
		if len(line) == 0 {
			if has {
				return name, buf, nil
			}
			name = ""
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "data":
			if has {
				buf = append(buf, '\n')
			}
			has = true
			buf = append(buf, value...)
		case "event":
			name = string(value)
		}
	}
}

// readLine returns the next line without its end: LF, CR or CRLF. A line is
// returned as soon as its end is there, without waiting for what follows.
func (s *sseReader) readLine(limit int) ([]byte, error) {
	s.line = s.line[:0]
	for {
		chunk, err := s.buffered()
		if err != nil {
			if errors.Is(err, io.EOF) && len(s.line) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if s.skipLF {
			s.skipLF = false
			if chunk[0] == '\n' {
				s.r.Discard(1)
				continue
			}
		}
		end := bytes.IndexAny(chunk, "\r\n")
		take := end
		if end < 0 {
			take = len(chunk)
		}
		if len(s.line)+take > limit {
			return nil, errEventTooLarge
		}
		s.line = append(s.line, chunk[:take]...)
		if end < 0 {
			s.r.Discard(take)
			continue
		}
		s.skipLF = chunk[end] == '\r'
		s.r.Discard(take + 1)
		if !s.begun {
			s.begun = true
			return bytes.TrimPrefix(s.line, []byte("\uFEFF")), nil
		}
		return s.line, nil
	}
}

// buffered is what has arrived, at least one byte.
func (s *sseReader) buffered() ([]byte, error) {
	if s.r.Buffered() == 0 {
		if _, err := s.r.Peek(1); err != nil {
			return nil, err
		}
	}
	return s.r.Peek(s.r.Buffered())
}
