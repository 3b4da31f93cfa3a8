package app

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/door"
)

// things are what one person owns: an id of every kind, made anew for every
// route, since some routes destroy them.
type things map[string]string

// secret is in everything that the owner writes; nobody else may ever see it.
const secret = "비밀-canary-7731"

func own(t *testing.T, a actor) things {
	t.Helper()
	str := func(m map[string]any, name string) string { return m[name].(string) }
	x := things{}
	x["folder"] = str(a.ok("POST", "/api/folders", `{"name":"`+secret+`","instructions":"`+secret+`"}`), "id")
	x["file"] = str(a.ok("POST", "/api/folders/"+x["folder"]+"/files?name=note.txt", secret), "id")
	x["chat"] = str(a.ok("POST", "/api/chats", `{"title":"`+secret+`","folder":"`+x["folder"]+`"}`), "id")
	asked := a.ok("POST", "/api/chats/"+x["chat"]+"/messages", `{"content":"short `+secret+`","models":["m","m"]}`)
	x["question"] = str(asked["question"].(map[string]any), "id")
	x["answer"] = str(asked["answers"].([]any)[0].(map[string]any), "id")
	a.do("GET", "/api/messages/"+x["answer"]+"/stream", "") // until it is done
	a.do("GET", "/api/messages/"+str(asked["answers"].([]any)[1].(map[string]any), "id")+"/stream", "")
	share := a.ok("POST", "/api/chats/"+x["chat"]+"/shares", `{}`)
	x["share"], x["token"] = str(share, "id"), str(share, "token")
	x["prompt"] = str(a.ok("POST", "/api/prompts", `{"name":"`+secret+`","text":"`+secret+`"}`), "id")
	x["preset"] = str(a.ok("POST", "/api/presets", `{"name":"`+secret+`","system":"`+secret+`"}`), "id")
	x["memory"] = str(a.ok("POST", "/api/memories", `{"text":"`+secret+`"}`), "id")
	x["key"] = str(a.ok("POST", "/api/keys", `{"name":"`+secret+`","scopes":["chats"]}`), "id")
	x["response"] = str(a.ok("POST", "/v1/responses", `{"model":"m","input":"`+secret+`"}`), "id")
	return x
}

// try is how a route is used: the path with {kind} for an id, a body, and what
// its owner gets, 200 or 204 if nothing is said.
type try struct {
	path string
	body string
	want int
	mine bool // it names something that belongs to the owner: others get 404
}

