package token

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fixtureDir holds the output of tools/ref/token_fixtures.py. Another folder, made
// with another seed, compares more strings.
func fixtureDir() string {
	if dir := os.Getenv("MALMOI_TEST_TOKEN_FIXTURES"); dir != "" {
		return dir
	}
	return "testdata"
}

func readFixture(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtureDir(), name))
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func openFixture(t testing.TB, name string) *Tokenizer {
	t.Helper()
	tok, err := Open(filepath.Join(fixtureDir(), name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func fixtures(t testing.TB) []string {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(fixtureDir(), "*.cases.json"))
	if len(paths) == 0 {
		t.Fatal("no fixtures")
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(path), ".cases.json")
	}
	return paths
}

// TestFixtures compares every kind of tokenizer with the reference library.
func TestFixtures(t *testing.T) {
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			tok := openFixture(t, name)
			var f struct {
				Around []int32
				Cases  []struct {
					Text             string
					IDs, Plain       []int32
					Decoded, Skipped *string
				}
			}
			readFixture(t, name+".cases.json", &f)
			if got := tok.WithSpecials(nil); !slices.Equal(got, f.Around) {
				t.Errorf("specials of the empty text: got %v, want %v", got, f.Around)
			}
			for _, c := range f.Cases {
				plain := c.IDs
				if c.Plain != nil {
					plain = c.Plain
				}
				if strings.HasPrefix(name, "unigram") && (readsSpecial(tok, plain) || strings.Contains(c.Text, "<unk>")) {
					plain = tok.Encode(c.Text, false) // the reference lets user text spell <s>; we do not
				}
				checkEncode(t, tok, c.Text, c.IDs, plain)
				want := c.Text
				if c.Decoded != nil {
					want = *c.Decoded
				}
				skipped := &want
				if c.Skipped != nil {
					skipped = c.Skipped
				}
				checkDecode(t, tok, c.IDs, want, skipped)
			}
		})
	}
}

func readsSpecial(tok *Tokenizer, ids []int32) bool {
	return slices.ContainsFunc(ids, func(id int32) bool { return tok.IsControl(id) && id != 3 })
}
