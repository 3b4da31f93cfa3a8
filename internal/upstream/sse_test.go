package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// events reads a whole stream as text: name=data, separated by "|", then the
// error it ended with.
func events(r io.Reader) string {
	s := newSSEReader(r)
	var out []string
	for {
		name, data, err := s.next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				out = append(out, "!"+err.Error())
			}
			return strings.Join(out, "|")
		}
		out = append(out, fmt.Sprintf("%s=%s", name, data))
	}
}

func TestEvents(t *testing.T) {
	f := func(name, in, want string) {
		t.Helper()
		for cut := range len(in) + 1 {
			got := events(io.MultiReader(strings.NewReader(in[:cut]), strings.NewReader(in[cut:])))
			if got != want {
				t.Errorf("%s, cut at %d: got %q, want %q", name, cut, got, want)
				return
			}
		}
		if got := events(iotest.OneByteReader(strings.NewReader(in))); got != want {
			t.Errorf("%s, byte by byte: got %q, want %q", name, got, want)
		}
	}
	f("plain", "data: a\n\ndata: b\n\n", "=a|=b")
	f("CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", "=a|=b")
	f("CR", "data: a\r\rdata: b\r\r", "=a|=b")
	f("mark of byte order", "\uFEFFdata: a\n\n", "=a")
	f("comments", ": waiting\n\n: x\ndata: a\n\n", "=a")
	f("name", "event: error\ndata: {}\n\ndata: next\n\n", "error={}|=next")
	f("name without data", "event: ping\n\ndata: a\n\n", "=a")
	f("several lines", "data: a\ndata:b\ndata:  c\n\n", "=a\nb\n c")
	f("empty data", "data\n\ndata:\n\n", "=|=")
	f("other fields", "id: 7\nretry: 3\ndata: a\nfoo: bar\n\n", "=a")
	f("no empty line at the end", "data: a\n\ndata: [DONE]\n", "=a|=[DONE]")
	f("cut", "data: a\n\ndata: {\"x", "=a|!unexpected EOF")
	f("nothing", "", "")
	f("한글", "data: 가나다\n\n", "=가나다")
}

// TestEventComesAtOnce: an event that ends with CR must not wait for a byte
// that may never come.
func TestEventComesAtOnce(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	go w.Write([]byte("data: a\r\r"))
	_, data, err := newSSEReader(r).next()
	if err != nil || string(data) != "a" {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestEventTooLarge(t *testing.T) {
	one := "data: " + strings.Repeat("x", maxEvent)
	many := strings.Repeat("data: "+strings.Repeat("x", 1<<20)+"\n", maxEvent>>20)
	for name, in := range map[string]string{"in one line": one + "\n\n", "in many lines": many + "\n"} {
		if got := events(strings.NewReader(in)); got != "!"+errEventTooLarge.Error() {
			t.Errorf("%s: %.80q", name, got)
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "data: a\r\n\r\ndata: b\r\r", "\uFEFF: c\nevent: x\ndata\n\n", "data: {\"a\":1}\n\ndata: [DONE]\n\n", "\r\n\r", ":\n\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		whole := events(bytes.NewReader(in))
		slow := events(iotest.OneByteReader(bytes.NewReader(in)))
		if whole != slow {
			t.Errorf("%q: at once %q, byte by byte %q", in, whole, slow)
		}
	})
}
