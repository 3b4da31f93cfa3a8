package webui

import (
	"embed"
	"io/fs"
)

// The pattern matches dist.txt always and the folder dist where the page has
// been built; a pattern that names the folder alone would not compile without it.
//
//go:embed all:dist*
var embedded embed.FS

// built returns the page's files, or false when this binary has none.
func built(all fs.FS) (fs.FS, bool) {
	if _, err := fs.Stat(all, "dist/index.html"); err != nil {
		return nil, false
	}
	page, err := fs.Sub(all, "dist")
	return page, err == nil
}
