package llm

import "malmoi/internal/model"

// TemplateOf reads the chat template of the model at path, without its weights.
func TemplateOf(path string) (string, error) {
	src, err := model.Open(path)
	if err != nil {
		return "", err
	}
	defer src.Close()
	p, err := readParts(src)
	if err != nil {
		return "", err
	}
	if p.template == "" {
		return "", ErrNoTemplate
	}
	return p.template, nil
}
