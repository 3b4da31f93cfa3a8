package account

import (
	"net/netip"
	"slices"
)

// UserID names a person. It is random and never used again.
type UserID string

// Two users who are not people with a login of their own.
const (
	// Local is the one user of personal mode: whoever sits at this machine.
	Local UserID = "local"
	// Static holds the keys that the server was started with (--api-key).
	Static UserID = "static"
)

// Role says what a user may do.
type Role string

// The roles. A reader sees what is theirs or shared with them and changes
// nothing; a member works; an admin also manages people and the site, but
// does not see their conversations.
const (
	Admin  Role = "admin"
	Member Role = "member"
	Reader Role = "reader"
)

// Scope is one thing that an API key may be used for. A session in the
// browser has all of them.
type Scope string

// The scopes.
const (
	ScopeModels Scope = "models" // the model APIs under /v1
	ScopeChats  Scope = "chats"  // one's own conversations
	ScopeAdmin  Scope = "admin"  // managing the site, if the user is an admin
)

// Principal is who a request acts for, as found out by Authenticate. It is
// passed to every method that reads or changes what belongs to somebody.
type Principal struct {
	User    UserID
	Name    string
	Role    Role
	Session string // id of the session, "" when a key was used
	Key     string // id of the API key, "" when a session was used
	Scopes  []Scope
	Address netip.Addr // where the request came from
}

// Can reports whether the credential covers a scope. ScopeAdmin also needs the
// role.
func (p Principal) Can(s Scope) bool {
	if s == ScopeAdmin && p.Role != Admin {
		return false
	}
	return slices.Contains(p.Scopes, s)
}

// Writes reports whether the user may change anything.
func (p Principal) Writes() bool { return p.Role == Admin || p.Role == Member }
