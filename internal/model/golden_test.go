package model_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/model"
	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
)

// floatTolerance is the largest difference of a logit between float32 engines
// on the tiny checkpoints; between references it is 5e-5.
const floatTolerance = 1e-3

// vectors are the reference results of one tiny checkpoint. Quantised twins
// have entries of their own under their type.
type vectors struct {
	Prompts []prompt                   `json:"prompts"`
	GGUF    map[string]json.RawMessage `json:"gguf"`
	// Variants are results of the same weights under other rotary parameters.
	Variants []struct {
		Name    string         `json:"name"`
		Rope    map[string]any `json:"rope_parameters"`
		Prompts []prompt       `json:"prompts"`
	} `json:"variants"`
}

// prompt is one reference run. A quantised twin's entries name a prompt whose
// ids stand in the main list.
type prompt struct {
	Name      string  `json:"name"`
	Prompt    string  `json:"prompt"`
	IDs       []int32 `json:"ids"`
	File      string  `json:"logits_file"`
	Positions []int   `json:"logits_positions"`
	Greedy    []int32 `json:"greedy_ids"`
}

// TestTinyCheckpoints runs every tiny checkpoint in float32 and compares
// logits, hidden states and greedy tokens with the reference, under every
// kernel implementation: first the repository's own, then those beside it.
func TestTinyCheckpoints(t *testing.T) {
	t.Run("own", func(t *testing.T) { testCheckpoints(t, filepath.Join("testdata", "tiny")) })
	t.Run("goldens", func(t *testing.T) { testCheckpoints(t, golden.Path(t, "tiny")) })
}

func testCheckpoints(t *testing.T, root string) {
	dirs, err := filepath.Glob(filepath.Join(root, "*", "goldens.json"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no checkpoints in %s", root)
	}
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			v := readVectors(t, dir)
			cputest.ForEach(t, func(t *testing.T, _ cpu.Level) { testCheckpoint(t, dir, v) })
		})
	}
}

// testCheckpoint runs the folder itself and each GGUF twin, with one and two
// threads in turn.
func testCheckpoint(t *testing.T, dir string, v vectors) {
	var paths []string
	if exists(filepath.Join(dir, "config.json")) {
		paths = append(paths, dir)
	}
	twins, _ := filepath.Glob(filepath.Join(dir, "model-*.gguf"))
	paths = append(paths, twins...)
	if len(paths) == 0 {
		t.Fatalf("no model in %s", dir)
	}
	for i, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m := open(t, path, model.Options{Threads: 1 + i%2, Exact: true})
			kind, _ := strings.CutPrefix(strings.TrimSuffix(filepath.Base(path), ".gguf"), "model-")
			if own := v.quantised(t, kind); own != nil {
				checkModel(t, m, dir, own)
				return
			}
			checkModel(t, m, dir, v.Prompts)
			if exists(filepath.Join(dir, "hidden_text1.npy")) {
				checkHidden(t, m, dir, idsOf(v.Prompts, "text1"))
			}
		})
	}
}

// quantised returns the results of the twin of one type, if it has its own.
func (v vectors) quantised(t *testing.T, kind string) []prompt {
	t.Helper()
	raw, ok := v.GGUF[kind]
	if !ok {
		return nil
	}
	var list []prompt
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	for i, p := range list {
		list[i].Name, list[i].IDs = p.Prompt, idsOf(v.Prompts, p.Prompt)
	}
	return list
}
