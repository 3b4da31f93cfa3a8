//go:build unix

package storetest

import (
	"os"
	"os/exec"
	"syscall"
)

// asUser makes cmd run as the first of the users that exists, who owns dir.
func asUser(cmd *exec.Cmd, dir string, names ...string) error {
	uid, gid, err := lookUp(names...)
	if err != nil {
		return err
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
		Setpgid:    true, // an interrupt of the terminal is not for the server
	}
	return nil
}
