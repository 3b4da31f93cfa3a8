//go:build !unix

package source

import "errors"

// errFull is a full disk.
var errFull = errors.New("no space left on device")
