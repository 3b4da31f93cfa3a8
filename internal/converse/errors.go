package converse

import (
	"errors"
	"fmt"
)

// What callers branch on.
var (
	// ErrNotFound: there is no such thing, or it belongs to somebody else.
	ErrNotFound = errors.New("not found")
	// ErrReader: the user's role lets them read only.
	ErrReader = errors.New("your role lets you read, not write")
	// ErrConflict: it cannot be done in the state things are in.
	ErrConflict = errors.New("conflict")
	// ErrBusy: too many answers are being made.
	ErrBusy = errors.New("too many answers are being made: wait for one to end, or stop one")
)

// InvalidError says which value of a request is not acceptable.
type InvalidError struct{ Field, Reason string }

func (e *InvalidError) Error() string { return e.Field + ": " + e.Reason }

func invalid(field, format string, args ...any) error {
	return &InvalidError{field, fmt.Sprintf(format, args...)}
}

// Limits.
const (
	MaxContent  = 2 << 20  // bytes of one message
	MaxTitle    = 200      // characters
	MaxName     = 100      // characters of folders, prompts, presets, files
	MaxText     = 32 << 10 // bytes of instructions, prompts, system texts
	MaxMemory   = 2000     // bytes of one memory
	MaxMemories = 200      // of one user
	MaxFolders  = 500      // of one user
	MaxLibrary  = 500      // prompts, and presets, of one user
	MaxFiles    = 50       // of one folder
	MaxFile     = 5 << 20  // bytes
	MaxMessages = 20_000   // of one chat
	MaxShares   = 100      // of one chat
	MaxLiveUser = 4        // answers of one user at once
	MaxLive     = 2000     // answers of the site at once
	MaxAnswer   = 16 << 20 // bytes of one answer's events
	MaxHeld     = 1 << 30  // bytes of the events of all live answers; beyond it none begins
	MaxPage     = 200      // rows of a list
	MaxHits     = 50       // of a search
	MaxQuery    = 200      // characters of a search
	KeepDeleted = 30       // days until what was deleted is forgotten
)
