package openai

import "malmoi/internal/llm"

// Model describes an installed model. Everything after OwnedBy is ours.
type Model struct {
	ID      string `json:"id"`
	Object  string `json:"object"` // model
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`

	MaxModelLen int    `json:"max_model_len,omitempty"` // tokens, as vLLM names it
	Title       string `json:"title,omitempty"`
	Licence     string `json:"licence,omitempty"`
	Loaded      bool   `json:"loaded"`
}

// ModelList is the body of GET /v1/models.
type ModelList struct {
	Object string  `json:"object"` // list
	Data   []Model `json:"data"`
}

// NewModel describes one model.
func NewModel(i llm.Info) Model {
	m := Model{
		ID: i.Name, Object: "model", OwnedBy: "malmoi",
		MaxModelLen: i.Context, Title: i.Title, Licence: i.Licence, Loaded: i.Loaded,
	}
	if !i.Created.IsZero() {
		m.Created = i.Created.Unix()
	}
	return m
}

// NewModelList describes all of them, in the order given.
func NewModelList(infos []llm.Info) ModelList {
	l := ModelList{Object: "list", Data: []Model{}}
	for _, i := range infos {
		l.Data = append(l.Data, NewModel(i))
	}
	return l
}
