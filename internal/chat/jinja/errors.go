package jinja

import (
	"errors"
	"fmt"
	"runtime"
)

// Error kinds that callers may want to tell apart with errors.Is.
var (
	// ErrSyntax marks a template that cannot be parsed.
	ErrSyntax = errors.New("template syntax error")
	// ErrLimit marks a rendering that was stopped by a limit or a deadline.
	ErrLimit = errors.New("template limit exceeded")
	// ErrInternal marks a fault of this package; it is a bug.
	ErrInternal = errors.New("internal error in the template engine")
)

// Raised is the error of a template that called raise_exception.
type Raised struct{ Message string }

func (e *Raised) Error() string { return e.Message }

// Error is any other failure of a template. Kind is the Python exception that
// the reference implementation raises, such as "TypeError".
type Error struct {
	Kind    string
	Message string
	Line    int // in the template, 0 if unknown
	cause   error
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("jinja: line %d: %s: %s", e.Line, e.Kind, e.Message)
	}
	return fmt.Sprintf("jinja: %s: %s", e.Kind, e.Message)
}

// Unwrap lets errors.Is find ErrSyntax and ErrLimit.
func (e *Error) Unwrap() error { return e.cause }

// failure carries an error up to the nearest catch. Evaluation is a deep
// recursion in which nearly every step can fail; as in text/template the error
// travels as a panic that never leaves the package.
type failure struct{ err error }

func throw(kind, format string, args ...any) {
	panic(failure{&Error{Kind: kind, Message: fmt.Sprintf(format, args...)}})
}

func throwType(format string, args ...any)  { throw("TypeError", format, args...) }
func throwValue(format string, args ...any) { throw("ValueError", format, args...) }

func throwLimit(format string, args ...any) {
	panic(failure{&Error{Kind: "LimitError", Message: fmt.Sprintf(format, args...), cause: ErrLimit}})
}

func throwSyntax(line int, format string, args ...any) {
	panic(failure{&Error{Kind: "TemplateSyntaxError", Message: fmt.Sprintf(format, args...), Line: line, cause: ErrSyntax}})
}

// catch turns a thrown failure into *err. A Go run-time error becomes
// ErrInternal, so that no template can take a server down.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case failure:
		*err = r.err
	case runtime.Error:
		*err = fmt.Errorf("%w: %v", ErrInternal, r)
	default:
		panic(r)
	}
}

// try runs f and reports whether it failed with one of the given kinds; other
// failures travel on.
func try(f func(), kinds ...string) (failed bool) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if fl, ok := r.(failure); ok {
			if e, ok := fl.err.(*Error); ok {
				for _, k := range kinds {
					if e.Kind == k {
						failed = true
						return
					}
				}
			}
		}
		panic(r)
	}()
	f()
	return false
}
