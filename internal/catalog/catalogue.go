package catalog

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed catalogue.json
var embedded []byte

// Catalogue is the table of models that are known by name. Entries are in the
// order in which they are offered: the best at Korean first.
type Catalogue struct {
	Default string  `json:"default"` // what is fetched and served when nobody names a model
	Entries []Entry `json:"models"`
}

// Embedded returns the table this program was built with.
func Embedded() (*Catalogue, error) { return Parse(embedded) }

// Parse reads and checks a table.
func Parse(data []byte) (*Catalogue, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	c := &Catalogue{}
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	seen := map[string]bool{}
	for _, e := range c.Entries {
		if err := e.Check(); err != nil {
			return nil, fmt.Errorf("catalogue: %w", err)
		}
		if seen[e.Name] {
			return nil, fmt.Errorf("catalogue: model %q is listed twice", e.Name)
		}
		seen[e.Name] = true
	}
	if !seen[c.Default] {
		return nil, fmt.Errorf("catalogue: the default model %q is not listed", c.Default)
	}
	return c, nil
}

// Find returns the entry of a name. Case does not matter to people, so it does
// not matter here.
func (c *Catalogue) Find(name string) (Entry, bool) {
	if i := c.Rank(strings.ToLower(name)); i < len(c.Entries) {
		return c.Entries[i], true
	}
	return Entry{}, false
}

// Rank is the position of a name in the table, and the table's length for a
// name that is not in it.
func (c *Catalogue) Rank(name string) int {
	i := slices.IndexFunc(c.Entries, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return len(c.Entries)
	}
	return i
}

// Near returns a listed name that a mistyped one may have meant, or "".
func (c *Catalogue) Near(name string) string {
	best, least := "", 4
	for _, e := range c.Entries {
		if d := distance(strings.ToLower(name), e.Name); d < least {
			best, least = e.Name, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes, cut off for long names.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
