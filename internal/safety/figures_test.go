package safety

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Public sets that people labelled, for docs/safety.md. They are not part of
// the project: fetch labeled/train.tsv and labeled/dev.tsv of
// kocohub/korean-hate-speech (CC-BY-SA 4.0) and data/KoSBi/kosbi_test.json of
// naver-ai/korean-safety-benchmarks (MIT) into one folder and name it.
var figuresDir = flag.String("safety.sets", "", "folder with train.tsv, dev.tsv and kosbi_test.json; prints precision and recall")

// counts are of texts that people and the filter call bad.
type counts struct{ both, filter, people, all int }

func (c *counts) add(found, bad bool) {
	c.all++
	if found {
		c.filter++
	}
	if bad {
		c.people++
	}
	if found && bad {
		c.both++
	}
}

func TestFigures(t *testing.T) {
	if *figuresDir == "" {
		t.Skip("figures of public sets: name their folder with -safety.sets (see the comment in this file)")
	}
	f := newFilter(t)
	report := func(name string, level Level, c counts) {
		t.Logf("%-34s level %d: %5d texts, %4d bad; found %4d, precision %.3f, recall %.3f", name, level, c.all, c.people, c.filter,
			float64(c.both)/float64(max(c.filter, 1)), float64(c.both)/float64(max(c.people, 1)))
	}
	for level := Low; level <= Strict; level++ {
		all := Levels{Profanity: level, Hate: level, Sexual: level}
		for _, file := range []string{"train.tsv", "dev.tsv"} {
			var any, hate counts
			for _, row := range rows(t, file) {
				found := len(f.Check(row[0]).Blocked(all)) > 0
				any.add(found, row[3] != "none")
				hate.add(found, row[3] == "hate")
			}
			report(file+", hate or offensive", level, any)
			report(file+", hate", level, hate)
		}
		var kosbi counts
		for _, s := range sentences(t) {
			kosbi.add(len(f.Check(s.Sentence).Blocked(all)) > 0, s.Label == "unsafe")
		}
		report("kosbi_test.json, unsafe sentence", level, kosbi)
	}
}

func rows(t *testing.T, file string) [][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(*figuresDir, file))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if row := strings.Split(line, "\t"); i > 0 && len(row) == 4 {
			out = append(out, row)
		}
	}
	return out
}

type sentence struct {
	Sentence string `json:"sentence"`
	Label    string `json:"sentence_label"`
}

func sentences(t *testing.T) []sentence {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(*figuresDir, "kosbi_test.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out []sentence
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
