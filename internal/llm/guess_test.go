package llm

import (
	"encoding/json"
	"slices"
	"testing"

	"malmoi/internal/engine/sample"
)

// TestLookupGivesTheSameAnswers asks a real network the same with and without
// guesses: free text and a form, greedy and drawn. A tiny model repeats itself
// enough for guesses to be right.
func TestLookupGivesTheSameAnswers(t *testing.T) {
	plain, guessing := tiny(t, "llama", Options{Threads: 2}), tiny(t, "llama", Options{Threads: 2, Lookup: 15})
	prompt := make([]int32, 60)
	for i := range prompt {
		prompt[i] = int32(3 + i%9)
	}
	schema := json.RawMessage(`{"type":"object","properties":{"name":{"type":"string","maxLength":9},"kind":{"enum":["alpha","alphabet","beta"]},"list":{"type":"array","items":{"type":"integer"},"minItems":3,"maxItems":5}},"required":["name","kind","list"],"additionalProperties":false}`)
	for _, temperature := range []float32{0, 0.6, 1.2} {
		for _, format := range []Format{{}, {JSONSchema: schema}} {
			request := CompletionRequest{IDs: prompt, Params: Params{MaxTokens: 120, LogProbs: true, IgnoreEOS: format.JSONSchema == nil, Format: format, Sampling: sample.Params{Temperature: temperature, Seed: 11}}}
			s, err := plain.Complete(t.Context(), request)
			want, wantText, _ := answer(t, s, err)
			s, err = guessing.Complete(t.Context(), request)
			got, gotText, _ := answer(t, s, err)
			if len(want[0]) == 0 || !slices.Equal(got[0], want[0]) || gotText[0] != wantText[0] {
				t.Errorf("temperature %g, schema %v:\ngot  %v %q\nwant %v %q", temperature, format.JSONSchema != nil, got[0], gotText[0], want[0], wantText[0])
			}
		}
	}
	if s := guessing.eng.Stats(); s.Accepted == 0 || s.Accepted == s.Drafted {
		t.Errorf("guesses were never right or never wrong: %d of %d", s.Accepted, s.Drafted)
	}
	if len(guessing.forms.kept) != 1 {
		t.Errorf("%d forms are kept of one schema", len(guessing.forms.kept))
	}
}

// TestFormsAreKeptUpToALimit holds that the newest forms stay, and that one that
// does not compile leaves nothing behind.
func TestFormsAreKeptUpToALimit(t *testing.T) {
	m := tiny(t, "llama", Options{Threads: 1})
	for i := range keptForms + 5 {
		if _, err := m.constraint(Format{Regex: "a{" + string(rune('1'+i%9)) + "}b{" + string(rune('1'+i/9)) + "}"}, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	first := m.forms.kept[0]
	if _, err := m.constraint(Format{Regex: first.source}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if last := m.forms.kept[len(m.forms.kept)-1]; len(m.forms.kept) != keptForms || last.form != first.form {
		t.Errorf("%d forms are kept; the one used last is %q, want %q", len(m.forms.kept), last.source, first.source)
	}
	if _, err := m.constraint(Format{Regex: "("}, nil, nil); err == nil || len(m.forms.kept) != keptForms {
		t.Errorf("a broken expression: error %v, %d forms", err, len(m.forms.kept))
	}
}
