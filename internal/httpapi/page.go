package httpapi

import "net/http"

// pagePolicy lets the page load its own files and talk to its own server, and
// nothing else: a model's answer that smuggles in a script or an image of
// another site finds every door shut. Inline styles are allowed because KaTeX
// positions its glyphs with them.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

// page serves the page's files, and leaves what is not a GET to unknown.
func (s *Server) page(unknown action) action {
	if s.opt.Page == nil {
		return unknown
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return unknown(w, r)
		}
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		s.opt.Page.ServeHTTP(w, r)
		return nil
	}
}
