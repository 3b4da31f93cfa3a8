package app

import (
	_ "embed"
)

// docsPolicy is what the page of documentation lives under: its own script and
// style, and calls to this server.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var (
	//go:embed docs.html
	docsHTML []byte
	//go:embed docs.js
	docsJS []byte
	//go:embed docs.css
	docsCSS []byte
)

// docs serves a page that lists the routes and calls them. It is our own: the
// usual ones are megabytes or load their scripts from another site.
func (a *API) docs() {
	a.static("GET /api/docs", "text/html; charset=utf-8", docsHTML)
	a.static("GET /api/docs/docs.js", "text/javascript; charset=utf-8", docsJS)
	a.static("GET /api/docs/docs.css", "text/css; charset=utf-8", docsCSS)
}
