package oidc

import (
	"strings"
	"testing"
	"time"
)

// What a browser sends back as its secret is foreign bytes.
func FuzzHandshake(f *testing.F) {
	now := time.Unix(1_795_500_000, 0)
	f.Add(newHandshake(now).String())
	f.Add("...")
	f.Add(strings.Repeat("a", 32) + "." + strings.Repeat("b", 32) + "." + strings.Repeat("c", 43) + ".-zzzzzzzzzzzz")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHandshake(s, now)
		if err != nil {
			if h != (handshake{}) {
				t.Fatalf("%q: %+v with error %v", s, h, err)
			}
			return
		}
		if len(h.State) != 32 || len(h.Nonce) != 32 || len(h.Verifier) < 43 || h.belongs("") || !h.belongs(h.State) {
			t.Fatalf("%q reads as %+v", s, h)
		}
		if age := now.Unix() - h.began; age < 0 || age > 600 {
			t.Fatalf("%q is %d seconds old and counts", s, age)
		}
	})
}

func TestHandshakeComesBack(t *testing.T) {
	now := time.Now()
	h := newHandshake(now)
	got, err := parseHandshake(h.String(), now.Add(secretLife))
	if err != nil || got != h {
		t.Errorf("got %+v, %v; want %+v", got, err, h)
	}
	if other := newHandshake(now); other.State == h.State || other.Nonce == h.Nonce || other.Verifier == h.Verifier || h.State == h.Nonce {
		t.Error("two sign-ins share a secret")
	}
}
