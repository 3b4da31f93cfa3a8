//go:build unix

package source

import "syscall"

// errFull is what the system calls a full disk.
var errFull error = syscall.ENOSPC
