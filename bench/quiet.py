"""Who else used the processors: tells a measurement that other processes disturbed.

Linux counts processor time in ticks of 10 ms for the machine (/proc/stat) and for each process (/proc/PID/stat). What
the machine spent and neither of our processes did, plus what the hypervisor took away (steal), is the disturbance.
Interrupts are not counted: ours cause most of them.
"""
import os
import pathlib
import time

TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


def machine_ticks():
    """Ticks of processes, and ticks stolen."""
    user, nice, system, _idle, _io, _irq, _soft, steal = map(int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return user + nice + system, steal


def process_ticks(pid):
    try:
        rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(rest[11]) + int(rest[12])


def children_ticks():
    """Ticks of our processes that have ended and were waited for."""
    t = os.times()
    return int((t.children_user + t.children_system) / TICK_S)


class Watch:
    """Measures from its creation to the call of share."""

    def __init__(self, pids):
        self.pids = [os.getpid(), *pids]
        self.start = time.monotonic()
        self.busy, self.steal = machine_ticks()
        self.ours = {p: process_ticks(p) for p in self.pids}
        self.children = children_ticks()

    def share(self):
        """The share of all processors' time that others used; two ticks either way are within the counters' grain."""
        busy, steal = machine_ticks()
        ours = sum(process_ticks(p) - t for p, t in self.ours.items()) + children_ticks() - self.children
        other = (busy - self.busy) - ours + (steal - self.steal)
        wall = time.monotonic() - self.start
        return max(0, other - 2) * TICK_S / max(wall * os.cpu_count(), TICK_S)