// tries has a line for every route of the server.
var tries = map[string]try{
	"GET /healthz": {}, "GET /readyz": {}, "GET /metrics": {}, "GET /api/info": {}, "GET /": {path: "/"},
	"GET /api/openapi.json": {}, "GET /api/openapi.yaml": {}, "GET /api/version": {},

	"GET /api/session":                      {},
	"POST /api/setup":                       {body: `{"login":"x","password":"` + password + `"}`, want: 409},
	"POST /api/session":                     {body: `{"login":"nobody","password":"wrong"}`, want: 401},
	"GET /api/sessions":                     {},
	"DELETE /api/sessions/{id}":             {path: "/api/sessions/unknown", want: 404},
	"DELETE /api/sessions":                  {want: 204},
	"DELETE /api/session":                   {want: 204},
	"GET /api/oidc/{provider}/start":        {path: "/api/oidc/none/start", want: 404},
	"GET /api/oidc/{provider}/callback":     {path: "/api/oidc/none/callback", want: 404},
	"GET /api/invitations/{token}":          {path: "/api/invitations/guessed", want: 404},
	"POST /api/invitations/{token}":         {path: "/api/invitations/guessed", body: `{"login":"x","password":"` + password + `"}`, want: 404},
	"GET /api/me":                           {},
	"PATCH /api/me":                         {body: `{"name":"새 이름"}`},
	"GET /api/keys":                         {},
	"POST /api/keys":                        {body: `{"name":"k","scopes":["models"]}`},
	"DELETE /api/keys/{id}":                 {path: "/api/keys/{key}", mine: true},
	"GET /api/usage":                        {},
	"GET /api/admin/users":                  {},
	"POST /api/admin/users":                 {body: `{"login":"fresh","password":"` + password + `"}`},
	"PATCH /api/admin/users/{id}":           {path: "/api/admin/users/unknown", body: `{"name":"x"}`, want: 404},
	"DELETE /api/admin/users/{id}":          {path: "/api/admin/users/unknown", want: 404},
	"DELETE /api/admin/users/{id}/sessions": {path: "/api/admin/users/unknown/sessions", want: 404},
	"GET /api/admin/invitations":            {},
	"POST /api/admin/invitations":           {body: `{"role":"member"}`},
	"DELETE /api/admin/invitations/{id}":    {path: "/api/admin/invitations/unknown", want: 404},
	"GET /api/admin/groups":                 {},
	"POST /api/admin/groups":                {body: `{"name":"group"}`},
	"PATCH /api/admin/groups/{id}":          {path: "/api/admin/groups/unknown", body: `{"name":"x"}`, want: 404},
	"DELETE /api/admin/groups/{id}":         {path: "/api/admin/groups/unknown", want: 404},
	"GET /api/docs":                         {}, "GET /api/docs/docs.js": {}, "GET /api/docs/docs.css": {},
	"GET /artifact": {}, "GET /python": {},
	"GET /api/admin/usage": {}, "GET /api/admin/audit": {}, "GET /api/admin/audit/export": {},
	"GET /api/admin/models": {}, "GET /api/admin/health": {}, "GET /api/admin/settings": {},
	"GET /api/admin/pool": {}, "GET /api/admin/upstreams": {},
	"POST /api/admin/pool/unload": {body: `{"model":"unknown"}`, want: 404},
	"PUT /api/admin/settings":     {body: `{"krw_per_hour":10,"default_quota":{},"signup":"invite"}`},

	"GET /api/chats":                        {},
	"POST /api/chats":                       {body: `{}`},
	"GET /api/chats/{id}":                   {path: "/api/chats/{chat}", mine: true},
	"PATCH /api/chats/{id}":                 {path: "/api/chats/{chat}", body: `{"title":"다른 제목"}`, mine: true},
	"DELETE /api/chats/{id}":                {path: "/api/chats/{chat}", mine: true},
	"POST /api/chats/{id}/restore":          {path: "/api/chats/{chat}/restore", mine: true, want: 404}, // it is not deleted
	"GET /api/skills":                       {},
	"POST /api/messages/{id}/consent":       {path: "/api/messages/{answer}/consent", body: `{"call":"none","allow":true}`, mine: true, want: 409}, // nothing is asked
	"POST /api/messages/{id}/result":        {path: "/api/messages/{answer}/result", body: `{"call":"none","text":"1"}`, mine: true, want: 409},    // nothing waits
	"POST /api/chats/{id}/messages":         {path: "/api/chats/{chat}/messages", body: `{"content":"x"}`, mine: true},
	"POST /api/messages/{id}/regenerate":    {path: "/api/messages/{question}/regenerate", body: `{}`, mine: true},
	"POST /api/messages/{id}/continue":      {path: "/api/messages/{answer}/continue", mine: true},
	"POST /api/messages/{id}/stop":          {path: "/api/messages/{answer}/stop", mine: true},
	"DELETE /api/messages/{id}":             {path: "/api/messages/{answer}", mine: true},
	"POST /api/messages/{id}/restore":       {path: "/api/messages/{answer}/restore", mine: true, want: 404},
	"PUT /api/messages/{id}/vote":           {path: "/api/messages/{answer}/vote", body: `{"vote":"up"}`, mine: true},
	"PUT /api/messages/{id}/preference":     {path: "/api/messages/{question}/preference", body: `{"chosen":"tie"}`, mine: true},
	"GET /api/preferences/export":           {},
	"GET /api/messages/{id}/stream":         {path: "/api/messages/{answer}/stream", mine: true},
	"GET /api/events":                       {},
	"GET /api/folders":                      {},
	"POST /api/folders":                     {body: `{"name":"f"}`},
	"PATCH /api/folders/{id}":               {path: "/api/folders/{folder}", body: `{"name":"다른"}`, mine: true},
	"DELETE /api/folders/{id}":              {path: "/api/folders/{folder}", mine: true},
	"GET /api/folders/{id}/files":           {path: "/api/folders/{folder}/files", mine: true},
	"POST /api/folders/{id}/files":          {path: "/api/folders/{folder}/files?name=b.txt", body: "text", mine: true},
	"GET /api/folders/{id}/files/{file}":    {path: "/api/folders/{folder}/files/{file}", mine: true},
	"DELETE /api/folders/{id}/files/{file}": {path: "/api/folders/{folder}/files/{file}", mine: true},
	"GET /api/settings":                     {},
	"PUT /api/settings":                     {body: `{"default_model":"","system":"","tone":"","memory":true,"params":{},"language":"ko"}`},
	"GET /api/prompts":                      {},
	"POST /api/prompts":                     {body: `{"name":"p","text":"t"}`},
	"PATCH /api/prompts/{id}":               {path: "/api/prompts/{prompt}", body: `{"name":"다른"}`, mine: true},
	"DELETE /api/prompts/{id}":              {path: "/api/prompts/{prompt}", mine: true},
	"GET /api/presets":                      {},
	"POST /api/presets":                     {body: `{"name":"p"}`},
	"PATCH /api/presets/{id}":               {path: "/api/presets/{preset}", body: `{"name":"다른"}`, mine: true},
	"DELETE /api/presets/{id}":              {path: "/api/presets/{preset}", mine: true},
	"GET /api/memories":                     {},
	"POST /api/memories":                    {body: `{"text":"t"}`},
	"PATCH /api/memories/{id}":              {path: "/api/memories/{memory}", body: `{"enabled":false}`, mine: true},
	"DELETE /api/memories/{id}":             {path: "/api/memories/{memory}", mine: true},
	"GET /api/chats/{id}/shares":            {path: "/api/chats/{chat}/shares", mine: true},
	"POST /api/chats/{id}/shares":           {path: "/api/chats/{chat}/shares", body: `{}`, mine: true},
	"DELETE /api/shares/{id}":               {path: "/api/shares/{share}", mine: true},
	"GET /api/search":                       {path: "/api/search?q=canary"},
	"GET /api/chats/{id}/export":            {path: "/api/chats/{chat}/export?format=md", mine: true},
	"GET /api/export":                       {},
	"POST /api/import":                      {body: `{"not":"an export"}`, want: anyStatus},
	"GET /api/shared/{token}":               {path: "/api/shared/guessed", want: 404},

	"GET /v1/models": {}, "GET /v1/models/{id...}": {path: "/v1/models/m"},
	"GET /v1/openai/models": {}, "GET /v1/openai/models/{id...}": {path: "/v1/openai/models/m"},
	"POST /v1/chat/completions":        {body: chatBody},
	"POST /v1/openai/chat/completions": {body: chatBody},
	"POST /v1/completions":             {body: `{"model":"m","prompt":"x"}`},
	"POST /v1/embeddings":              {body: `{"model":"m","input":"x"}`, want: anyStatus},
	"POST /v1/openai/embeddings":       {body: `{"model":"m","input":"x"}`, want: anyStatus},
	"POST /v1/responses":               {body: `{"model":"m","input":"x"}`},
	"GET /v1/responses/{id}":           {path: "/v1/responses/{response}", mine: true},
	"DELETE /v1/responses/{id}":        {path: "/v1/responses/{response}", mine: true},
	"POST /v1/messages":                {body: `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}]}`},
	"POST /v1/messages/count_tokens":   {body: `{"model":"m","messages":[{"role":"user","content":"x"}]}`},
	"POST /mcp":                        {body: `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, want: anyStatus}, "GET /mcp": {want: 405}, "DELETE /mcp": {want: 405},
	"POST /tokenize":   {body: `{"model":"m","prompt":"x"}`},
	"POST /detokenize": {body: `{"model":"m","tokens":[1]}`},

	// CLOVA Studio's and Ollama's paths: who may come in matters here, not what
	// they answer.
	"POST /v1/chat-completions/{model}":                {path: "/v1/chat-completions/m", body: `{}`, want: anyStatus},
	"POST /v1/tasks/{model}/chat-completions":          {path: "/v1/tasks/m/chat-completions", body: `{}`, want: anyStatus},
	"POST /v2/tasks/{model}/chat-completions":          {path: "/v2/tasks/m/chat-completions", body: `{}`, want: anyStatus},
	"POST /v3/chat-completions/{model}":                {path: "/v3/chat-completions/m", body: `{}`, want: anyStatus},
	"POST /v3/tasks/{model}/chat-completions":          {path: "/v3/tasks/m/chat-completions", body: `{}`, want: anyStatus},
	"POST /v1/completions/{model}":                     {path: "/v1/completions/m", body: `{}`, want: anyStatus},
	"POST /v1/api-tools/rag-reasoning":                 {body: `{}`, want: anyStatus},
	"POST /v1/api-tools/embedding/{model}":             {path: "/v1/api-tools/embedding/m", body: `{}`, want: anyStatus},
	"POST /v1/api-tools/embedding/v2/tokenize":         {body: `{}`, want: anyStatus},
	"POST /v1/api-tools/tokenize/{model}":              {path: "/v1/api-tools/tokenize/m", body: `{}`, want: anyStatus},
	"POST /v1/api-tools/chat-tokenize/{model}":         {path: "/v1/api-tools/chat-tokenize/m", body: `{}`, want: anyStatus},
	"POST /v3/api-tools/chat-tokenize/{model}":         {path: "/v3/api-tools/chat-tokenize/m", body: `{}`, want: anyStatus},
	"POST /v1/api-tools/sliding/chat-messages/{model}": {path: "/v1/api-tools/sliding/chat-messages/m", body: `{}`, want: anyStatus},
	"POST /v1/api-tools/segmentation":                  {body: `{}`, want: anyStatus},
	"POST /v1/api-tools/summarization/v2":              {body: `{}`, want: anyStatus},
	"POST /v1/api-tools/reranker":                      {body: `{}`, want: anyStatus},
	"POST /api/chat":                                   {body: `{"model":"m","stream":false,"messages":[{"role":"user","content":"x"}]}`},
	"POST /api/generate":                               {body: `{"model":"m","stream":false,"prompt":"x"}`},
	"POST /api/embed":                                  {body: `{"model":"m","input":"x"}`, want: anyStatus},
	"POST /api/embeddings":                             {body: `{"model":"m","prompt":"x"}`, want: anyStatus},
	"POST /api/show":                                   {body: `{"model":"m"}`},
	"POST /api/pull":                                   {body: `{"model":"m","stream":false}`, want: 403},
	"GET /api/tags":                                    {}, "GET /api/ps": {},
	"/tuning/": {path: "/tuning/v2/tasks", want: 404}, "/v1/routers/": {path: "/v1/routers/x", want: 404}, "/v1/skillsets/": {path: "/v1/skillsets/x", want: 404},
	"/v1/": {path: "/v1/nothing", want: 404}, "/v2/": {path: "/v2/nothing", want: 404}, "/v3/": {path: "/v3/nothing", want: 404},
	"/api/": {path: "/api/nothing", want: 404}, "/": {path: "/c/some", want: 200},
}

const (
	chatBody  = `{"model":"m","messages":[{"role":"user","content":"x"}]}`
	anyStatus = -1 // any but 401, 403 and 5xx
)

// cast are those who try a route.
type cast struct {
	owner, other, admin, reader, revoked, disabled, nobody actor
	ownerChats, ownerModels, otherAll, adminModels         actor
	forged, basic                                          actor
}

func newCast(t *testing.T, r *rig) cast {
	t.Helper()
	c := cast{admin: r.setUp(), nobody: r.nobody()}
	c.owner = r.person(c.admin, "owner", "member")
	c.other = r.person(c.admin, "other", "member")
	c.reader = r.person(c.admin, "reader", "reader")
	c.revoked = r.person(c.admin, "revoked", "member")
	c.disabled = r.person(c.admin, "disabled", "member")
	c.ownerChats, c.ownerModels = c.owner.keyOf("chats"), c.owner.keyOf("models")
	c.otherAll, c.adminModels = c.other.keyOf("chats", "models"), c.admin.keyOf("models")
	c.revoked.ok("DELETE", "/api/sessions", "")
	c.admin.ok("PATCH", "/api/admin/users/"+c.disabled.id, `{"disabled":true}`)
	c.forged = actor{r: r, name: "forged key", key: c.ownerChats.key[:len(c.ownerChats.key)-1] + "0"}
	c.basic = actor{r: r, name: "owner with a wrong key beside the cookie", cookie: c.owner.cookie, key: "sk-wrong"}
	return c
}

// fill puts ids into a path.
func (x things) fill(text string) string {
	for kind, id := range x {
		text = strings.ReplaceAll(text, "{"+kind+"}", id)
	}
	return text
}

// One site serves all of these: accounts are slow to make, on purpose.
func TestWhatBelongsToWhom(t *testing.T) {
	r := newRig(t, nil)
	c := newCast(t, r)
	t.Run("shared link", func(t *testing.T) { sharedLink(t, r, c) })
	t.Run("lists", func(t *testing.T) { listsShowOnlyOnesOwn(t, r, c) })
	t.Run("every route as everybody", func(t *testing.T) { everyRouteAsEverybody(t, r, c) })
}

func everyRouteAsEverybody(t *testing.T, r *rig, c cast) {
	seen := map[string]bool{}
	for _, route := range r.site.Server.Table() {
		seen[route.Pattern] = true
		spec, ok := tries[route.Pattern]
		if !ok {
			t.Errorf("%s has no line in the matrix", route.Pattern)
			continue
		}
		t.Run(route.Pattern, func(t *testing.T) { matrixRow(t, r, c, route, spec) })
		c.owner.cookie = r.signInAgain(c.owner) // some routes end the session
	}
	for pattern := range tries {
		if !seen[pattern] && pattern != "GET /" {
			t.Errorf("%s is in the matrix and is no route", pattern)
		}
	}
}

// signInAgain keeps a session that still works: sign-ins are limited.
func (r *rig) signInAgain(a actor) string {
	if a.do("GET", "/api/me", "").status == 200 {
		return a.cookie
	}
	return r.signIn(a.name)
}

func matrixRow(t *testing.T, r *rig, c cast, route door.Route, spec try) {
	method, path, some := strings.Cut(route.Pattern, " ")
	if !some {
		method, path = "GET", route.Pattern
	}
	if spec.path != "" {
		path = spec.path
	}
	x := things{}
	if spec.mine {
		x = own(t, c.owner)
	}
	path = x.fill(path)
	before := c.state(x)
	check := func(a actor, want int) {
		t.Helper()
		got := a.do(method, path, spec.body)
		if got.status == want || want == anyStatus && got.status != 401 && got.status != 403 && got.status < 500 {
			if a.id != c.owner.id && strings.Contains(got.body, secret) {
				t.Errorf("%s as %s shows what belongs to the owner: %s", route.Pattern, a.name, got.body)
			}
			return
		}
		t.Errorf("%s as %s: %d, want %d (%s)", route.Pattern, a.name, got.status, want, strings.TrimSpace(got.body))
	}
	for _, e := range c.expectations(route.Access, spec) {
		check(e.actor, e.status)
	}
	if after := c.state(x); before != after {
		t.Errorf("%s: others have changed what belongs to the owner:\n%s\n%s", route.Pattern, before, after)
	}
	if owner := c.inCharge(route.Access); owner.name != "" {
		check(owner, success(method, spec))
	}
}

func success(method string, spec try) int {
	switch {
	case spec.want != 0:
		return spec.want
	case method == "DELETE", strings.HasSuffix(spec.path, "/stop"), strings.HasSuffix(spec.path, "/vote"), strings.HasSuffix(spec.path, "/preference"):
		if strings.HasPrefix(spec.path, "/v1/") {
			return 200
		}
		return 204
	}
	return 200
}

// state is all that the owner has, as text that others must not change.
func (c cast) state(x things) string {
	if len(x) == 0 {
		return ""
	}
	var b strings.Builder
	for _, path := range []string{"/api/chats/{chat}", "/api/chats/{chat}/shares", "/api/folders", "/api/search?q=canary", "/api/folders/{folder}/files", "/api/prompts", "/api/presets", "/api/memories"} {
		b.WriteString(c.owner.do("GET", x.fill(path), "").body)
	}
	return b.String()
}

// expectation is what somebody gets.
type expectation struct {
	actor  actor
	status int
}

// inCharge is who may use a route for its purpose.
func (c cast) inCharge(a door.Access) actor {
	if a == door.Admin {
		return c.admin
	}
	return c.owner
}

// expectations are what everybody but who is in charge gets. It is the rule in
// words: the route says what it asks, the rest follows.
func (c cast) expectations(a door.Access, spec try) []expectation {
	if a == door.Open || a == door.Known {
		return []expectation{{c.nobody, success("GET", try{want: spec.want})}}
	}
	list := []expectation{
		{c.nobody, 401}, {c.revoked, 401}, {c.disabled, 401}, {c.forged, 401}, {c.basic, 401},
	}
	foreign := func(status int, actors ...actor) {
		for _, one := range actors {
			list = append(list, expectation{one, status})
		}
	}
	switch a {
	case door.Admin:
		foreign(403, c.owner, c.other, c.reader, c.ownerChats, c.ownerModels, c.otherAll, c.adminModels)
	case door.Personal:
		foreign(403, c.ownerChats, c.ownerModels, c.otherAll, c.adminModels)
	case door.Chats, door.Writes:
		foreign(403, c.ownerModels, c.adminModels)
		if a == door.Writes {
			foreign(403, c.reader)
		}
	case door.Models:
		foreign(403, c.ownerChats)
	}
	if !spec.mine {
		return list
	}
	switch a {
	case door.Personal:
		foreign(404, c.other, c.admin, c.reader)
	case door.Chats:
		foreign(404, c.other, c.admin, c.reader, c.otherAll)
	case door.Writes:
		foreign(404, c.other, c.admin, c.otherAll)
	case door.Models:
		foreign(404, c.other, c.admin, c.otherAll, c.adminModels)
	}
	return list
}

// Lists of others are empty of what the owner has, whoever asks.
func listsShowOnlyOnesOwn(t *testing.T, r *rig, c cast) {
	x := own(t, c.owner)
	for _, route := range r.site.Server.Table() {
		if !strings.HasPrefix(route.Pattern, "GET /api/") || strings.Contains(route.Pattern, "{") || route.Lasting {
			continue
		}
		path := strings.TrimPrefix(route.Pattern, "GET ")
		for _, a := range []actor{c.other, c.admin, c.reader, c.otherAll} {
			got := a.do("GET", path, "")
			if strings.Contains(got.body, secret) || strings.Contains(got.body, x["chat"]) && path != "/api/admin/audit" && path != "/api/admin/audit/export" {
				t.Errorf("GET %s as %s shows the owner's: %s", path, a.name, got.body)
			}
		}
	}
	if got := c.owner.do("GET", "/api/chats", ""); !strings.Contains(got.body, secret) {
		t.Errorf("the owner does not see the chat: %s", got.body)
	}
}

// A link opens for anybody and closes for everybody.
func sharedLink(t *testing.T, r *rig, c cast) {
	x := own(t, c.owner)
	get := func(token string) answer { return c.nobody.do("GET", "/api/shared/"+token, "") }
	if got := get(x["token"]); got.status != 200 || !strings.Contains(got.body, secret) {
		t.Errorf("the link shows %d %s", got.status, got.body)
	}
	if got := get(x["token"][:len(x["token"])-1] + "x"); got.status != 404 {
		t.Errorf("a token one letter off: %d", got.status)
	}
	if got := get(x["share"]); got.status != 404 {
		t.Errorf("the id of a link opens it: %d", got.status)
	}
	soon := time.Now().Add(time.Hour).UnixMilli()
	short := c.owner.ok("POST", "/api/chats/"+x["chat"]+"/shares", fmt.Sprintf(`{"expires":%d}`, soon))["token"].(string)
	if got := get(short); got.status != 200 {
		t.Errorf("a link that expires in an hour: %d", got.status)
	}
	r.skew.Store(int64(2 * time.Hour))
	if got := get(short); got.status != 404 {
		t.Errorf("an expired link: %d", got.status)
	}
	c.owner.ok("DELETE", "/api/shares/"+x["share"], "")
	if got := get(x["token"]); got.status != 404 {
		t.Errorf("a revoked link: %d", got.status)
	}
	var log struct{ Entries []struct{ Action string } }
	json.Unmarshal([]byte(c.admin.do("GET", "/api/admin/audit?action=chat.", "").body), &log)
	if len(log.Entries) != 3 { // two links made, one revoked
		t.Errorf("the audit log has %+v", log.Entries)
	}
}
