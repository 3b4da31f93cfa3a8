package web

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
)

// decode turns the bytes of a page into text. What the server says counts
// first, then what the page says of itself (HTML Standard, 13.2.3), then what
// the bytes look like: old Korean pages say nothing and are EUC-KR.
func decode(body []byte, label string, markup bool) (string, error) {
	if bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
		return clean(string(body[3:])), nil
	}
	e, name, known := encoding.Encoding(nil), "", false
	if label != "" {
		e, name = charset.Lookup(label)
	}
	if e == nil {
		e, name, known = charset.DetermineEncoding(body, "")
		if !markup && name != "utf-16le" && name != "utf-16be" {
			known = false // there is no meta element to believe
		}
		if !known {
			e = guess(body)
		}
	}
	out, err := e.NewDecoder().Bytes(body)
	if err != nil {
		return "", fmt.Errorf("the page's text cannot be read as %s: %w", name, err)
	}
	return clean(string(out)), nil
}

// guess tells UTF-8 and EUC-KR apart. A page that is neither is read as UTF-8
// with marks for what cannot be read.
func guess(body []byte) encoding.Encoding {
	if utf8.Valid(body) {
		return encoding.Nop
	}
	out, err := korean.EUCKR.NewDecoder().Bytes(body)
	if err != nil {
		return encoding.Replacement
	}
	bad := bytes.Count(out, []byte("\uFFFD"))
	if bad*50 <= utf8.RuneCount(out) { // a slip in fifty characters is an old page, not another encoding
		return korean.EUCKR
	}
	return encoding.Nop
}

// clean drops what no reader sees: control characters, and the invisible ones
// that hide text from people and not from models (zero-width, tags, overrides
// of direction).
func clean(text string) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r', r < 0x20, r == 0x7f, r >= 0x80 && r < 0xa0:
			return -1
		case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r >= 0xe0000 && r <= 0xe0fff:
			return -1
		}
		return r
	}, text), "\uFFFD")
}
