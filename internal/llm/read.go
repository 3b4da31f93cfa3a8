package llm

import (
	"context"
	"errors"
	"io"
	"strings"
)

// ReadContent reads a stream of one choice to its end and returns what was said,
// without thoughts and tool calls. It does not close the stream.
func ReadContent(ctx context.Context, st Stream) (string, error) {
	var b strings.Builder
	for {
		e, err := st.Next(ctx)
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		b.WriteString(e.Content)
	}
}
