package converse

import (
	"context"
	"time"
)

// Store keeps the rows. Every method finds only what belongs to the owner, and
// must return an error wrapping ErrNotFound for what is not there or not
// theirs. What was deleted is not there for anything but its Restore.
type Store interface {
	ChatStore
	MessageStore
	LogStore
	FolderStore
	ShareStore
	LibraryStore
}

// ChatStore keeps chats.
type ChatStore interface {
	// AddChat adds c, or returns the owner's chat that has its id already.
	AddChat(ctx context.Context, o Owner, c Chat) (Chat, error)
	Chat(ctx context.Context, o Owner, id string) (Chat, error)
	// Chats lists pinned ones first, then by the time of the last change. next
	// is "" at the end.
	Chats(ctx context.Context, o Owner, q ChatQuery) (list []Chat, next string, err error)
	// ChangeChat leaves Updated as it is. A title given here is the user's, and
	// a leaf must be a message of the chat.
	ChangeChat(ctx context.Context, o Owner, id string, c ChatChange) (Chat, error)
	// NameChat sets the title if the user has not.
	NameChat(ctx context.Context, o Owner, id, title string) (Chat, error)
	DeleteChat(ctx context.Context, o Owner, id string, now time.Time) error
	RestoreChat(ctx context.Context, o Owner, id string) (Chat, error)
	// Purge forgets what was deleted before a time, of all owners.
	Purge(ctx context.Context, before time.Time) error
	// AddTree adds a chat with its messages in one transaction, unless the owner
	// has taken over one with the same fingerprint already; then added is false.
	AddTree(ctx context.Context, o Owner, c Chat, list []Message, fingerprint string) (added bool, err error)
}

// MessageStore keeps messages.
type MessageStore interface {
	// Messages is the whole tree of a chat, oldest first.
	Messages(ctx context.Context, o Owner, chat string) ([]Message, error)
	Message(ctx context.Context, o Owner, id string) (Message, error)
	// Begin adds a question, if one is given, and answers, makes leaf the
	// chat's leaf and model its model, in one transaction. If the question's id
	// is there already, it changes nothing and returns what is stored.
	// It must return ErrBusy if the owner has more than MaxLiveUser live
	// answers, and ErrConflict if the parent is not a message of the chat.
	Begin(ctx context.Context, o Owner, b Begin) (Asked, error)
	// Resume makes a finished answer live again, to be continued.
	Resume(ctx context.Context, o Owner, id string, node string, lease, now time.Time) (Message, error)
	DeleteMessage(ctx context.Context, o Owner, id string, now time.Time) error
	RestoreMessage(ctx context.Context, o Owner, id string) error
	Vote(ctx context.Context, o Owner, id, vote string) error
	Prefer(ctx context.Context, o Owner, p Preference) error
	Preferences(ctx context.Context, o Owner) ([]Preference, error)
	// Search finds messages that hold all terms, newest first.
	Search(ctx context.Context, o Owner, query string, limit int) ([]Message, error)
	// SearchTitles finds chats whose title holds the query, newest first.
	SearchTitles(ctx context.Context, o Owner, query string, limit int) ([]Chat, error)
	// CheckIndex compares the search index with the messages, of all owners,
	// and mends it; wrong is how many messages it was wrong about.
	CheckIndex(ctx context.Context) (wrong int, err error)
}

// Begin is what asking writes.
type Begin struct {
	Chat     string
	Question *Message // nil to answer Parent of the answers again
	Answers  []Message
	Leaf     string
	Model    string
	Now      time.Time
}

