package account

import (
	"errors"
	"fmt"
	"time"
)

// What callers branch on.
var (
	// ErrNotSignedIn: the token is unknown, has ended, or its user may not come in.
	ErrNotSignedIn = errors.New("not signed in")
	// ErrCredentials: login and password do not belong together. It does not
	// say which of them is wrong.
	ErrCredentials = errors.New("login or password is wrong")
	// ErrForbidden: the user is known and may not do this.
	ErrForbidden = errors.New("not allowed")
	// ErrNotFound: there is no such thing, or it belongs to somebody else.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the name is taken, or the thing was done already.
	ErrConflict = errors.New("exists already")
	// ErrLastAdmin: nobody would be left who can manage the site.
	ErrLastAdmin = errors.New("the last admin stays: make another user admin first")
	// ErrBusy: too many passwords are being checked; try again in a moment.
	ErrBusy = errors.New("too many sign-ins at once: try again in a moment")
	// ErrUnavailable: the directory that knows this user does not answer.
	ErrUnavailable = errors.New("the directory does not answer")
)

// InvalidError says which value of a request is not acceptable.
type InvalidError struct {
	Field  string // as in the API: "login", "password"
	Code   string // stable, for translation: "too_short"
	Reason string // in English
}

func (e *InvalidError) Error() string { return e.Field + ": " + e.Reason }

func invalid(field, code, format string, args ...any) error {
	return &InvalidError{field, code, fmt.Sprintf(format, args...)}
}

// RateError says that a login or an address tried too often.
type RateError struct {
	RetryAfter time.Duration
}

func (e *RateError) Error() string {
	return fmt.Sprintf("too many tries: wait %d seconds", seconds(e.RetryAfter))
}

// QuotaError says that a user has spent what may be spent on one day.
type QuotaError struct {
	Kind       string // "tokens" or "requests"
	Limit      int64
	Used       int64 // with what is running
	RetryAfter time.Duration
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("%d of %d %s of today are used: again after midnight, in %d minutes", e.Used, e.Limit, e.Kind, (seconds(e.RetryAfter)+59)/60)
}

// seconds rounds up, as Retry-After wants it.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
