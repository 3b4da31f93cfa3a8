package httpapi

import (
	"io"
	"net/http"
)

// artifactPolicy is what a preview of a model's HTML lives under: scripts and
// styles of its own and nothing else. It is a sandbox even when somebody opens
// the address by itself, so it has no origin: no cookies, no storage, nothing
// of the page around it. No address is allowed, not for pictures, not for
// fetches, not for frames; the page's own frame-src keeps the frame from going
// elsewhere.
//
// No policy of today's browsers speaks of WebRTC. Its constructors are taken
// away before the text is shown; a text that makes a frame of its own gets
// them back, and could reach an address of its choice by UDP. What it could
// tell there is what it knows: nothing but itself. In the same way Chromium
// opens a connection for a navigation or a frame inside before it asks the policy, and then
// sends nothing over it.
const artifactPolicy = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
	"img-src data: blob:; font-src data:; media-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// artifactPage waits for one message of the page around it and becomes what it
// holds. The page cannot give the text with srcdoc: such a document inherits
// the page's policy, under which no script of the text runs.
const artifactPage = `<!doctype html><meta charset="utf-8"><title>preview</title><script>
addEventListener('message', (e) => {
  if (e.source !== parent || typeof e.data !== 'string') return;
  for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport']) delete window[name];
  document.open();
  document.write(e.data);
  document.close();
}, { once: true });
</script>
`

// artifact is GET /artifact, the frame in which the page shows HTML and SVG
// that a model wrote.
func (s *Server) artifact(w http.ResponseWriter, r *http.Request) error {
	return lockedFrame(w, artifactPolicy, artifactPage)
}

// lockedFrame sends a page that is shown in a frame, under a policy of its own.
func lockedFrame(w http.ResponseWriter, policy, page string) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-cache")
	if _, err := io.WriteString(w, page); err != nil {
		return gone(err)
	}
	return nil
}
