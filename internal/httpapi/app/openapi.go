package app

import (
	"net/http"
	"time"

	"malmoi/internal/httpapi/door"
)

// describe serves the description of all that was added before. It is made
// once: the table of routes does not change while the server runs.
func (a *API) describe() {
	a.forget("ErrorModel", "ErrorDetail") // huma's own errors, which no answer has
	asJSON, err := a.huma.OpenAPI().MarshalJSON()
	if err != nil {
		panic(err) // a route that cannot be described: found by every test
	}
	asYAML, err := a.huma.OpenAPI().YAML()
	if err != nil {
		panic(err)
	}
	a.static("GET /api/openapi.json", "application/openapi+json", asJSON)
	a.static("GET /api/openapi.yaml", "application/openapi+yaml", asYAML)
}

func (a *API) forget(schemas ...string) {
	for _, name := range schemas {
		delete(a.huma.OpenAPI().Components.Schemas.Map(), name)
	}
}

// static adds a route whose answer is always the same.
func (a *API) static(pattern, mediaType string, body []byte) {
	a.routes = append(a.routes, door.Route{Pattern: pattern, Access: door.Open, Handle: func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Security-Policy", docsPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(a.opt.WriteTimeout))
		_, err := w.Write(body)
		if err != nil {
			return r.Context().Err() // the client is gone
		}
		return nil
	}})
}
