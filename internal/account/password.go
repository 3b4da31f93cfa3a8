package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// standard is the cost of new hashes: RFC 9106 §4, the second recommendation,
// with one thread because two hashes run at once on small machines.
var standard = cost{memory: 64 << 10, time: 3, threads: 1}

func costOf(memoryKiB uint32) cost {
	c := standard
	if memoryKiB > 0 {
		c.memory = min(max(memoryKiB, 8), maxMemoryKiB)
	}
	return c
}

// Limits of passwords and of checking them.
const (
	MinPassword  = 10  // characters
	MaxPassword  = 256 // bytes
	hashesAtOnce = 2   // 64 MiB each
	hashWaiters  = 32  // who come beyond that are told ErrBusy
	saltBytes    = 16
	keyBytes     = 32
)

// hasher computes password hashes, a few at a time: unlimited sign-ins of 64
// MiB each would be an attack in themselves.
type hasher struct {
	cost  cost
	slots chan struct{} // hashesAtOnce tokens
	queue chan struct{} // hashesAtOnce + hashWaiters tokens
	decoy phc           // checked when there is no user, so that both take as long
}

func newHasher(c cost) *hasher {
	h := &hasher{cost: c, slots: make(chan struct{}, hashesAtOnce), queue: make(chan struct{}, hashesAtOnce+hashWaiters)}
	h.decoy = phc{cost: c, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}
	rand.Read(h.decoy.salt)
	rand.Read(h.decoy.key)
	return h
}

// enter waits for a slot; the caller calls leave.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.queue }, nil
	case <-ctx.Done():
		<-h.queue
		return nil, context.Cause(ctx)
	}
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	p := phc{cost: h.cost, salt: make([]byte, saltBytes)}
	rand.Read(p.salt)
	p.key = derive(p, password, keyBytes)
	return p.String(), nil
}

// verify reports whether the password belongs to the PHC string, and whether
// the string was made with another cost than now's. An empty or broken string
// belongs to no password and takes as long.
func (h *hasher) verify(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	p, err := parsePHC(stored)
	if err != nil {
		p = h.decoy
	}
	same := subtle.ConstantTimeCompare(derive(p, password, uint32(len(p.key))), p.key) == 1
	return same && err == nil, p.cost != h.cost, nil
}

func derive(p phc, password string, size uint32) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), p.salt, p.time, p.memory, p.threads, size)
}

// checkPassword refuses what is guessed first: short ones, the commonest, and
// those made of the login.
func checkPassword(password, login string) error {
	if len(password) > MaxPassword {
		return invalid("password", "too_long", "a password has at most %d bytes", MaxPassword)
	}
	p := strings.ToLower(norm.NFC.String(password))
	if utf8.RuneCountInString(p) < MinPassword {
		return invalid("password", "too_short", "a password has at least %d characters", MinPassword)
	}
	if common(p) {
		return invalid("password", "common", "this password is among the first that are tried")
	}
	if login != "" && (p == login || len(login) >= 4 && strings.Trim(p, "0123456789!@#$%^&*.-_ ") == login) {
		return invalid("password", "like_login", "the password must not be the login")
	}
	return nil
}
