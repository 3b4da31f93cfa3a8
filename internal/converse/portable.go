package converse

import "encoding/base64"

// Our own export files say what they are. A reader takes its own version of the
// form and older ones.
const (
	formatName    = "malmoi.chats"
	formatVersion = 1
)

// GeneratedMark stands beside every answer of a model that leaves the site:
// whoever reads it must be able to know what wrote it.
const GeneratedMark = "AI가 생성한 답변"

// Archive is an export file: everything of a user, or one chat. It keeps all
// that the store keeps, so that reading it back loses nothing but the ids.
// Times are ms since 1970.
type Archive struct {
	Format   string          `json:"format"` // formatName
	Version  int             `json:"version"`
	Exported int64           `json:"exported"`
	Note     string          `json:"note"` // GeneratedMark, for the answers
	Settings *Settings       `json:"settings,omitempty"`
	Folders  []ArchiveFolder `json:"folders,omitempty"`
	Prompts  []ArchivePrompt `json:"prompts,omitempty"`
	Presets  []ArchivePreset `json:"presets,omitempty"`
	Memories []ArchiveMemory `json:"memories,omitempty"`
	Chats    []ArchiveChat   `json:"chats"` // the last field: ExportAll writes them one by one
}

func (s *Service) newArchive() Archive {
	return Archive{Format: formatName, Version: formatVersion, Exported: s.now().UnixMilli(), Note: GeneratedMark, Chats: []ArchiveChat{}}
}

// ArchiveFolder is a folder with its files.
type ArchiveFolder struct {
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Instructions string        `json:"instructions,omitempty"`
	Color        string        `json:"color,omitempty"`
	Files        []ArchiveFile `json:"files,omitempty"`
}

// ArchiveFile is a file of a folder.
type ArchiveFile struct {
	Name string `json:"name"`
	Data string `json:"data"` // base64
}

// ArchivePrompt is an entry of the prompt library.
type ArchivePrompt struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// ArchivePreset is a preset.
type ArchivePreset struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Model  string `json:"model,omitempty"`
	System string `json:"system,omitempty"`
	Tone   string `json:"tone,omitempty"`
	Params Params `json:"params,omitzero"`
}

// ArchiveMemory is a memory.
type ArchiveMemory struct {
	Text    string `json:"text"`
	Enabled bool   `json:"enabled"`
}

// ArchiveChat is a conversation with its whole tree.
type ArchiveChat struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Named    bool             `json:"named,omitempty"`
	Model    string           `json:"model,omitempty"`
	Folder   string           `json:"folder,omitempty"`
	Preset   string           `json:"preset,omitempty"`
	System   string           `json:"system,omitempty"`
	Leaf     string           `json:"leaf"`
	Pinned   bool             `json:"pinned,omitempty"`
	Archived bool             `json:"archived,omitempty"`
	Created  int64            `json:"created"`
	Updated  int64            `json:"updated"`
	Messages []ArchiveMessage `json:"messages"`
}

// ArchiveMessage is a message of an ArchiveChat.
type ArchiveMessage struct {
	ID        string     `json:"id"`
	Parent    string     `json:"parent"`
	Role      Role       `json:"role"`
	Content   string     `json:"content"`
	Reasoning string     `json:"reasoning,omitempty"`
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
	Model     string     `json:"model,omitempty"`
	Status    Status     `json:"status"`
	Failure   *Failure   `json:"failure,omitempty"`
	Usage     *Usage     `json:"usage,omitempty"`
	Vote      string     `json:"vote,omitempty"`
	Compare   string     `json:"compare,omitempty"`
	Preferred string     `json:"preferred,omitempty"` // of a question: id of the better answer, or "tie"
	Pasted    int        `json:"pasted,omitempty"`
	Params    Params     `json:"params,omitzero"`
	Created   int64      `json:"created"`
}

func portChat(c Chat, list []Message, preferred map[string]string) ArchiveChat {
	out := ArchiveChat{
		ID: c.ID, Title: c.Title, Named: c.Named, Model: c.Model, Folder: c.Folder, Preset: c.Preset, System: c.System, Leaf: c.Leaf,
		Pinned: c.Pinned, Archived: c.Archived, Created: c.Created.UnixMilli(), Updated: c.Updated.UnixMilli(), Messages: []ArchiveMessage{},
	}
	for _, m := range list {
		out.Messages = append(out.Messages, ArchiveMessage{
			ID: m.ID, Parent: m.Parent, Role: m.Role, Content: m.Content, Reasoning: m.Reasoning, ToolCalls: m.ToolCalls, Model: m.Model,
			Status: m.Status, Failure: m.Failure, Usage: m.Usage, Vote: m.Vote, Compare: m.Compare, Preferred: preferred[m.ID],
			Pasted: m.Pasted, Params: m.Params, Created: m.Created.UnixMilli(),
		})
	}
	return out
}

func portFile(name string, data []byte) ArchiveFile {
	return ArchiveFile{name, base64.StdEncoding.EncodeToString(data)}
}
