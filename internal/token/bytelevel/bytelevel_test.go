package bytelevel

import "testing"

func TestAlphabet(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	visible := Visible(string(all))
	if raw, ok := Raw(visible); !ok || raw != string(all) {
		t.Errorf("round trip: %q", raw)
	}
	// GPT-2's spellings of space, newline, delete, soft hyphen and a Hangul syllable.
	for raw, want := range map[string]string{" ": "Ġ", "\n": "Ċ", "\x7f": "ġ", "\xad": "Ń", "한": "íķľ", "a": "a"} {
		if got := Visible(raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
	for _, bad := range []string{"a b", "한", "\x00", "\xff", "\u0144"} {
		if raw, ok := Raw(bad); ok || raw != "" {
			t.Errorf("%q spells %q", bad, raw)
		}
	}
}
