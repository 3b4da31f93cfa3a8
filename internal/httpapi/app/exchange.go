package app

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/httpapi/wire"
)

type hitBody struct {
	Chat    string   `json:"chat"`
	Title   string   `json:"title"`
	Message string   `json:"message" doc:"empty if the chat's title was found"`
	Role    string   `json:"role"`
	Snippet string   `json:"snippet"`
	Marks   [][2]int `json:"marks" doc:"from and to of what was found, in UTF-16 units of snippet"`
	Created int64    `json:"created"`
}

type hitsBody struct {
	Results []hitBody `json:"results"`
}

type importedBody struct {
	Chats    int                `json:"chats"`
	Messages int                `json:"messages"`
	Skipped  []converse.Skipped `json:"skipped"`
}

// Limits of imports: each holds its whole file in memory.
const (
	maxImports    = 2
	importTimeout = 5 * time.Minute // for the body to arrive
)

func (a *API) exchange() {
	s := a.opt.Converse
	call(a, door.Chats, "GET /api/search", "Search all my chats", func(ctx context.Context, in *struct {
		Query string `query:"q" required:"true" maxLength:"800"`
		Limit int    `query:"limit" default:"20" minimum:"1" maximum:"50"`
	}) (hitsBody, error) {
		list, err := s.Search(ctx, who(ctx), in.Query, in.Limit)
		out := hitsBody{Results: []hitBody{}}
		for _, h := range list {
			marks := h.Marks
			if marks == nil {
				marks = [][2]int{}
			}
			out.Results = append(out.Results, hitBody{h.Chat, h.Title, h.Message, string(h.Role), h.Snippet, marks, millis(h.Created)})
		}
		return out, err
	})
	format := &huma.Param{Name: "format", In: "query", Required: true, Schema: &huma.Schema{Type: "string", Enum: []any{"md", "html", "json"}}}
	a.raw(door.Chats, false, download("/api/chats/{id}/export", "A chat as a file", "application/octet-stream", pathParam("id"), format), a.exportChat)
	a.raw(door.Chats, false, download("/api/export", "All that is mine as one JSON file, to be imported again", "application/json"), a.exportAll)

	op := operation("POST /api/import", "Take over conversations of ChatGPT, Open WebUI, LibreChat or malmoi: the body is the file", http.StatusOK, converse.MaxImport)
	op.BodyReadTimeout = importTimeout
	operate(a, door.Writes, op, a.importChats)
}

func (a *API) importChats(ctx context.Context, in *struct {
	RawBody []byte `contentType:"application/octet-stream"`
}) (*reply[importedBody], error) {
	select {
	case a.imports <- struct{}{}:
		defer func() { <-a.imports }()
	default:
		return nil, &wire.Error{Status: 503, Type: wire.TypeUnavailable, Code: "busy", Message: "other files are being taken over; try again in a moment", RetryAfter: 5 * time.Second}
	}
	x, err := a.opt.Converse.Import(ctx, who(ctx), in.RawBody)
	if err != nil {
		return nil, err
	}
	b := importedBody{x.Chats, x.Messages, x.Skipped}
	if b.Skipped == nil {
		b.Skipped = []converse.Skipped{}
	}
	return &reply[importedBody]{b}, nil
}

func (a *API) exportChat(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	name, kind, data, err := a.opt.Converse.Export(r.Context(), who(r.Context()), id, r.URL.Query().Get("format"))
	if err != nil {
		return err
	}
	a.note(r.Context(), account.ActDataExported, id, kind)
	out := attach(w, kind, name, a.opt.WriteTimeout)
	_, err = out.Write(data)
	return out.ended(err)
}

func (a *API) exportAll(w http.ResponseWriter, r *http.Request) error {
	a.note(r.Context(), account.ActDataExported, "everything", "")
	name := "malmoi-" + a.opt.Now().In(account.Seoul).Format(time.DateOnly) + ".json"
	out := attach(w, "application/json", name, a.opt.WriteTimeout)
	return out.ended(a.opt.Converse.ExportAll(r.Context(), who(r.Context()), out))
}
