package wire

import "malmoi/internal/llm"

// Model is a model as our own APIs describe it.
type Model struct {
	Name       string `json:"name"`
	Title      string `json:"title"`
	Family     string `json:"family"`
	Parameters string `json:"parameters"`
	Quant      string `json:"quant"`
	Bytes      int64  `json:"bytes"`
	Context    int    `json:"context"`
	Licence    string `json:"licence"`
	LicenceURL string `json:"licence_url"`
	Chat       bool   `json:"chat"`
	Tools      bool   `json:"tools"`
	Reasoning  bool   `json:"reasoning"`
	Embedding  bool   `json:"embedding"`
	Loaded     bool   `json:"loaded"`
	Note       string `json:"note"`
	Remote     bool   `json:"remote" doc:"runs on another server: what is asked leaves this one"`
	Server     string `json:"server,omitempty" doc:"what that server is called here"`
	Masked     bool   `json:"masked,omitempty" doc:"personal numbers are hidden in what is sent there"`
}

// NewModel describes a model.
func NewModel(i llm.Info) Model {
	return Model{
		Name: i.Name, Title: i.Title, Family: i.Family, Parameters: i.Parameters, Quant: i.Quant,
		Bytes: i.Bytes, Context: i.Context, Licence: i.Licence, LicenceURL: i.LicenceURL,
		Chat: i.Chat, Tools: i.Tools, Reasoning: i.Reasoning, Embedding: i.Embedding,
		Loaded: i.Loaded, Note: i.Note, Remote: i.Remote, Server: i.Server, Masked: i.Masked,
	}
}
