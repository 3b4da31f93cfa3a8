package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
)

type entryBody struct {
	ID      string  `json:"id"`
	At      int64   `json:"at"`
	Actor   refBody `json:"actor"`
	Action  string  `json:"action"`
	Target  string  `json:"target"`
	Address string  `json:"address"`
	Detail  string  `json:"detail"`
}

type entriesBody struct {
	Entries []entryBody `json:"entries"`
	Next    string      `json:"next" doc:"for ?before=, empty at the end"`
}

// Page is the input of a list that goes on.
type Page struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Before string `query:"before" maxLength:"200"`
}

func (a *API) audit() {
	call(a, door.Admin, "GET /api/admin/audit", "Read the audit log", a.entries)
	a.raw(door.Admin, false, download("/api/admin/audit/export", "The audit log as JSON lines", "application/jsonl"), func(w http.ResponseWriter, r *http.Request) error {
		out := attach(w, "application/jsonl", "malmoi-audit.jsonl", a.opt.WriteTimeout)
		return out.ended(a.opt.Accounts.ExportEntries(r.Context(), who(r.Context()), out))
	})
}

func (a *API) entries(ctx context.Context, in *struct {
	Page
	Action string `query:"action" maxLength:"100" doc:"an action, or its beginning with a dot at the end"`
	User   string `query:"user" maxLength:"128"`
}) (entriesBody, error) {
	f := account.EntryFilter{Action: in.Action, User: account.UserID(in.User), Limit: in.Limit}
	if in.Before != "" {
		var err error
		if f.Before, err = strconv.ParseInt(in.Before, 10, 64); err != nil || f.Before < 1 {
			return entriesBody{}, invalid("before", "", "before is not a place in this list")
		}
	}
	list, err := a.opt.Accounts.Entries(ctx, who(ctx), f)
	out := entriesBody{Entries: []entryBody{}}
	for _, e := range list {
		out.Entries = append(out.Entries, entryBody{
			strconv.FormatInt(e.ID, 10), millis(e.At), refBody{string(e.Actor), e.ActorName}, e.Action, e.Target, e.Address, e.Detail,
		})
	}
	if len(list) == in.Limit {
		out.Next = strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return out, err
}

// download describes a route whose answer is a file.
func download(path, summary, mediaType string, query ...*huma.Param) huma.Operation {
	tag := "files"
	return huma.Operation{
		OperationID: operationID("GET", path), Method: "GET", Path: path, Summary: summary, Tags: []string{tag}, Parameters: query,
		Responses: map[string]*huma.Response{"200": {
			Description: "The file", Content: map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		}},
	}
}

// attachment writes an answer that browsers save and never show: what people
// upload and export must not become a page of ours.
type attachment struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	header  http.Header // set when the first byte is written
	begun   bool
}

func attach(w http.ResponseWriter, mediaType, name string, timeout time.Duration) *attachment {
	return &attachment{w: w, rc: http.NewResponseController(w), timeout: timeout, header: http.Header{
		"Content-Type":            {mediaType},
		"Content-Disposition":     {disposition(name)},
		"X-Content-Type-Options":  {"nosniff"},
		"Content-Security-Policy": {"default-src 'none'; sandbox"},
		"Cache-Control":           {"no-store"},
	}}
}

// Write sends headers with the first bytes, so that a failure before them has a
// status of its own.
func (a *attachment) Write(b []byte) (int, error) {
	a.begin()
	a.rc.SetWriteDeadline(time.Now().Add(a.timeout))
	return a.w.Write(b)
}

func (a *attachment) begin() {
	if a.begun {
		return
	}
	a.begun = true
	for name, values := range a.header {
		a.w.Header()[name] = values
	}
	a.w.WriteHeader(http.StatusOK)
}

// ended finishes a download. One that broke off must not look whole: the
// connection is cut.
func (a *attachment) ended(err error) error {
	if err == nil {
		a.begin() // an empty file
		return nil
	}
	if a.begun {
		panic(http.ErrAbortHandler)
	}
	return err
}
