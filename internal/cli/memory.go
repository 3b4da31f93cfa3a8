package cli

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// kvBudget is the memory for keys and values: a quarter of what this process
// may use, between 256 MiB and 16 GiB.
func kvBudget() int64 {
	return max(256<<20, min(memoryLimit()/4, 16<<30))
}

// memoryLimit is the machine's memory or the control group's limit, whichever
// is less; 4 GiB where neither can be read.
func memoryLimit() int64 {
	limit := int64(4 << 30)
	if f, err := os.Open("/proc/meminfo"); err == nil {
		defer f.Close()
		s := bufio.NewScanner(f)
		for s.Scan() {
			if rest, ok := strings.CutPrefix(s.Text(), "MemTotal:"); ok {
				if kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64); err == nil {
					limit = kb << 10
				}
				break
			}
		}
	}
	if data, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && n < limit {
			limit = n
		}
	}
	return limit
}
