package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// networkDisks are the file systems (statfs(2), f_type) on which SQLite's
// locks and its shared memory cannot be trusted.
var networkDisks = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x5346414f: "AFS",
	0x73757245: "Coda",
	0x564c:     "NCP",
}

// refuseNetworkDisk returns ErrNetworkDisk if dir lies on one of them.
func refuseNetworkDisk(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return nil // whoever opens the file will say what is wrong
	}
	return networkDisk(dir, uint32(st.Type))
}

func networkDisk(dir string, kind uint32) error {
	if name, ok := networkDisks[kind]; ok {
		return fmt.Errorf("store: %s is on %s: %w; put the database on a local disk, or use --database postgres://…", dir, name, ErrNetworkDisk)
	}
	return nil
}

// diskSpace returns the bytes that an ordinary user may still write to the file
// system of dir, and its size.
func diskSpace(dir string) (free, total int64) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0
	}
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize
}
