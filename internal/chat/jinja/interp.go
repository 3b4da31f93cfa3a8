package jinja

import (
	"context"
	"time"
)

// Limits of a rendering. Chat templates stay orders of magnitude below them.
const (
	maxStringBytes = 128 << 20
	maxItems       = 4 << 20
	maxRange       = 100_000 // as the reference sandbox has it
	maxCalls       = 200     // macros and recursive loops inside each other
	maxEval        = 20_000  // nested expressions and statements
	maxTime        = 10 * time.Second
	defaultOutput  = 64 << 20
	defaultSteps   = 20_000_000
	stepBytes      = 32 // copying so many bytes counts as one step
)

// interp is one rendering.
type interp struct {
	t        *Template
	vars     *Dict
	exported map[string]Value // set at top level, for blocks
	opts     Options
	ctx      context.Context
	steps    int
	end      time.Time // of the time allowed
	calls    int
	evals    int
	auto     bool // autoescape as set at run time
}

func newInterp(t *Template, vars *Dict, o Options) *interp {
	if o.MaxOutput <= 0 {
		o.MaxOutput = defaultOutput
	}
	if o.MaxSteps <= 0 {
		o.MaxSteps = defaultSteps
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	return &interp{t: t, vars: vars, opts: o, ctx: o.Context, end: time.Now().Add(maxTime), exported: map[string]Value{}}
}

// step accounts for one unit of work.
func (in *interp) step() {
	in.steps++
	if in.steps > in.opts.MaxSteps {
		throwLimit("more than %d steps", in.opts.MaxSteps)
	}
	if in.steps&1023 == 0 {
		in.checkDeadline()
	}
}

// charge accounts for copying n bytes.
func (in *interp) charge(n int) {
	before := in.steps >> 10
	in.steps += n / stepBytes
	if in.steps > in.opts.MaxSteps {
		throwLimit("more than %d steps", in.opts.MaxSteps)
	}
	if in.steps>>10 != before {
		in.checkDeadline()
	}
}

func (in *interp) checkDeadline() {
	if err := in.ctx.Err(); err != nil {
		throwLimit("rendering stopped: %v", err)
	}
	if time.Now().After(in.end) {
		throwLimit("rendering took longer than %v", maxTime)
	}
}

// room fails before a string of n bytes is made.
func (in *interp) room(n int) {
	if n < 0 || n > maxStringBytes {
		throwLimit("text of more than %d bytes", maxStringBytes)
	}
	in.charge(n)
}

// roomItems fails before a list of n elements is made.
func (in *interp) roomItems(n int) {
	if n < 0 || n > maxItems {
		throwLimit("list of more than %d elements", maxItems)
	}
	in.charge(n * 16)
}

func (in *interp) checkOutput(b *builder) {
	if b.len() > in.opts.MaxOutput {
		throwLimit("output of more than %d bytes", in.opts.MaxOutput)
	}
}

// frame holds the variables of a function that is running. nil is unset.
type frame struct {
	slots  []Value
	parent *frame
}

func newFrame(fn *fnInfo, parent *frame) *frame {
	return &frame{slots: make([]Value, fn.slots), parent: parent}
}

func (f *frame) get(r ref) Value {
	for range r.hops {
		f = f.parent
	}
	return f.slots[r.slot]
}

func (f *frame) set(r ref, v Value) {
	for range r.hops {
		f = f.parent
	}
	f.slots[r.slot] = v
}

func (in *interp) enterFrame(f *frame, info *frameInfo) {
	for i := range info.loads {
		l := &info.loads[i]
		switch l.kind {
		case loadResolve:
			f.slots[l.slot] = in.lookup(l.name)
		case loadAlias:
			f.slots[l.slot] = f.get(l.from)
		case loadNothing:
			f.slots[l.slot] = nil
		}
	}
}

func (in *interp) leaveFrame(f *frame, info *frameInfo) {
	for i := range info.loads {
		f.slots[info.loads[i].slot] = nil
	}
}

// lookup finds a name among the render variables and the globals.
func (in *interp) lookup(name string) Value {
	if v, ok := in.exported[name]; ok {
		return v
	}
	if v, ok := in.vars.Get(name); ok {
		return v
	}
	return globalOf(name)
}

// deeper bounds the recursion of the evaluator.
func (in *interp) deeper() {
	in.evals++
	if in.evals > maxEval {
		throw("RecursionError", "maximum recursion depth exceeded")
	}
}
