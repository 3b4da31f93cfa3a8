package app

import (
	"context"

	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/skill"
)

// messageBody is a question or an answer.
type messageBody struct {
	ID        string              `json:"id"`
	Chat      string              `json:"chat"`
	Parent    string              `json:"parent"`
	Role      string              `json:"role" enum:"user,assistant"`
	Content   string              `json:"content"`
	Reasoning string              `json:"reasoning,omitempty"`
	ToolCalls []converse.ToolCall `json:"tool_calls,omitempty"`
	Model     string              `json:"model,omitempty"`
	Status    string              `json:"status" enum:"live,done,length,stopped,interrupted,error"`
	Failure   *converse.Failure   `json:"failure,omitempty"`
	Usage     *converse.Usage     `json:"usage,omitempty"`
	Vote      string              `json:"vote,omitempty" enum:"up,down"`
	Compare   string              `json:"compare,omitempty" doc:"the same for answers to be compared"`
	Pasted    int                 `json:"pasted,omitempty"`
	Created   int64               `json:"created"`
}

func newMessage(m converse.Message) messageBody {
	return messageBody{
		ID: m.ID, Chat: m.Chat, Parent: m.Parent, Role: string(m.Role), Content: m.Content, Reasoning: m.Reasoning,
		ToolCalls: m.ToolCalls, Model: m.Model, Status: string(m.Status), Failure: m.Failure, Usage: m.Usage,
		Vote: m.Vote, Compare: m.Compare, Pasted: m.Pasted, Created: millis(m.Created),
	}
}

func newMessages(list []converse.Message) []messageBody {
	out := make([]messageBody, len(list))
	for i, m := range list {
		out[i] = newMessage(m)
	}
	return out
}

type askBody struct {
	ID      string          `json:"id,omitempty" doc:"made by the client, so that asking twice is asking once"`
	Parent  string          `json:"parent,omitempty" doc:"the answer that is replied to, empty at the beginning"`
	Content string          `json:"content"`
	Pasted  int             `json:"pasted,omitempty" minimum:"0"`
	Models  []string        `json:"models,omitempty" maxItems:"2" doc:"two are compared"`
	Params  converse.Params `json:"params,omitempty"`
}

type askedBody struct {
	Question messageBody   `json:"question"`
	Answers  []messageBody `json:"answers"`
}

type answerBody struct {
	Answer messageBody `json:"answer"`
}

type againBody struct {
	Model  string          `json:"model,omitempty"`
	Params converse.Params `json:"params,omitempty"`
}

type consentBody struct {
	Call  string `json:"call" maxLength:"128" doc:"the id of the call whose state is ask"`
	Allow bool   `json:"allow"`
}

type resultBody struct {
	Call   string `json:"call" maxLength:"128" doc:"the id of the call whose state is page"`
	Text   string `json:"text" maxLength:"32768" doc:"what came out, at most 32 KiB"`
	Failed bool   `json:"failed" required:"false" doc:"the call went wrong, and text says how"`
}

// maxResult bounds the body of a page's result: every byte of it may be escaped
// as six.
const maxResult = 6*skill.MaxResult + 4<<10

// maxAsk bounds the body of a question: every byte of it may be escaped.
const maxAsk = 3 * converse.MaxContent

func (a *API) messages() {
	s := a.opt.Converse
	sized(a, door.Writes, "POST /api/chats/{id}/messages", "Ask; the server makes the answers, read them at /api/messages/{id}/stream", maxAsk,
		func(ctx context.Context, in *struct {
			ByID
			Body askBody
		}) (askedBody, error) {
			b := in.Body
			out, err := s.Ask(ctx, who(ctx), converse.Ask{
				ID: b.ID, Chat: in.ID, Parent: b.Parent, Content: b.Content, Pasted: b.Pasted, Models: b.Models, Params: b.Params,
			})
			return askedBody{newMessage(out.Question), newMessages(out.Answers)}, err
		})
	call(a, door.Writes, "POST /api/messages/{id}/regenerate", "Answer a question again", func(ctx context.Context, in *struct {
		ByID
		Body *againBody
	}) (answerBody, error) {
		var again converse.Again
		if in.Body != nil {
			again = converse.Again(*in.Body)
		}
		m, err := s.Regenerate(ctx, who(ctx), in.ID, again)
		return answerBody{newMessage(m)}, err
	})
	call(a, door.Writes, "POST /api/messages/{id}/continue", "Let an answer that ended early go on", func(ctx context.Context, in *ByID) (answerBody, error) {
		m, err := s.Continue(ctx, who(ctx), in.ID)
		return answerBody{newMessage(m)}, err
	})
	do(a, door.Writes, "POST /api/messages/{id}/stop", "Stop an answer", func(ctx context.Context, in *ByID) error {
		return s.Stop(ctx, who(ctx), in.ID)
	})
	do(a, door.Writes, "POST /api/messages/{id}/consent", "Allow or refuse the call that a live answer asks about; the first word counts", func(ctx context.Context, in *struct {
		ByID
		Body consentBody
	}) error {
		return s.Consent(ctx, who(ctx), in.ID, in.Body.Call, in.Body.Allow)
	})
	doSized(a, door.Writes, "POST /api/messages/{id}/result", "Bring what the page made of the call that a live answer waits for; the first result counts", maxResult, func(ctx context.Context, in *struct {
		ByID
		Body resultBody
	}) error {
		return s.Result(ctx, who(ctx), in.ID, in.Body.Call, in.Body.Text, in.Body.Failed)
	})
	do(a, door.Writes, "DELETE /api/messages/{id}", "Delete a message with what hangs below it", func(ctx context.Context, in *ByID) error {
		return s.DeleteMessage(ctx, who(ctx), in.ID)
	})
	call(a, door.Writes, "POST /api/messages/{id}/restore", "Undo the deletion of a message", func(ctx context.Context, in *ByID) (messageBody, error) {
		m, err := s.RestoreMessage(ctx, who(ctx), in.ID)
		return newMessage(m), err
	})
	a.votes()
	a.skills()
	a.streams()
}

func (a *API) votes() {
	s := a.opt.Converse
	do(a, door.Writes, "PUT /api/messages/{id}/vote", "Say whether an answer is good", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Vote string `json:"vote" enum:"up,down,"`
		}
	}) error {
		return s.Vote(ctx, who(ctx), in.ID, in.Body.Vote)
	})
	do(a, door.Writes, "PUT /api/messages/{id}/preference", "Say which of two answers to a question is better", func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Chosen string `json:"chosen" maxLength:"128" doc:"the id of an answer, or tie"`
		}
	}) error {
		return s.Prefer(ctx, who(ctx), in.ID, in.Body.Chosen)
	})
	a.raw(door.Chats, false, download("/api/preferences/export", "My preferences as JSON lines, for training", "application/jsonl"), a.exportPreferences)
}
