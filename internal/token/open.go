package token

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"malmoi/internal/weights/gguf"
)

const maxUnpacked = 8 << 30 // of a gzipped GGUF file

// Open reads a tokenizer from a tokenizer.json, a GGUF file, a .tiktoken rank file
// or a folder with a tokenizer.json; files may be gzipped. A tokenizer_config.json
// beside a file that is named tokenizer.json is read too.
func Open(path string) (*Tokenizer, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	} else if info.IsDir() {
		path = filepath.Join(path, "tokenizer.json")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	packed := false
	if magic, _ := r.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("token: %s: %w", path, err)
		}
		r, packed = bufio.NewReader(z), true
	}
	if magic, _ := r.Peek(4); string(magic) == "GGUF" {
		return openGGUF(path, r, packed)
	}
	size := int64(0)
	if info, err := f.Stat(); err == nil && !packed {
		size = info.Size()
	}
	data, err := readLimited(r, size, maxFileBytes)
	if err != nil {
		return nil, fmt.Errorf("token: %s: %w", path, err)
	}
	if strings.HasPrefix(strings.TrimLeft(string(data[:min(len(data), 64)]), " \t\r\n"), "{") {
		return FromJSON(data, configBeside(path))
	}
	return FromTiktoken(data, path)
}

func openGGUF(path string, r io.Reader, packed bool) (*Tokenizer, error) {
	if packed {
		tmp, err := os.CreateTemp("", "malmoi-*.gguf")
		if err != nil {
			return nil, fmt.Errorf("token: %w", err)
		}
		defer os.Remove(tmp.Name())
		n, err := io.Copy(tmp, io.LimitReader(r, maxUnpacked+1))
		if err == nil && n > maxUnpacked {
			err = fmt.Errorf("unpacks to more than %d bytes", int64(maxUnpacked))
		}
		if err = errors.Join(err, tmp.Close()); err != nil {
			return nil, fmt.Errorf("token: %s: %w", path, err)
		}
		path = tmp.Name()
	}
	g, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	t, err := FromGGUF(g)
	return t, errors.Join(err, g.Close())
}

// readLimited reads all of r, which has about size bytes if that is not 0.
func readLimited(r io.Reader, size, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	buf.Grow(int(min(size, limit)) + bytes.MinRead)
	n, err := buf.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return buf.Bytes(), err
}

// configBeside reads tokenizer_config.json in the same folder, or nothing.
func configBeside(path string) []byte {
	if !strings.HasPrefix(filepath.Base(path), "tokenizer.json") {
		return nil
	}
	f, err := os.Open(filepath.Join(filepath.Dir(path), "tokenizer_config.json"))
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := readLimited(f, 0, 16<<20)
	if err != nil {
		return nil
	}
	return data
}
