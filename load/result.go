package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result is what a measurement found.
type result struct {
	delays []int32         // of all tokens of all streams, sorted, in µs
	asked  []time.Duration // until each stream was open, sorted
	failed int
	why    error // the first failure
	took   time.Duration
	rss    int64 // the most while streams ran, bytes
	signIn int64 // the most of the process that signed people in before
	cpu    time.Duration
}

// quantile is the delay that a part of the tokens keeps to.
func (r *result) quantile(q float64) time.Duration {
	if len(r.delays) == 0 {
		return 0
	}
	return time.Duration(r.delays[min(int(q*float64(len(r.delays))), len(r.delays)-1)]) * time.Microsecond
}

// open99 is the time in which 99 of 100 streams were open.
func (r *result) open99() time.Duration {
	if len(r.asked) == 0 {
		return 0
	}
	return r.asked[min(len(r.asked)*99/100, len(r.asked)-1)]
}

const header = "| door | streams | errors | tokens/s | p50 ms | p99 ms | max ms | open p99 ms | RSS MB | sign-in MB | cores |\n|---|---|---|---|---|---|---|---|---|---|---|\n"

func (r *result) row(p plan) string {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1e3) }
	mb := func(n int64) string {
		if n == 0 {
			return "–"
		}
		return fmt.Sprint(n / 1e6)
	}
	return fmt.Sprintf("| %s | %d | %d | %.0f | %s | %s | %s | %s | %s | %s | %.2f |\n", p.door, p.streams, r.failed,
		float64(len(r.delays))/r.took.Seconds(), ms(r.quantile(0.5)), ms(r.quantile(0.99)), ms(r.quantile(1)), ms(r.open99()), mb(r.rss), mb(r.signIn), r.cpu.Seconds()/r.took.Seconds())
}

// missed lists the limits that were not kept.
func (r *result) missed(direct *result, l limits) []string {
	var out []string
	if r.failed > 0 {
		out = append(out, fmt.Sprintf("%d streams failed, the first: %v", r.failed, r.why))
	}
	if added := r.quantile(0.99) - direct.quantile(0.99); added > l.delay {
		out = append(out, fmt.Sprintf("p99 of the added delay is %v, at most %v", added, l.delay))
	}
	if r.rss > l.rss {
		out = append(out, fmt.Sprintf("the process took %d MB, at most %d", r.rss/1e6, l.rss/1e6))
	}
	return out
}

// gather puts the readings of all streams together.
func gather(all []*reading) *result {
	r := &result{}
	for _, one := range all {
		r.delays = append(r.delays, one.delays...)
		r.asked = append(r.asked, one.asked)
		if one.err != nil {
			r.failed++
			if r.why == nil {
				r.why = one.err
			}
		}
	}
	slices.Sort(r.delays)
	slices.Sort(r.asked)
	return r
}

// machine names the processor that the figures are from.
func machine() string {
	name := "unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if rest, ok := strings.CutPrefix(line, "model name"); ok {
				name = strings.TrimSpace(strings.TrimLeft(rest, "\t :"))
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d processors, %s", name, runtime.NumCPU(), runtime.Version())
}
