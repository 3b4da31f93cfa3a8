//go:build unix

package blob

import (
	"errors"
	"fmt"
	"syscall"
)

// full marks the errors that a full disk or a used-up quota gives.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (%w)", ErrFull, err)
	}
	return err
}
