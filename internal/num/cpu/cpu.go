// Package cpu decides which implementation of the numeric kernels runs: the
// portable one, AVX2, or AVX-512.
//
// It knows instruction sets and the operating system's support for their
// registers; it does not know any kernel. Most readers want Current, which a
// kernel asks on every call (one atomic load), and Describe, for a person.
// The choice is made once per process: by default the best level of the
// machine, or what Force said before the first kernel ran.
//
// Invariant: Current never names a level that this machine or this build
// cannot run. A build with the tag purego, or for a processor without
// assembly here, has Portable only.
package cpu

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
)

// Level is a set of instructions that kernels may use. Levels are ordered:
// each includes the ones below it.
type Level int

const (
	// Portable is plain Go, the definition of every kernel.
	Portable Level = iota
	// AVX2 is AVX2, FMA and F16C.
	AVX2
	// AVX512 is AVX-512 F, BW, DQ, VL and VNNI, on top of AVX2.
	AVX512
)

var levelNames = [...]string{"portable", "avx2", "avx512"}

// String returns the name that Parse reads.
func (l Level) String() string {
	if l < Portable || l > AVX512 {
		return fmt.Sprintf("level %d", int(l))
	}
	return levelNames[l]
}

// Parse reads a level's name: portable, avx2 or avx512.
func Parse(name string) (Level, error) {
	for i, n := range levelNames {
		if n == name {
			return Level(i), nil
		}
	}
	return Portable, fmt.Errorf("cpu: unknown level %q, want one of %s", name, strings.Join(levelNames[:], ", "))
}

// chosen is the level in force plus one; zero while nobody has asked.
var chosen atomic.Int32

// Current returns the level in force.
func Current() Level {
	if l := chosen.Load(); l != 0 {
		return Level(l - 1)
	}
	chosen.CompareAndSwap(0, int32(Best())+1)
	return Level(chosen.Load() - 1)
}

// Force sets the level in force, for tests, measurements and a user who
// distrusts his machine. It is an error if this machine or build cannot run
// it. Call it before any kernel runs: packed weights and results of one level
// are not promised to suit another.
func Force(l Level) error {
	if l < Portable || l > AVX512 {
		return fmt.Errorf("cpu: unknown %v", l)
	}
	if best := Best(); l > best {
		return fmt.Errorf("cpu: this machine or build cannot run %v, its best is %v", l, best)
	}
	chosen.Store(int32(l) + 1)
	return nil
}

// Describe returns one line for a person: the level in force, the best one,
// and the features that decided.
func Describe() string {
	var have, lack []string
	for _, f := range features() {
		if f.has {
			have = append(have, f.name)
		} else {
			lack = append(lack, f.name)
		}
	}
	s := fmt.Sprintf("%s/%s, kernels %v", runtime.GOOS, runtime.GOARCH, Current())
	if Best() != Current() {
		s += fmt.Sprintf(" (best %v)", Best())
	}
	if len(have) > 0 {
		s += ", has " + strings.Join(have, " ")
	}
	if len(lack) > 0 {
		s += ", lacks " + strings.Join(lack, " ")
	}
	return s
}

// feature is one instruction set and whether it can be used here.
type feature struct {
	name  string
	level Level // the lowest level that needs it
	has   bool
}

// Best returns the highest level whose features are all present.
func Best() Level { return best(features()) }

func best(fs []feature) Level {
	if len(fs) == 0 {
		return Portable
	}
	l := AVX512
	for _, f := range fs {
		if !f.has {
			l = min(l, f.level-1)
		}
	}
	return l
}
