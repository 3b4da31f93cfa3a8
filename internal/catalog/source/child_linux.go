package source

import (
	"os/exec"
	"syscall"
)

// dieWithUs lets the kernel end the child when this process is killed: an
// orphan would go on loading into a folder that another pull uses.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
