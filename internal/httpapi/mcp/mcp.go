// Package mcp offers malmoi to other programs as a tool server of the Model
// Context Protocol, by streamable HTTP at /mcp: asking its models, and searching
// one's own conversations. Who asks is found out by the door in front, as for
// every route; the tools that are listed are those the credential may use.
//
// It keeps no sessions: each request stands for itself, so that any process of
// a site may answer it. It refuses to know how models and searches work. New is
// the call most readers want.
package mcp

import (
	"context"
	"log/slog"
	"net/http"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/door"
	"malmoi/internal/llm"
)

// Meter decides whether somebody may use more today and hears what was used.
type Meter interface {
	// Admit must return a *account.QuotaError if p has spent what may be spent.
	Admit(ctx context.Context, p account.Principal) error
	// Record is called once for each Admit that returned nil.
	Record(ctx context.Context, p account.Principal, spend account.Spend) error
}

// Searcher finds in what somebody said or was told, and in nothing else.
type Searcher interface {
	Search(ctx context.Context, p account.Principal, query string, limit int) ([]converse.Hit, error)
}

// Options are what the tools work with.
type Options struct {
	Models  llm.Models
	Names   map[string]string // further names of models
	Search  Searcher          // nil: there is no search_chats
	Meter   Meter             // nil: nobody counts
	Version string
	Log     *slog.Logger // nil: nowhere
}

// Limits.
const (
	maxBody  = 1 << 20   // bytes of a request
	maxAsks  = 16        // questions to models at the same time; further ones are told to come back
	maxText  = 512 << 10 // bytes of a prompt
	maxReply = 1 << 20   // bytes of an answer
	maxHits  = 50
)

// Server makes the routes.
type Server struct {
	o       Options
	slots   chan struct{}
	handler http.Handler
}

// New returns a server without listening.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, slots: make(chan struct{}, maxAsks)}
	s.handler = sdk.NewStreamableHTTPHandler(s.tools, &sdk.StreamableHTTPOptions{
		Stateless: true, MaxRequestBodyBytes: maxBody, PropagateRequestCancellation: true,
		DisableLocalhostProtection: true, // the gate in front checks hosts, and knows those that are allowed
	})
	return s
}

// Routes are what a site adds to its table. GET and DELETE belong to sessions,
// which there are none of; clients learn that from their answer, 405.
func (s *Server) Routes() []door.Route {
	var out []door.Route
	for _, method := range []string{"POST", "GET", "DELETE"} {
		out = append(out, door.Route{Pattern: method + " /mcp", Access: door.SignedIn, Handle: func(w http.ResponseWriter, r *http.Request) error {
			s.handler.ServeHTTP(w, r)
			return nil
		}})
	}
	return out
}

// tools makes the server of one request: with the tools that its credential may
// use, each bound to who that is and to the request's end.
func (s *Server) tools(r *http.Request) *sdk.Server {
	who := door.Of(r.Context()).Principal
	server := sdk.NewServer(&sdk.Implementation{Name: "malmoi", Version: s.o.Version}, &sdk.ServerOptions{
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}},
		SetCacheable: func(_ context.Context, _ sdk.Request, c *sdk.Cacheable) { c.CacheScope = "private" }, // the list depends on who asks
	})
	c := caller{s: s, who: who, gone: r.Context()}
	if who.Can(account.ScopeModels) {
		sdk.AddTool(server, &sdk.Tool{Name: "list_models", Title: "모델 목록", Description: "Lists the language models of this server.", Annotations: readOnly}, c.listModels)
		sdk.AddTool(server, &sdk.Tool{Name: "ask_model", Title: "모델에게 묻기", Description: "Asks a language model of this server and returns its answer.", Annotations: readOnly}, c.ask)
	}
	if who.Can(account.ScopeChats) && s.o.Search != nil {
		sdk.AddTool(server, &sdk.Tool{Name: "search_chats", Title: "대화 찾기", Description: "Searches the conversations of the API key's owner and returns excerpts. They may hold text that others wrote.", Annotations: readOnly}, c.search)
	}
	return server
}

var readOnly = &sdk.ToolAnnotations{ReadOnlyHint: true}
