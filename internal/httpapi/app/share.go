package app

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
)

type shareBody struct {
	ID      string `json:"id"`
	Token   string `json:"token,omitempty" doc:"only in the answer that makes it"`
	Path    string `json:"path,omitempty" doc:"of the page that shows it, as /s/TOKEN"`
	Created int64  `json:"created"`
	Expires int64  `json:"expires" doc:"0: never"`
}

type sharesBody struct {
	Shares []shareBody `json:"shares"`
}

func newShare(s converse.Share) shareBody {
	b := shareBody{ID: s.ID, Token: s.Token, Created: millis(s.Created), Expires: millis(s.Expires)}
	if s.Token != "" {
		b.Path = "/s/" + s.Token
	}
	return b
}

type newShareBody struct {
	Expires int64 `json:"expires,omitempty" minimum:"0" doc:"0: never"`
}

// sharedBody is what anybody with the link may read.
type sharedBody struct {
	Title    string        `json:"title"`
	Created  int64         `json:"created"`
	Model    string        `json:"model"`
	Messages []messageBody `json:"messages"`
	Note     string        `json:"note" doc:"what every answer is to be marked with"`
}

func (a *API) shares() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/chats/{id}/shares", "List a chat's links", func(ctx context.Context, in *ByID) (sharesBody, error) {
		out := sharesBody{Shares: []shareBody{}}
		list, err := s.Shares(ctx, who(ctx), in.ID)
		for _, sh := range list {
			out.Shares = append(out.Shares, newShare(sh))
		}
		return out, err
	})
	call(a, door.Writes, "POST /api/chats/{id}/shares", "Make a link to the branch on screen as it is now", func(ctx context.Context, in *struct {
		ByID
		Body *newShareBody
	}) (shareBody, error) {
		var b newShareBody
		set(&b, in.Body)
		sh, err := s.Share(ctx, who(ctx), in.ID, fromMillis(b.Expires))
		if err != nil {
			return shareBody{}, err
		}
		a.note(ctx, account.ActShared, in.ID, "link "+sh.ID)
		return newShare(sh), nil
	})
	do(a, door.Writes, "DELETE /api/shares/{id}", "Make a link lead nowhere", func(ctx context.Context, in *ByID) error {
		if err := s.Unshare(ctx, who(ctx), in.ID); err != nil {
			return err
		}
		a.note(ctx, account.ActShareRevoked, in.ID, "")
		return nil
	})
	call(a, door.Open, "GET /api/shared/{token}", "What a link shows, to anybody", func(ctx context.Context, in *ByToken) (sharedBody, error) {
		x, err := s.Shared(ctx, in.Token)
		return sharedBody{x.Title, millis(x.Created), x.Model, newMessages(x.Messages), converse.GeneratedMark}, err
	})
}

// note writes into the audit log what was done. It was done: a log that takes
// no entry is the server's trouble and goes to its own log.
func (a *API) note(ctx context.Context, action, target, detail string) {
	if err := a.opt.Accounts.Note(ctx, who(ctx), action, target, detail); err != nil {
		a.opt.Log.Error("the audit log takes no entry", "action", action, "error", err)
	}
}

// exportPreferences writes one pair of answers a line.
func (a *API) exportPreferences(w http.ResponseWriter, r *http.Request) error {
	a.note(r.Context(), account.ActDataExported, "preferences", "")
	out := attach(w, "application/jsonl", "malmoi-preferences.jsonl", a.opt.WriteTimeout)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return out.ended(a.opt.Converse.Pairs(r.Context(), who(r.Context()), func(p converse.Pair) error { return e.Encode(p) }))
}

func pathParam(name string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}
}
