package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxEvent bounds one line of a stream, in bytes.
const maxEvent = 64 << 20

// event is one server-sent event.
type event struct{ id, name, data string }

// eachEvent hands every whole event to take until the stream ends or take
// fails. A half event at the end is dropped, as the standard wants.
func eachEvent(r io.Reader, take func(event) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	var e event
	var data []string
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" {
			if data != nil {
				e.data = strings.Join(data, "\n")
				if err := take(e); err != nil {
					return err
				}
			}
			e, data = event{}, nil
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			data = append(data, value)
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return fmt.Errorf("malmoi: an event of more than %d bytes", maxEvent)
		}
		return fmt.Errorf("malmoi: the stream broke: %w", err)
	}
	return nil
}
