package web

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"malmoi/internal/skill"
)

// Result is one page that a search found.
type Result struct {
	Title, Link, Text string // plain text
}

// Provider searches the web.
type Provider interface {
	// Search returns at most n pages. Its error says what to change: the key,
	// the configuration, or to wait.
	Search(ctx context.Context, query string, n int) ([]Result, error)
}

// Limits of a search.
const (
	maxQuery   = 400 // bytes
	maxResults = 10
	defResults = 5
	maxSnippet = 900 // bytes
	maxFound   = 500 // addresses that one set of skills remembers
)

const searchParameters = `{"type":"object","properties":{
"query":{"type":"string","description":"words to search for"},
"count":{"type":"integer","description":"how many results, 1 to 10"}},"required":["query"]}`

// search makes the skill that searches; what it finds is noted in found.
func search(p Provider, found *links) skill.Skill {
	return skill.Skill{
		Name: "web_search", Title: "웹 검색",
		Description: "Searches the web and returns titles, addresses and summaries. Use it for news, prices, and whatever may have changed lately; read_page reads a result wholly.",
		Parameters:  json.RawMessage(searchParameters),
		Effect:      skill.Reads,
		Call: func(ctx context.Context, a json.RawMessage) (string, error) {
			var in struct {
				Query string `json:"query"`
				Count int    `json:"count"`
			}
			if err := json.Unmarshal(a, &in); err != nil {
				return "", fmt.Errorf("the arguments do not fit: %w", err)
			}
			in.Query = oneLine(in.Query)
			if in.Query == "" || len(in.Query) > maxQuery {
				return "", fmt.Errorf("query of %d bytes: want 1 to %d", len(in.Query), maxQuery)
			}
			if in.Count <= 0 {
				in.Count = defResults
			}
			n := min(in.Count, maxResults)
			list, err := p.Search(ctx, in.Query, n)
			if err != nil {
				return "", plainly(err)
			}
			return found.list(list[:min(n, len(list))]), nil
		},
	}
}

// links remembers what searches returned. Its methods may be called from
// several goroutines.
type links struct {
	mu  sync.Mutex
	all map[string]bool
}

func (l *links) has(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[address]
}

// list notes results and writes them down.
func (l *links) list(results []Result) string {
	if len(results) == 0 {
		return "검색 결과가 없습니다."
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[string]bool{}
	}
	var b strings.Builder
	for i, r := range results {
		if len(l.all) < maxFound {
			l.all[r.Link] = true
		}
		fmt.Fprintf(&b, "%d. %s\n   %s\n   %s\n", i+1, oneLine(clean(r.Title)), r.Link, skill.Cut(oneLine(clean(r.Text)), maxSnippet))
	}
	return b.String()
}