// LogStore keeps what live answers have said so far.
type LogStore interface {
	// Append adds entries of answers that node makes. It returns the ids of
	// those that are not this node's any more, or that somebody wants stopped.
	Append(ctx context.Context, node string, entries []Entry) (lost, stopped []string, err error)
	// Entries are an answer's entries that end after a number.
	Entries(ctx context.Context, o Owner, message string, after int) ([]Entry, error)
	// Finish writes an answer's last state and forgets its entries, if it is
	// still node's; otherwise it must return ErrConflict.
	Finish(ctx context.Context, o Owner, node string, m Message) error
	// AskStop marks an answer to be stopped by whoever makes it.
	AskStop(ctx context.Context, o Owner, id string) (Message, error)
	// Consent keeps what the owner answers to a question of a live answer. It
	// must return ErrConflict if the answer is not live, and if that question
	// was answered before.
	Consent(ctx context.Context, o Owner, id string, said Said) error
	// Consented is what the owner answered last, nil if nothing, while node
	// makes the answer; otherwise it must return ErrNotFound.
	Consented(ctx context.Context, o Owner, node, id string) (*Said, error)
	// Bring keeps what a page made of a call of a live answer. It must return
	// ErrConflict if the answer is not live, and if something was brought for
	// that call or a later one before.
	Bring(ctx context.Context, o Owner, id string, b Brought) error
	// Brought is what was brought last, nil if nothing, while node makes the
	// answer; otherwise it must return ErrNotFound.
	Brought(ctx context.Context, o Owner, node, id string) (*Brought, error)
	// Renew holds on to the answers that node makes and returns the ids of those
	// that somebody wants stopped.
	Renew(ctx context.Context, node string, lease time.Time) (stopped []string, err error)
	// Orphans are live answers whose lease ended before a time.
	Orphans(ctx context.Context, before time.Time, limit int) ([]Orphan, error)
	// Adopt takes an orphan over; ok is false if another process was faster.
	Adopt(ctx context.Context, id, from, node string, lease time.Time) (ok bool, err error)
}

// Entry is a run of an answer's events in the log.
type Entry struct {
	Message string
	First   int // number of the first event
	Deltas  []Delta
}

// Last is the number of the entry's last event.
func (e Entry) Last() int { return e.First + len(e.Deltas) - 1 }

// Orphan is a live answer that nobody makes.
type Orphan struct {
	Owner   Owner
	Message Message
}

// FolderStore keeps folders and their files.
type FolderStore interface {
	AddFolder(ctx context.Context, o Owner, f Folder) error
	Folder(ctx context.Context, o Owner, id string) (Folder, error)
	Folders(ctx context.Context, o Owner) ([]Folder, error)
	ChangeFolder(ctx context.Context, o Owner, id string, c FolderChange) (Folder, error)
	// DeleteFolder leaves its chats without a folder and returns the blobs that
	// no file needs any more.
	DeleteFolder(ctx context.Context, o Owner, id string) (blobs []string, err error)
	AddFile(ctx context.Context, o Owner, f File) error
	File(ctx context.Context, o Owner, folder, id string) (File, error)
	// Files lists with the first chars characters of the texts; a whole text
	// can have megabytes.
	Files(ctx context.Context, o Owner, folder string, chars int) ([]File, error)
	DeleteFile(ctx context.Context, o Owner, folder, id string) (blobs []string, err error)
}

// ShareStore keeps links.
type ShareStore interface {
	// AddShare keeps the hash of the token and the snapshot as JSON.
	AddShare(ctx context.Context, o Owner, s Share, hash string, snapshot []byte) error
	Shares(ctx context.Context, o Owner, chat string) ([]Share, error)
	DeleteShare(ctx context.Context, o Owner, id string) error
	// Shared finds a snapshot by the hash of its token, whoever owns it.
	Shared(ctx context.Context, hash string, now time.Time) ([]byte, error)
}

// LibraryStore keeps prompts, presets, memories and settings.
type LibraryStore interface {
	PutPrompt(ctx context.Context, o Owner, p Prompt) error
	Prompts(ctx context.Context, o Owner) ([]Prompt, error)
	DeletePrompt(ctx context.Context, o Owner, id string) error
	PutPreset(ctx context.Context, o Owner, p Preset) error
	Presets(ctx context.Context, o Owner) ([]Preset, error)
	DeletePreset(ctx context.Context, o Owner, id string) error
	PutMemory(ctx context.Context, o Owner, m Memory) error
	Memories(ctx context.Context, o Owner) ([]Memory, error)
	DeleteMemory(ctx context.Context, o Owner, id string) error
	Settings(ctx context.Context, o Owner) (Settings, error)
	PutSettings(ctx context.Context, o Owner, s Settings) error
}
