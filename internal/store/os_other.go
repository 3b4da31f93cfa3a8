//go:build !linux

package store

// refuseNetworkDisk cannot tell here.
func refuseNetworkDisk(string) error { return nil }

func diskSpace(string) (free, total int64) { return 0, 0 }
