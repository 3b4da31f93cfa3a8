package account

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// cost is what one argon2id hash takes.
type cost struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8
}

// phc is a hash in the string format of the Password Hashing Competition:
//
//	$argon2id$v=19$m=65536,t=3,p=1$SALT$HASH
//
// with both in base64 without padding.
type phc struct {
	cost
	salt []byte
	key  []byte
}

// Limits of what is accepted as a hash, so that a row somebody tampered with
// cannot make sign-in take gigabytes or minutes.
const (
	maxPHC       = 512     // bytes of the string
	maxMemoryKiB = 1 << 20 // 1 GiB
	maxPasses    = 16
	maxThreads   = 16
	minSalt      = 8
	minKey       = 16
	maxPart      = 64 // bytes of salt, of key
)

func (p phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", p.memory, p.time, p.threads, enc.EncodeToString(p.salt), enc.EncodeToString(p.key))
}

// parsePHC reads a hash of argon2id, version 19 (0x13), and nothing else.
func parsePHC(s string) (phc, error) {
	var p phc
	if len(s) > maxPHC {
		return p, fmt.Errorf("password hash: %d bytes, more than %d", len(s), maxPHC)
	}
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v=19" {
		return p, fmt.Errorf("password hash: not of the form $argon2id$v=19$…")
	}
	cost, err := parseCost(part[3])
	if err != nil {
		return p, err
	}
	p.cost = cost
	if p.salt, err = parsePart(part[4], minSalt); err != nil {
		return p, fmt.Errorf("password hash: salt: %w", err)
	}
	if p.key, err = parsePart(part[5], minKey); err != nil {
		return p, fmt.Errorf("password hash: key: %w", err)
	}
	return p, nil
}

func parsePart(s string, least int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, err
	}
	if len(b) < least || len(b) > maxPart {
		return nil, fmt.Errorf("%d bytes, want %d to %d", len(b), least, maxPart)
	}
	return b, nil
}

func parseCost(s string) (cost, error) {
	var c cost
	field := strings.Split(s, ",")
	if len(field) != 3 {
		return c, fmt.Errorf("password hash: cost %q is not m=…,t=…,p=…", s)
	}
	var v [3]uint64
	for i, limit := range []struct {
		name     string
		low, top uint64
	}{{"m=", 8, maxMemoryKiB}, {"t=", 1, maxPasses}, {"p=", 1, maxThreads}} {
		digits, ok := strings.CutPrefix(field[i], limit.name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || strconv.FormatUint(n, 10) != digits || n < limit.low || n > limit.top {
			return c, fmt.Errorf("password hash: cost %q is not %s%d to %d", field[i], limit.name, limit.low, limit.top)
		}
		v[i] = n
	}
	c = cost{uint32(v[0]), uint32(v[1]), uint8(v[2])}
	if c.memory < 8*uint32(c.threads) {
		return c, fmt.Errorf("password hash: %d KiB are too few for %d threads", c.memory, c.threads)
	}
	return c, nil
}
