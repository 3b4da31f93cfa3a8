package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"malmoi/internal/httpapi/anthropic"
	"malmoi/internal/httpapi/clova"
	"malmoi/internal/httpapi/openai"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// acquire loads the model that a request names, the default one if it names
// none. release must be called when the answer is done.
func (s *Server) acquire(ctx context.Context, c *call, name string) (llm.Generator, func(), error) {
	if name = s.localName(name); name == "" {
		if name = s.models.Default(); name == "" {
			return nil, nil, fmt.Errorf("no model is installed: %w", llm.ErrUnknownModel)
		}
	}
	m, release, err := s.models.Acquire(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	c.model = m.Info().Name
	if c.bill == nil {
		return m, release, nil
	}
	return counted{m, c.bill}, release, nil
}

// localName is the installed model behind a name, "" for the default one. A
// configured name comes first, so that an office can say what HCX-005 is;
// otherwise the default model stands in for CLOVA Studio's.
func (s *Server) localName(name string) string {
	if to, ok := s.configured(name); ok {
		return to
	}
	name = strings.TrimSuffix(name, ollamaTag)
	if clova.ModelName(name) && !slices.ContainsFunc(s.models.List(), func(i llm.Info) bool { return i.Name == name }) {
		return ""
	}
	return name
}

// ollamaTag is what Ollama's clients add to a name without a tag.
const ollamaTag = ":latest"

// configured is the model that the configuration puts behind a name.
func (s *Server) configured(name string) (model string, ok bool) {
	if model, ok = s.opt.ModelNames[name]; !ok {
		model, ok = s.opt.ModelNames[strings.TrimSuffix(name, ollamaTag)]
	}
	return model, ok
}

// offered are the models and after them their further names, sorted. A name
// whose model has been removed meanwhile is left out.
func (s *Server) offered() []llm.Info {
	list := s.models.List()
	models := map[string]llm.Info{}
	for _, i := range list {
		models[i.Name] = i
	}
	list = slices.Clone(list)
	for _, name := range slices.Sorted(maps.Keys(s.opt.ModelNames)) {
		if i, ok := models[s.opt.ModelNames[name]]; ok {
			i.Name = name
			list = append(list, i)
		}
	}
	return list
}

// listModels is GET /v1/models, in the dialect of the client.
func (s *Server) listModels(w http.ResponseWriter, r *http.Request) error {
	if speaksAnthropic(r) {
		return s.writeJSON(w, http.StatusOK, anthropic.NewModelList(s.offered()))
	}
	return s.writeJSON(w, http.StatusOK, openai.NewModelList(s.offered()))
}

// getModel is GET /v1/models/{id}; ids may hold slashes.
func (s *Server) getModel(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	for _, i := range s.offered() {
		if i.Name != id {
			continue
		}
		if speaksAnthropic(r) {
			return s.writeJSON(w, http.StatusOK, anthropic.NewModel(i))
		}
		return s.writeJSON(w, http.StatusOK, openai.NewModel(i))
	}
	return unknownModel(id)
}

func unknownModel(name string) error {
	return fmt.Errorf("%w: %q is not installed", llm.ErrUnknownModel, wire.Shorten(name))
}
