package oidc

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// handshake is what a sign-in began with, kept by the browser that began it.
// It needs no signature: all in it is random and known to that browser alone,
// and whoever forges one cheats only themselves.
type handshake struct {
	State    string // comes back with the answer, against answers that were planted
	Nonce    string // comes back inside the signed token, against tokens from elsewhere
	Verifier string // RFC 7636: only who began can redeem the code
	began    int64  // seconds since 1970
}

func newHandshake(now time.Time) handshake {
	return handshake{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier(), began: now.Unix()}
}

func random() string {
	var b [24]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// String has only characters that may stand in a cookie.
func (h handshake) String() string {
	return strings.Join([]string{h.State, h.Nonce, h.Verifier, strconv.FormatInt(h.began, 36)}, ".")
}

func parseHandshake(s string, now time.Time) (handshake, error) {
	if s == "" {
		return handshake{}, errors.New("the browser kept no sign-in: it takes cookies, and at most 10 minutes")
	}
	part := strings.Split(s, ".")
	if len(s) > 300 || len(part) != 4 || len(part[0]) != 32 || len(part[1]) != 32 || len(part[2]) < 43 {
		return handshake{}, errors.New("the browser kept something else than a sign-in: begin again")
	}
	began, err := strconv.ParseInt(part[3], 36, 64)
	if age := now.Unix() - began; err != nil || age < 0 || age > int64(secretLife/time.Second) {
		return handshake{}, errors.New("the sign-in took too long: begin again")
	}
	return handshake{part[0], part[1], part[2], began}, nil
}

// belongs compares without telling how much was right.
func (h handshake) belongs(state string) bool {
	return subtle.ConstantTimeCompare([]byte(h.State), []byte(state)) == 1
}
