package sched

import (
	"fmt"
	"strings"
	"testing"

	"malmoi/internal/engine/timeline"
)

var rewrite = timeline.RewriteFlag()

func TestTimeline(t *testing.T) {
	b := &bench{t: t}
	timeline.Run(t, "testdata/steps.txt", *rewrite, b.do)
}

// bench drives the planner by the commands of testdata/steps.txt and carries
// out its plans on sequences that are nothing but numbers.
type bench struct {
	t      *testing.T
	limits Limits
	pages  int // in all
	names  []string
	seqs   []Seq
	plan   Plan
}

func (b *bench) do(c timeline.Command) string {
	switch c.Name {
	case "limits":
		b.limits = Limits{Rows: c.Int(b.t, "rows", 0), PrefillChunk: c.Int(b.t, "chunk", 0), PageTokens: 32}
		b.pages = c.Int(b.t, "pages", 0)
		b.names, b.seqs, b.plan = nil, nil, Plan{}
		return ""
	case "prompt":
		b.add(c, Seq{Want: c.Int(b.t, "tokens", 1), Most: c.Int(b.t, "most", 0)})
	case "chat": // has read its prompt
		have := c.Int(b.t, "have", 0)
		b.add(c, Seq{Have: have, Pages: (have + 31) / 32, Want: 1, Decodes: true, Drafts: c.Int(b.t, "drafts", 0)})
	case "stall":
		b.find(c).Stalled = true
	case "read":
		b.find(c).Stalled = false
	case "end":
		i := b.index(c)
		b.names = append(b.names[:i], b.names[i+1:]...)
		b.seqs = append(b.seqs[:i], b.seqs[i+1:]...)
	case "step":
		var out strings.Builder
		for range c.Int(b.t, "times", 1) {
			b.step(&out)
		}
		return out.String()
	default:
		b.t.Fatalf("line %d: unknown command %q", c.Line, c.Name)
	}
	return ""
}

func (b *bench) add(c timeline.Command, q Seq) {
	for _, name := range c.Args {
		b.names = append(b.names, name)
		b.seqs = append(b.seqs, q)
	}
}

func (b *bench) index(c timeline.Command) int {
	for i, name := range b.names {
		if name == c.Args[0] {
			return i
		}
	}
	b.t.Fatalf("line %d: no sequence %q", c.Line, c.Args[0])
	return 0
}

func (b *bench) find(c timeline.Command) *Seq { return &b.seqs[b.index(c)] }

// step plans and carries out one step, or the preemption it asks for.
func (b *bench) step(out *strings.Builder) {
	free := b.pages
	for _, q := range b.seqs {
		free -= q.Pages
	}
	b.plan.Next(b.seqs, b.limits, free)
	switch b.plan.Verdict {
	case Idle:
		out.WriteString("idle\n")
	case Stuck:
		fmt.Fprintf(out, "stuck: %s\n", b.names[b.plan.Victim])
	case Preempt:
		q := &b.seqs[b.plan.Victim]
		fmt.Fprintf(out, "preempt %s: %d pages\n", b.names[b.plan.Victim], q.Pages)
		q.Want += q.Have
		q.Have, q.Pages, q.Decodes = 0, 0, false
	case Run:
		b.run(out)
	}
}

func (b *bench) run(out *strings.Builder) {
	rows := 0
	var words []string
	for i := range b.seqs {
		q, n := &b.seqs[i], b.plan.Rows[i]
		if n == 0 {
			continue
		}
		word := fmt.Sprintf("%s=%d", b.names[i], n)
		if d := b.plan.Drafts[i]; d > 0 {
			word += fmt.Sprintf("(%d guessed)", d)
		}
		words = append(words, word)
		rows += n
		known := n - b.plan.Drafts[i]
		q.Pages = max(q.Pages, (q.Have+n+31)/32)
		q.Have += known
		if q.Want -= known; q.Want == 0 {
			q.Want, q.Decodes = 1, true
		}
	}
	used := 0
	for _, q := range b.seqs {
		used += q.Pages
	}
	if rows > b.limits.Rows || used > b.pages {
		b.t.Errorf("step of %d rows with %d pages in use; limits %d and %d", rows, used, b.limits.Rows, b.pages)
	}
	fmt.Fprintf(out, "rows: %s\n", strings.Join(words, " "))
}
