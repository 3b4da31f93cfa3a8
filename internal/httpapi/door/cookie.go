package door

import (
	"net/http"
	"time"
)

// Cookie is the name of the session's cookie. By https it has the prefix that
// makes browsers insist on Secure, this host and the path / (RFC 6265bis
// §4.1.3.2); plain http, on loopback, cannot have it.
func Cookie(secure bool) string {
	if secure {
		return "__Host-malmoi"
	}
	return "malmoi_session"
}

// NewSession is the cookie that holds a session's token. Scripts cannot read
// it, and other sites' requests do not carry it unless a person follows a link.
func NewSession(token string, secure bool, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: Cookie(secure), Value: token, Path: "/", MaxAge: int(life / time.Second),
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// NoSession takes the cookie back.
func NoSession(secure bool) *http.Cookie {
	c := NewSession("", secure, 0)
	c.MaxAge = -1
	return c
}
