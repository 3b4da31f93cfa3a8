package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// acquire loads the model that a request names, the default one if it names
// none. release must be called when the answer is done.
func (s *Server) acquire(ctx context.Context, c *call, name string) (llm.Generator, func(), error) {
	if name == "" {
		if name = s.models.Default(); name == "" {
			return nil, nil, fmt.Errorf("no model is installed: %w", llm.ErrUnknownModel)
		}
	}
	m, release, err := s.models.Acquire(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	c.model = m.Info().Name
	return m, release, nil
}

func (s *Server) listModels(w http.ResponseWriter, r *http.Request) error {
	return s.writeJSON(w, http.StatusOK, openai.NewModelList(s.models.List()))
}

func (s *Server) getModel(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	for _, i := range s.models.List() {
		if i.Name == id {
			return s.writeJSON(w, http.StatusOK, openai.NewModel(i))
		}
	}
	return fmt.Errorf("%w: %q is not installed", llm.ErrUnknownModel, id)
}
