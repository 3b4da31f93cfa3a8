package converse

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of what a file unpacks to.
const (
	maxUnpacked = 1 << 30   // bytes of all that a zip holds
	maxItem     = MaxImport // bytes of one conversation, about
	maxRatio    = 200       // unpacked to packed
	maxZipFiles = 200_000
)

// readExport finds out what a file is and hands on what is in it, one after the
// other. An error of take ends it.
func readExport(data []byte, take func(found) error) error {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return readZip(data, take)
	}
	if !utf8.Valid(data) {
		return invalid("file", "is neither a zip nor UTF-8 text")
	}
	return readDocument(bytes.NewReader(data), take)
}

// ChatGPT packs its conversations under these names, large exports in parts.
var conversationsFile = regexp.MustCompile(`^conversations(-\d+)?\.json$`)

// readZip reads the files that ChatGPT calls conversations, or every JSON file
// if there are none.
func readZip(data []byte, take func(found) error) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return invalid("file", "is a broken zip: %s", err)
	}
	if len(z.File) > maxZipFiles {
		return invalid("file", "the zip holds more than %d files", maxZipFiles)
	}
	room := &limited{left: min(maxUnpacked, maxRatio*int64(len(data)))}
	some := false
	for _, f := range chosen(z.File) {
		r, err := f.Open()
		if err != nil {
			return invalid("file", "%q in the zip: %s", head(f.Name, MaxName), err)
		}
		room.r = r
		var failed error
		err = readDocument(room, func(x found) error {
			some = true
			failed = take(x)
			return failed
		})
		r.Close()
		switch {
		case err == nil:
		case failed != nil || room.left < 0:
			return err
		default: // this file is no conversation, others may be
			some = true
			if err := take(found{chat: ArchiveChat{Title: f.Name}, why: whyBroken}); err != nil {
				return err
			}
		}
	}
	if !some {
		return invalid("file", "the zip holds no conversations")
	}
	return nil
}

func chosen(files []*zip.File) []*zip.File {
	var named, other []*zip.File
	for _, f := range files {
		switch name := path.Base(f.Name); {
		case conversationsFile.MatchString(name):
			named = append(named, f)
		case strings.HasSuffix(name, ".json") && !strings.HasPrefix(name, "."):
			other = append(other, f)
		}
	}
	if len(named) == 0 {
		named = other
	}
	slices.SortStableFunc(named, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	return named
}

// errTooMuch says that a file unpacks to more than is allowed.
var errTooMuch = errors.New("unpacks to too much")

// limited reads until its bytes are used up.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left < 0 {
		return 0, errTooMuch
	}
	n, err := l.r.Read(b[:min(int64(len(b)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return n, errTooMuch
	}
	return n, err
}

// readDocument reads one JSON document: a list of conversations, or a single
// one, or an archive of ours.
func readDocument(r io.Reader, take func(found) error) error {
	item := &limited{r: r, left: maxItem}
	in := bufio.NewReader(item)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		in.Discard(3)
	}
	first, err := firstByte(in)
	if err != nil || first != '[' && first != '{' {
		if errors.Is(err, errTooMuch) {
			return invalid("file", "%s", err)
		}
		return invalid("file", "is neither JSON nor a zip")
	}
	d := json.NewDecoder(in)
	if first == '{' {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return broken(err)
		}
		return take(readItem(raw))
	}
	if _, err := d.Token(); err != nil {
		return broken(err)
	}
	for n := 0; d.More(); n++ {
		item.left = maxItem
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			if n == 0 || errors.Is(err, errTooMuch) {
				return broken(err)
			}
			return take(found{why: whyBroken})
		}
		if err := take(readItem(raw)); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return broken(err)
	}
	return nil
}

func broken(err error) error {
	if errors.Is(err, errTooMuch) {
		return invalid("file", "%s", errTooMuch)
	}
	return invalid("file", "is not valid JSON: %s", err)
}

// firstByte looks at the first byte that is no space.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, in.UnreadByte()
		}
	}
}

// readItem tells the forms apart by the fields that only they have.
func readItem(raw json.RawMessage) found {
	if !utf8.Valid(raw) {
		return found{why: whyBroken}
	}
	var has struct {
		Format       string          `json:"format"`
		Mapping      json.RawMessage `json:"mapping"`
		Chat         json.RawMessage `json:"chat"`
		Title        json.RawMessage `json:"title"`
		Messages     json.RawMessage `json:"messages"`
		MessagesTree json.RawMessage `json:"messagesTree"`
	}
	if err := json.Unmarshal(raw, &has); err != nil {
		return found{why: whyUnknown}
	}
	var f found
	var err error
	switch {
	case has.Format == formatName:
		f.own = &Archive{}
		err = json.Unmarshal(raw, f.own)
	case has.Mapping != nil:
		f.chat, err = readChatGPT(raw)
	case has.Chat != nil:
		f.chat, err = readOpenWebUI(raw)
	case has.Messages != nil || has.MessagesTree != nil:
		f.chat, err = readLibreChat(raw)
	default:
		f.why = whyUnknown
	}
	if err != nil {
		f = found{why: whyBroken}
	}
	if f.why != "" {
		json.Unmarshal(has.Title, &f.chat.Title) // a title that is none stays empty
	}
	return f
}
