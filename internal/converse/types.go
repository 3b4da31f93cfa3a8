package converse

import (
	"time"

	"malmoi/internal/account"
)

// Role is who says something.
type Role string

// The roles.
const (
	User      Role = "user"
	Assistant Role = "assistant"
)

// Status is how far an answer is.
type Status string

// The statuses. Live is an answer that is being made; a question is always Done.
const (
	Live        Status = "live"
	Done        Status = "done"
	Length      Status = "length"      // it reached its limit of tokens
	Stopped     Status = "stopped"     // the user stopped it
	Interrupted Status = "interrupted" // the server went away
	Failed      Status = "error"
)

// Chat is a conversation: a tree of messages of which Leaf ends the branch
// that is on screen.
type Chat struct {
	ID       string
	Title    string
	Named    bool // by the user: the model does not change the title any more
	Model    string
	Folder   string // id, "" for none
	Preset   string // id, "" for none
	System   string // instructions of this chat
	Leaf     string
	Pinned   bool
	Archived bool
	Created  time.Time
	Updated  time.Time
	Messages int
	Live     bool // an answer is being made
	Skills   SkillUse
	Chosen   []string // names of the skills that may be used with SkillsOn; empty: all
	Imported bool     // from a file: strangers may have written in it
}

// SkillUse says whether answers may use skills.
type SkillUse string

// The uses. The default of a chat is what the user's settings say; theirs is
// skills that touch nothing, with models that are known to call them.
const (
	SkillsDefault SkillUse = ""
	SkillsOn      SkillUse = "on"
	SkillsOff     SkillUse = "off"
)

// Message is a question or an answer.
type Message struct {
	ID        string
	Chat      string
	Parent    string // "" for the first question
	Role      Role
	Content   string
	Reasoning string
	ToolCalls []ToolCall
	Model     string
	Status    Status
	Failure   *Failure
	Usage     *Usage
	Vote      string // "up", "down" or ""
	Compare   string // the same for answers to be compared, else ""
	Pasted    int    // how much of a question's beginning was pasted, in UTF-16 units
	Params    Params // what an answer was asked with
	Created   time.Time

	Node  string    // the process that makes a live answer
	Lease time.Time // until when that process holds it
	Stop  bool      // somebody wants a live answer to stop
}

// ToolCall is a call that the model made, and what came back.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	Result    string `json:"result,omitempty"`
	// State is how far the call is, "" for calls that nobody runs.
	State CallState `json:"state,omitempty" enum:"ask,page,running,done,failed,refused,unknown"`
	// Title is what people call the skill.
	Title string `json:"title,omitempty"`
	// Tainted, of a question: text of strangers was in play when it was asked.
	Tainted bool `json:"tainted,omitempty" doc:"the question was asked when text of strangers was in play"`
	// Outside: the result may hold instructions of strangers.
	Outside bool `json:"outside,omitempty" doc:"the result is text of strangers"`
}

// CallState is how far a call is.
type CallState string

// The states. Asks waits for the user's word, OnPage for a page of theirs to
// make the call.
const (
	Asks    CallState = "ask"
	OnPage  CallState = "page"
	Running CallState = "running"
	Ran     CallState = "done"
	Broke   CallState = "failed"
	Refused CallState = "refused"
	Unknown CallState = "unknown" // the answer ended while it ran
)

// Said is a user's answer to the question whether a call may be made.
type Said struct {
	Call  int  `json:"call"` // its place among the answer's calls
	Allow bool `json:"allow"`
}

// Brought is what a page of the user's made of a call.
type Brought struct {
	Call   int    `json:"call"` // its place among the answer's calls
	Text   string `json:"text"`
	Failed bool   `json:"failed"`
}

// Failure says why there is no answer, in kinds that a page can word.
type Failure struct {
	Kind       string `json:"kind"` // busy, quota, context, filter, model, request, server, offline, cut
	Detail     string `json:"detail"`
	RetryAfter int    `json:"retry_after"` // seconds, 0: not said
}

// Usage counts an answer's tokens and time.
type Usage struct {
	PromptTokens     int   `json:"prompt_tokens"`
	CachedTokens     int   `json:"cached_tokens"`
	CompletionTokens int   `json:"completion_tokens"`
	ReasoningTokens  int   `json:"reasoning_tokens"`
	FirstMS          int64 `json:"first_ms"` // from the question to the first token
	TotalMS          int64 `json:"total_ms"`
}

// Params are the sampling knobs that a user may set; nil leaves the default.
type Params struct {
	Temperature *float32 `json:"temperature,omitempty"`
	TopP        *float32 `json:"top_p,omitempty"`
	MaxTokens   *int     `json:"max_tokens,omitempty"`
}

// Folder groups chats that share instructions and files.
type Folder struct {
	ID           string
	Name         string
	Instructions string
	Color        string
	Created      time.Time
}

// File is a file of a folder.
type File struct {
	ID      string
	Folder  string
	Name    string
	Type    string // media type
	Size    int64
	Blob    string // digest of its bytes
	Text    string // what of it goes into prompts
	Created time.Time
}

