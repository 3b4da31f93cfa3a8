package app

import (
	"context"

	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
)

// chatBody is a conversation without its messages.
type chatBody struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Model    string `json:"model"`
	Folder   string `json:"folder"`
	Preset   string `json:"preset"`
	System   string `json:"system"`
	Leaf     string `json:"leaf" doc:"the last message of the branch on screen"`
	Pinned   bool   `json:"pinned"`
	Archived bool   `json:"archived"`
	Created  int64  `json:"created"`
	Updated  int64  `json:"updated"`
	Messages int    `json:"messages"`
	Live     bool   `json:"live" doc:"an answer is being made"`
	Skills   string `json:"skills,omitempty" enum:"on,off" doc:"whether answers may use skills; left out: as the settings say"`

	SkillNames []string `json:"skill_names,omitempty" doc:"with skills on, those that may be used; left out: all"`
}

func newChat(c converse.Chat) chatBody {
	return chatBody{
		ID: c.ID, Title: c.Title, Model: c.Model, Folder: c.Folder, Preset: c.Preset, System: c.System, Leaf: c.Leaf,
		Pinned: c.Pinned, Archived: c.Archived, Created: millis(c.Created), Updated: millis(c.Updated), Messages: c.Messages, Live: c.Live, Skills: string(c.Skills), SkillNames: c.Chosen,
	}
}

type chatsBody struct {
	Chats []chatBody `json:"chats"`
	Next  string     `json:"next" doc:"for ?before=, empty at the end"`
}

type treeBody struct {
	Chat     chatBody      `json:"chat"`
	Messages []messageBody `json:"messages"`
}

type newChatBody struct {
	ID     string `json:"id,omitempty" doc:"made by the client, so that sending twice is making once"`
	Title  string `json:"title,omitempty"`
	Model  string `json:"model,omitempty"`
	Folder string `json:"folder,omitempty"`
	Preset string `json:"preset,omitempty"`
	System string `json:"system,omitempty"`

	Skills converse.SkillUse `json:"skills,omitempty" enum:"on,off,"`
	Chosen []string          `json:"skill_names,omitempty" maxItems:"200" doc:"with skills on, those that may be used; empty: all"`
}

type chatChange struct {
	Title    *string `json:"title,omitempty"`
	Model    *string `json:"model,omitempty"`
	Folder   *string `json:"folder,omitempty"`
	Preset   *string `json:"preset,omitempty"`
	System   *string `json:"system,omitempty"`
	Leaf     *string `json:"leaf,omitempty"`
	Pinned   *bool   `json:"pinned,omitempty"`
	Archived *bool   `json:"archived,omitempty"`

	Skills *converse.SkillUse `json:"skills,omitempty" enum:"on,off," doc:"empty: as the settings say"`
	Chosen *[]string          `json:"skill_names,omitempty" maxItems:"200" doc:"empty: all"`
}

// maxText bounds bodies that carry instructions and the like.
const maxText = 3 * converse.MaxText

func (a *API) chats() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/chats", "List my chats, pinned ones first, then the newest", a.listChats)
	sized(a, door.Writes, "POST /api/chats", "Make a chat", maxText, func(ctx context.Context, in *struct{ Body newChatBody }) (chatBody, error) {
		c, err := s.CreateChat(ctx, who(ctx), converse.NewChat(in.Body))
		return newChat(c), err
	})
	call(a, door.Chats, "GET /api/chats/{id}", "A chat with all its messages", func(ctx context.Context, in *ByID) (treeBody, error) {
		c, list, err := s.Open(ctx, who(ctx), in.ID)
		return treeBody{newChat(c), newMessages(list)}, err
	})
	sized(a, door.Writes, "PATCH /api/chats/{id}", "Change a chat", maxText, func(ctx context.Context, in *struct {
		ByID
		Body chatChange
	}) (chatBody, error) {
		c, err := s.ChangeChat(ctx, who(ctx), in.ID, converse.ChatChange(in.Body))
		return newChat(c), err
	})
	do(a, door.Writes, "DELETE /api/chats/{id}", "Delete a chat; it can be restored for 30 days", func(ctx context.Context, in *ByID) error {
		return s.DeleteChat(ctx, who(ctx), in.ID)
	})
	call(a, door.Writes, "POST /api/chats/{id}/restore", "Undo the deletion of a chat", func(ctx context.Context, in *ByID) (chatBody, error) {
		c, err := s.RestoreChat(ctx, who(ctx), in.ID)
		return newChat(c), err
	})
}

func (a *API) listChats(ctx context.Context, in *struct {
	Page
	Folder   string `query:"folder" maxLength:"128" doc:"only of this folder; none: of no folder"`
	Archived bool   `query:"archived"`
}) (chatsBody, error) {
	q := converse.ChatQuery{Archived: in.Archived, Before: in.Before, Limit: in.Limit}
	if in.Folder != "" {
		folder := in.Folder
		if folder == "none" {
			folder = ""
		}
		q.Folder = &folder
	}
	list, next, err := a.opt.Converse.Chats(ctx, who(ctx), q)
	out := chatsBody{Chats: []chatBody{}, Next: next}
	for _, c := range list {
		out.Chats = append(out.Chats, newChat(c))
	}
	return out, err
}
