package cli

import (
	"fmt"
	"regexp"
	"strings"

	"malmoi/internal/catalog"
	"malmoi/internal/model"
	"malmoi/internal/model/families"
	"malmoi/internal/weights"
	"malmoi/internal/weights/gguf"
	"malmoi/internal/weights/safetensors"
)

// describeFiles fills in what an entry does not know by looking into the model
// at path. A file that cannot be read, or whose architecture malmoi does not
// compute, is an error.
func describeFiles(path string, e *catalog.Entry) error {
	src, err := model.Open(path)
	if err != nil {
		return err
	}
	defer src.Close()
	c, err := model.ConfigOf(src)
	if err != nil {
		return err
	}
	family, err := model.Find(families.All(), c)
	if err != nil {
		return err
	}
	e.Family = family.Name
	if e.Context == 0 {
		e.Context = c.IntOr("context_length", "max_position_embeddings", 0)
	}
	if e.Parameters == "" {
		e.Parameters = parameters(src)
	}
	switch {
	case family.Name == "bert":
		e.Role = catalog.Embedding
	case hasTemplate(src):
		e.Role = catalog.Chat
	default:
		e.Role = catalog.Base
	}
	if f, ok := src.(*gguf.File); ok {
		if name, ok := f.String("general.name"); ok && plain(name) {
			e.Title = name
		}
		if l, ok := f.String("general.license"); ok && plain(l) && strings.HasPrefix(e.Licence.Name, "not known") {
			e.Licence.Name = l
		}
	}
	return nil
}

var plainText = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._:+()/-]{0,79}$`)

// plain reports whether text from a file is fit to be shown as a name.
func plain(s string) bool { return plainText.MatchString(s) }

func hasTemplate(src weights.Source) bool {
	switch s := src.(type) {
	case *gguf.File:
		t, _ := s.String("tokenizer.chat_template")
		return t != ""
	case *safetensors.Dir:
		if _, err := s.File("chat_template.jinja"); err == nil {
			return true
		}
		data, err := s.File("tokenizer_config.json")
		return err == nil && strings.Contains(string(data), `"chat_template"`)
	}
	return false
}

// parameters counts the values of all tensors: "1.5B".
func parameters(src weights.Source) string {
	n := 0.0
	for _, name := range src.Names() {
		if t, ok := src.Tensor(name); ok {
			n += float64(t.Len())
		}
	}
	switch {
	case n >= 1e10:
		return fmt.Sprintf("%.0fB", n/1e9)
	case n >= 1e9:
		return fmt.Sprintf("%.1fB", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0fM", n/1e6)
	}
	return fmt.Sprintf("%.0fK", n/1e3)
}

// hyperParameters are the sizes that 'malmoi show' prints of an installed model.
type hyperParameters struct {
	Layers      int `json:"layers"`
	Width       int `json:"width"`
	FeedForward int `json:"feed_forward"`
	Heads       int `json:"heads"`
	KVHeads     int `json:"kv_heads"`
	HeadDim     int `json:"head_dim"`
	Context     int `json:"context"`
	Tensors     int `json:"tensors"`
}

// hyperParametersOf reads the sizes from the files; nil if they do not say.
func hyperParametersOf(path string) *hyperParameters {
	src, err := model.Open(path)
	if err != nil {
		return nil
	}
	defer src.Close()
	c, err := model.ConfigOf(src)
	if err != nil {
		return nil
	}
	d := c.Dims()
	if c.Err() != nil {
		return nil
	}
	return &hyperParameters{d.L, d.C, d.FF, d.H, d.K, d.D, d.Context, len(src.Names())}
}
