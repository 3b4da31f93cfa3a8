//go:build !unix

package blob

// full cannot tell here.
func full(err error) error { return err }
