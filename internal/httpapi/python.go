package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// pythonScript is all that the frame of GET /python does by itself. The page
// around it hands over a port and everything that Python is made of, because
// the frame may load nothing; then each message of the port starts a worker on
// what it says, and null ends it. Workers inherit the frame's policy and its
// lack of an origin. What they say goes back with the number of their run, so
// that a late word of one that was ended is not taken for its successor's.
const pythonScript = `
addEventListener('message', async (e) => {
  const port = e.ports[0];
  if (e.source !== parent || !port) return;
  const { worker, loader, factory, wasm, stdlib } = e.data;
  const address = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  try {
    const program = await WebAssembly.compile(wasm);
    let now;
    port.onmessage = ({ data }) => {
      now?.terminate();
      now = undefined;
      if (data === null) return;
      const { run } = data;
      now = new Worker(address(worker));
      now.onmessage = (m) => port.postMessage({ run, said: m.data });
      now.onerror = (m) => port.postMessage({ run, said: { broken: String(m.message) } });
      now.postMessage({ ...data, program, stdlib, loader, factory });
    };
    port.postMessage({ ready: true });
  } catch (err) {
    port.postMessage({ broken: String(err) });
  }
}, { once: true });
`

// pythonPolicy is what Python lives under: the script above by its hash, modules
// that are texts in memory, WebAssembly, and nothing that has an address. No
// fetch, no socket, no picture, no frame, and no eval of JavaScript. Workers
// have no RTCPeerConnection, and code runs in workers only.
var pythonPolicy = "sandbox allow-scripts; default-src 'none'; script-src 'sha256-" + sourceHash(pythonScript) +
	"' 'wasm-unsafe-eval' blob:; worker-src blob:; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

const pythonPage = `<!doctype html><meta charset="utf-8"><title>python</title><script>` + pythonScript + "</script>\n"

// sourceHash names an inline script in a policy (CSP Level 3, 2.3.1).
func sourceHash(script string) string {
	sum := sha256.Sum256([]byte(script))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// python is GET /python, the frame in which the page runs code that a model wrote.
func (s *Server) python(w http.ResponseWriter, r *http.Request) error {
	return lockedFrame(w, pythonPolicy, pythonPage)
}
