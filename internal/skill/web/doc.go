// Package web gives models the web: read_page turns one page into text,
// web_search asks a search provider. Both read what strangers wrote.
//
// Pages are fetched with a client of package guard and never run: no scripts,
// no images, no frames. The package refuses to know where keys are kept and
// which model reads the text. New is the call most readers want. A set is meant
// for one conversation; its skills may be called at the same time.
package web

import (
	"net/http"

	"malmoi/internal/skill"
)

// New returns read_page on a guarded client and, unless search is nil,
// web_search. The set remembers what it found for the conversation it serves.
func New(c *http.Client, p Provider) skill.Set {
	found := &links{}
	set := skill.Set{readPage(c, found)}
	if p != nil {
		set = append(set, search(p, found))
	}
	return set
}
