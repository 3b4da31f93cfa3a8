package httpapi

import (
	"io"
	"net/http"

	"malmoi/internal/httpapi/wire"
)

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) error {
	return plainAnswer(w, http.StatusOK, "ok")
}

// readyz says whether new requests should be sent here: a model is installed
// and the server is not about to stop.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	switch {
	case s.draining.Load():
		return plainAnswer(w, http.StatusServiceUnavailable, "stopping")
	case s.models.Default() == "":
		return plainAnswer(w, http.StatusServiceUnavailable, "no model is installed")
	}
	return plainAnswer(w, http.StatusOK, "ready")
}

func plainAnswer(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := io.WriteString(w, text+"\n")
	return err
}

// infoBody is the answer of GET /api/info, the page's own question.
type infoBody struct {
	Version      string       `json:"version"`
	DefaultModel string       `json:"default_model"`
	SingleUser   bool         `json:"single_user"` // there are no accounts: who has the address or a key is the user
	NeedsKey     bool         `json:"needs_key"`
	Models       []wire.Model `json:"models"`
}

func (s *Server) info(w http.ResponseWriter, r *http.Request) error {
	body := infoBody{
		Version: s.opt.Version, DefaultModel: s.models.Default(),
		SingleUser: s.opt.Accounts == nil, NeedsKey: s.opt.Accounts == nil && len(s.keys) > 0, Models: []wire.Model{},
	}
	for _, i := range s.models.List() {
		body.Models = append(body.Models, wire.NewModel(i))
	}
	return s.writeJSON(w, http.StatusOK, body)
}
