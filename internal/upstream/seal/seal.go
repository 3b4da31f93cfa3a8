// Package seal keeps secrets of configurations encrypted at rest: AES-256-GCM
// under a key that lies in a file of its own. A sealed secret is text that can
// stand in a configuration or a database; who gets hold of that, or of its
// backup, but not of the key file, has nothing.
//
// It refuses to know what the secrets are for. A Box is safe for concurrent use.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// prefix marks sealed text and its format.
const prefix = "sealed:v1:"

// keyBytes is the length of the key: AES-256.
const keyBytes = 32

// maxSealed bounds the text that Open looks at.
const maxSealed = 1 << 20

// ErrKey says that a secret was sealed with another key or under another label,
// or was changed since.
var ErrKey = errors.New("it was sealed with another key file, or for something else, or was changed; enter the secret again")

// Box seals and opens.
type Box struct{ aead cipher.AEAD }

// New returns a box with the given key of 32 bytes.
func New(key []byte) (*Box, error) {
	if len(key) != keyBytes {
		return nil, fmt.Errorf("seal: a key of %d bytes, want %d", len(key), keyBytes)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	// A random nonce of 96 bits is safe for 2^32 secrets under one key
	// (NIST SP 800-38D, 8.3).
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Box{aead}, nil
}

// OpenFile reads the key file at path, and makes one where there is none. It
// refuses a file that others than its owner may read.
func OpenFile(path string) (*Box, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKey(path); err == nil || errors.Is(err, fs.ErrExist) {
			key, err = readKey(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return New(key)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s has mode %v: only its owner may read it; run 'chmod 600 %s'", path, mode, path)
	}
	if info.Size() > 1024 {
		return nil, fmt.Errorf("%s has %d bytes and is no key file", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("%s is no key file: want %d bytes in base64", path, keyBytes)
	}
	return key, nil
}

// createKey writes a new key so that the file is there whole or not at all;
// another process that is quicker wins.
func createKey(path string) error {
	key := make([]byte, keyBytes)
	rand.Read(key)                                          // never fails
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Link(tmp.Name(), path)
	}
	return err
}

// Is reports whether text is a sealed secret.
func Is(text string) bool { return strings.HasPrefix(text, prefix) }

// Seal encrypts a secret. It opens only under the same label, so that it cannot
// be moved to where it would be sent to somebody else.
func (b *Box) Seal(label, secret string) (string, error) {
	if b == nil {
		return "", errors.New("seal: there is no key file to seal secrets with")
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b.aead.Seal(nil, nil, []byte(secret), []byte(label))), nil
}

// Open decrypts what Seal returned. The error wraps ErrKey if it cannot.
func (b *Box) Open(label, sealed string) (string, error) {
	if b == nil {
		return "", errors.New("seal: there is no key file to open secrets with")
	}
	text, ok := strings.CutPrefix(sealed, prefix)
	if !ok || len(text) > maxSealed {
		return "", errors.New("seal: this is no sealed secret")
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("seal: %w", ErrKey)
	}
	plain, err := b.aead.Open(nil, nil, raw, []byte(label))
	if err != nil {
		return "", fmt.Errorf("seal: %w", ErrKey)
	}
	return string(plain), nil
}