// Share is a link under which anybody may read a branch as it was.
type Share struct {
	ID      string
	Chat    string
	Token   string // only when it is made
	Created time.Time
	Expires time.Time // zero: never
}

// Snapshot is what a link shows.
type Snapshot struct {
	Title    string
	Created  time.Time
	Model    string
	Messages []Message
}

// Prompt is an entry of the prompt library. {{name}} in it asks for a value.
type Prompt struct {
	ID      string
	Name    string
	Text    string
	Created time.Time
}

// Preset is a model with instructions and knobs under a name.
type Preset struct {
	ID      string
	Name    string
	Model   string
	System  string
	Tone    string
	Params  Params
	Created time.Time
}

// Memory is a sentence that the models are told in every chat.
type Memory struct {
	ID      string
	Text    string
	Enabled bool
	Created time.Time
}

// Settings are a user's own.
type Settings struct {
	DefaultModel string   `json:"default_model"`
	System       string   `json:"system"`
	Tone         string   `json:"tone"` // "", haeyo, hapsyo, english
	Memory       bool     `json:"memory"`
	Params       Params   `json:"params"`
	Language     string   `json:"language"`
	Skills       SkillUse `json:"skills,omitempty" enum:"on,off," doc:"empty: skills that touch nothing, with models that can call"`
	Chosen       []string `json:"skill_names,omitempty" maxItems:"200" doc:"with skills on, the names of those that may be used; empty: all. Names that are not there are kept and not used"`

	// CodeInterpreter lets answers have the user's page run code, where all
	// skills are on.
	CodeInterpreter bool `json:"code_interpreter" required:"false" doc:"answers may have the page run Python, where skills are on"`
}

// Hit is a message that a search found.
type Hit struct {
	Chat    string
	Title   string
	Message string
	Role    Role
	Snippet string
	Marks   [][2]int // what matched, in UTF-16 units of Snippet
	Created time.Time
}

// Preference is a vote between two answers, for training.
type Preference struct {
	Question string
	Chosen   string // id of an answer, "tie"
	Created  time.Time
}

// Pair is a preference with its texts.
type Pair struct {
	Prompt   []Turn    `json:"prompt"`
	Chosen   string    `json:"chosen"`
	Rejected string    `json:"rejected"`
	Models   [2]string `json:"models"` // of chosen and rejected
	Tie      bool      `json:"tie,omitempty"`
}

// Turn is a message with nothing but its words.
type Turn struct {
	Role    Role   `json:"role"`
	Content string `json:"content"`
}

// ChatChange changes a chat; nil leaves a field as it is.
type ChatChange struct {
	Title    *string
	Model    *string
	Folder   *string
	Preset   *string
	System   *string
	Leaf     *string
	Pinned   *bool
	Archived *bool
	Skills   *SkillUse
	Chosen   *[]string
}

// FolderChange changes a folder; nil leaves a field as it is.
type FolderChange struct {
	Name         *string
	Instructions *string
	Color        *string
}

// ChatQuery selects chats.
type ChatQuery struct {
	Folder   *string // nil: all
	Archived bool
	Before   string // cursor of the page before, "" for the first
	Limit    int
}

// Ask is a question.
type Ask struct {
	ID      string // made by the client, so that asking twice is asking once; "" for a new one
	Chat    string
	Parent  string
	Content string
	Pasted  int
	Models  []string // one, or two to compare; none for the chat's
	Params  Params
}

// Asked is a question with the answers that are being made.
type Asked struct {
	Question Message
	Answers  []Message
}

// Again asks for another answer to a question.
type Again struct {
	Model  string
	Params Params
}

// Event is one thing that happens to an answer while somebody looks. Exactly
// one of the pointers is set, or Done.
type Event struct {
	Seq   int
	Delta *Delta
	Reset *Message // the whole answer so far: forget what came before
	Usage *Usage
	Done  *Message // the answer as it stays; the last event
}

// Delta is what is to be appended to an answer.
type Delta struct {
	Content   string         `json:"c,omitempty"`
	Reasoning string         `json:"r,omitempty"`
	ToolCall  *ToolCallDelta `json:"t,omitempty"`
}

// ToolCallDelta is a piece of a tool call; ID and Name come with its first.
// Texts are appended, a state takes the place of the one before.
type ToolCallDelta struct {
	Index     int    `json:"i"`
	ID        string `json:"id,omitempty"`
	Name      string `json:"n,omitempty"`
	Arguments string `json:"a,omitempty"`

	// What became of the call comes by itself, when the rest is complete.
	State   CallState `json:"s,omitempty"`
	Title   string    `json:"l,omitempty"`
	Result  string    `json:"o,omitempty"`
	Tainted bool      `json:"x,omitempty"`
	Outside bool      `json:"u,omitempty"`
}

// Imported says what became of a file of conversations.
type Imported struct {
	Chats    int
	Messages int
	Skipped  []Skipped
}

// Skipped is a conversation that could not be taken over.
type Skipped struct {
	Title string `json:"title"`
	Why   string `json:"why"`
}

// Owner is a shorter name for whom a row belongs to.
type Owner = account.UserID
