package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// Secrets are kept as their SHA-256 only: they have 256 random bits, so a slow
// hash would add nothing.
//
// A session's token is 43 characters of base64url. An API key is
//
//	sk-malmoi-  43 random characters  6 characters of check
//
// with the prefix so that scanners recognise a leaked key, and the check
// (CRC-32 of what stands before it, in base64url) so that a typing error is
// told from a revoked key without a look into the database. An invitation's
// token looks like a session's.

// KeyPrefix begins every API key.
const KeyPrefix = "sk-malmoi-"

const (
	secretBytes = 32
	secretChars = 43 // of secretBytes in base64url
	checkChars  = 6  // of 4 bytes in base64url
	shownChars  = len(KeyPrefix) + 4
)

// newSecret returns 256 random bits in base64url.
func newSecret() string {
	var b [secretBytes]byte
	rand.Read(b[:]) // never fails: the runtime ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newAPIKey returns a fresh key with its prefix and check.
func newAPIKey() string {
	body := KeyPrefix + newSecret()
	return body + check(body)
}

func check(body string) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], crc32.ChecksumIEEE([]byte(body)))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// ParseKey reports whether s has the form of an API key of malmoi, and whether
// its check is right. It does not say whether the key opens anything.
func ParseKey(s string) (ours bool, err error) {
	body, ours := strings.CutPrefix(s, KeyPrefix)
	if !ours {
		return false, nil
	}
	if len(body) != secretChars+checkChars {
		return true, fmt.Errorf("an API key has %d characters, this has %d: copy it again", len(KeyPrefix)+secretChars+checkChars, len(s))
	}
	if split := len(s) - checkChars; check(s[:split]) != s[split:] {
		return true, fmt.Errorf("the API key %s… was not copied rightly: its check does not match", s[:shownChars])
	}
	return true, nil
}

// isToken reports whether s can be the token of a session or an invitation.
func isToken(s string) bool {
	if len(s) != secretChars {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil
}

func digest(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// newID returns 128 random bits as 26 lower-case letters and digits.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
