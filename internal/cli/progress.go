package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"malmoi/internal/catalog/source"
)

// progress shows how a download goes on: one line that changes on a terminal, a
// line every few seconds elsewhere. It is safe for concurrent use.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool
	now   func() time.Time
	file  string
	begun time.Time
	from  int64 // bytes that were here when the file began
	drawn time.Time
	width int // of the line on the terminal
}

func newProgress(env *Env) *progress {
	return &progress{w: env.Stderr, live: isTerminalFile(env.Stderr), now: env.Now}
}

func isTerminalFile(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// event shows a step.
func (p *progress) event(e source.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Line != "" {
		p.clear()
		fmt.Fprintln(p.w, e.Line)
		return
	}
	now := p.now()
	if e.File != p.file {
		p.clear()
		p.file, p.begun, p.from, p.drawn = e.File, now, e.Done, now
	}
	last := e.Total > 0 && e.Done >= e.Total
	pause := 5 * time.Second
	if p.live {
		pause = 100 * time.Millisecond
	}
	switch {
	case now.Sub(p.drawn) < pause && !(last && (p.live || e.Count || e.Total > 1e6)):
	case p.live:
		p.drawn = now
		p.draw(p.line(e, now))
	default:
		p.drawn = now
		fmt.Fprintln(p.w, p.line(e, now))
	}
}

// share is how many of n parts of the file are done.
func share(e source.Event, n int64) int64 {
	if e.Total <= 0 {
		return 0
	}
	return int64(float64(n) * float64(min(e.Done, e.Total)) / float64(e.Total))
}

// line describes a step, on a terminal with a bar.
func (p *progress) line(e source.Event, now time.Time) string {
	var b strings.Builder
	b.WriteString(e.File)
	if p.live && e.Total > 0 {
		full := int(share(e, 24))
		b.WriteString(" [" + strings.Repeat("#", full) + strings.Repeat(".", 24-full) + "]")
	}
	switch {
	case e.Count:
		fmt.Fprintf(&b, " %d of %d packages", e.Done, e.Total)
		return b.String()
	case e.Total > 0:
		fmt.Fprintf(&b, " %d%%, %s of %s", share(e, 100), size(e.Done), size(e.Total))
	default:
		fmt.Fprintf(&b, " %s", size(e.Done))
	}
	seconds := now.Sub(p.begun).Seconds()
	if rate := float64(e.Done-p.from) / seconds; seconds > 0.5 && rate > 1 {
		fmt.Fprintf(&b, ", %s/s", size(int64(rate)))
		if left := float64(e.Total-e.Done) / rate; e.Total > e.Done && left < 1e6 {
			fmt.Fprintf(&b, ", %v left", time.Duration(left+1)*time.Second)
		}
	}
	return b.String()
}

// draw replaces the terminal's line.
func (p *progress) draw(line string) {
	pad := max(0, p.width-len(line))
	fmt.Fprint(p.w, "\r"+line+strings.Repeat(" ", pad))
	p.width = len(line)
}

// clear ends the terminal's line, so that what follows has its own.
func (p *progress) clear() {
	if p.live && p.width > 0 {
		fmt.Fprintln(p.w)
		p.width = 0
	}
}

// finish ends the display.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.file = ""
}

// size words a number of bytes in decimal units, as disks and networks do.
func size(n int64) string {
	switch {
	case n >= 10e9:
		return fmt.Sprintf("%.0f GB", float64(n)/1e9)
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
