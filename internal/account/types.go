package account

import (
	"net/netip"
	"time"
)

// User is a person's account as it is shown; the hash of the password is not
// part of it.
type User struct {
	ID       UserID
	Login    string // normalised, see NormaliseLogin
	Name     string
	Email    string
	Role     Role
	Disabled bool
	Groups   []GroupRef
	External string // "" with a password here, else "oidc:PROVIDER" or "ldap"
	Created  time.Time
	Seen     time.Time // zero if never
	Quota    Quota
}

// GroupRef names a group where only its name is needed.
type GroupRef struct {
	ID   string
	Name string
}

// Quota limits what is spent on one day (midnight to midnight in Seoul). In
// each field 0 means that nothing is said here, so that the next wider rule
// counts (user, strictest group, site), and Unlimited that nothing limits.
type Quota struct {
	TokensPerDay   int64
	RequestsPerDay int64
}

// Unlimited in a field of a Quota lifts the limits of groups and site.
const Unlimited = -1

// NewUser is an account to be made. An empty Password makes one that can only
// be entered through a directory or after an admin has set a password.
type NewUser struct {
	Login    string
	Name     string // the login if empty
	Email    string
	Role     Role
	Groups   []string
	Password string
}

// UserChange is what an admin changes of a user; nil leaves a field as it is.
type UserChange struct {
	Name     *string
	Email    *string
	Role     *Role
	Disabled *bool
	Groups   *[]string // ids
	Quota    *Quota
	Password *string
}

// SelfChange is what users change of themselves. A new Password needs the
// current one and ends all other sessions.
type SelfChange struct {
	Name            *string
	Email           *string
	CurrentPassword string
	Password        *string
}

// Client is where a sign-in comes from.
type Client struct {
	Address netip.Addr
	Agent   string // the browser's User-Agent, cut to MaxAgent bytes
}

// Session is one signed-in browser or app.
type Session struct {
	ID      string
	User    UserID
	Created time.Time
	Seen    time.Time // at most a minute old while in use
	Expires time.Time // after this no use keeps it alive
	Address string
	Agent   string
	Current bool // the session that asked
}

// Key is an API key as it is listed; the secret is shown once, when it is made.
type Key struct {
	ID      string
	User    UserID
	Name    string
	Prefix  string // the first characters, so that people recognise it
	Scopes  []Scope
	Created time.Time
	Expires time.Time // zero: never
	Seen    time.Time // zero: not yet used
}

// NewKey is an API key to be made.
type NewKey struct {
	Name    string
	Scopes  []Scope
	Expires time.Time // zero: never
}

// Group is a set of users with a common quota.
type Group struct {
	ID      string
	Name    string
	Quota   Quota
	Members int
	Created time.Time
}

// GroupChange changes a group; nil leaves a field as it is.
type GroupChange struct {
	Name  *string
	Quota *Quota
}

// Invitation lets whoever holds its token make one account.
type Invitation struct {
	ID      string
	Role    Role
	Name    string
	Email   string
	Groups  []string // ids
	By      UserID
	Created time.Time
	Expires time.Time
	Used    time.Time // zero: still open
	User    UserID    // who came of it
}

// NewInvitation is an invitation to be made.
type NewInvitation struct {
	Role    Role
	Name    string
	Email   string
	Groups  []string
	Expires time.Time // zero: InvitationLife from now
}

// External is a person as a directory or an identity provider vouches for
// them. Provider and Subject together never change; everything else may.
type External struct {
	Provider string // "oidc:NAME" or "ldap"
	Subject  string
	Login    string // a wish; made free of conflicts
	Name     string
	Email    string
	Groups   []string // names; nil leaves the memberships as they are
	Role     Role     // "" leaves the role as it is, Member for a new account
	Create   bool     // whether an account may be made on the first sign-in
}

// Spend is what one request used.
type Spend struct {
	Model            string
	PromptTokens     int64 // CachedTokens included
	CompletionTokens int64
	CachedTokens     int64
	Busy             time.Duration // of the machine, for this request
	UpstreamKRW      float64       // what another provider charges, instead of Busy
}

// Usage is what was spent over some days.
type Usage struct {
	Days   []DayUsage // oldest first; days without use are left out
	Models []ModelUsage
	Users  []UserUsage // of the whole site, else nil
	Quota  QuotaState  // of who asks
}

// Sum adds up requests.
type Sum struct {
	Requests         int64
	PromptTokens     int64
	CachedTokens     int64
	CompletionTokens int64
	CostKRW          float64
}

// DayUsage is what was spent on one day, "2026-11-24" in Seoul.
type DayUsage struct {
	Day string
	Sum
}

// ModelUsage is what was spent on one model.
type ModelUsage struct {
	Model string
	Sum
}

// UserUsage is what one user spent.
type UserUsage struct {
	ID   UserID
	Name string
	Sum
}

// QuotaState is the quota that counts for a user (0: none) and what is used.
type QuotaState struct {
	TokensPerDay   int64
	RequestsPerDay int64
	TokensToday    int64
	RequestsToday  int64
}

// Site is what admins decide for everybody.
type Site struct {
	KRWPerHour   float64 // what an hour of this machine costs
	DefaultQuota Quota
	SignUp       string // SignUpInvite or SignUpClosed
	Filter       TextFilter
}

// TextFilter is how strictly texts are filtered, by group: FilterOff, FilterLow,
// FilterStrict, or "" while nobody has decided.
type TextFilter struct {
	Profanity string
	Hate      string
	Sexual    string
	Judge     bool // a model judges too
}

// Levels of the text filter.
const (
	FilterOff    = "off"
	FilterLow    = "low"
	FilterStrict = "strict"
)

// Or puts level where nobody has decided.
func (f TextFilter) Or(level string) TextFilter {
	for _, l := range []*string{&f.Profanity, &f.Hate, &f.Sexual} {
		if *l == "" {
			*l = level
		}
	}
	return f
}

// How new people come in.
const (
	SignUpInvite = "invite" // with an invitation, or an admin makes the account
	SignUpClosed = "closed" // an admin makes the account
)

// Entry is one line of the audit log.
type Entry struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Actor     UserID    `json:"actor"`
	ActorName string    `json:"actor_name"`
	Action    string    `json:"action"`
	Target    string    `json:"target,omitempty"`
	Address   string    `json:"address,omitempty"`
	Detail    string    `json:"detail,omitempty"`
}

// Actions of the audit log. Other rooms add theirs through Note.
const (
	ActSetUp            = "site.set_up"
	ActSettings         = "site.settings"
	ActSignIn           = "session.sign_in"
	ActSignInFailed     = "session.sign_in_failed"
	ActSignOut          = "session.sign_out"
	ActSessionsEnded    = "session.end"
	ActUserCreated      = "user.create"
	ActUserChanged      = "user.change"
	ActUserDeleted      = "user.delete"
	ActPassword         = "user.password"
	ActGroupCreated     = "group.create"
	ActGroupChanged     = "group.change"
	ActGroupDeleted     = "group.delete"
	ActInvited          = "invitation.create"
	ActInvitationGone   = "invitation.delete"
	ActInvitationUsed   = "invitation.use"
	ActKeyCreated       = "key.create"
	ActKeyDeleted       = "key.delete"
	ActAuditExported    = "audit.export"
	ActDataExported     = "data.export"
	ActShared           = "chat.share"
	ActShareRevoked     = "chat.unshare"
	ActExternalRejected = "session.external_rejected"
)

// EntryFilter chooses entries of the audit log, newest first.
type EntryFilter struct {
	Action string // exact, or a prefix that ends with a dot: "session."
	User   UserID // as actor
	Before int64  // only entries with a smaller id; 0: from the newest
	Limit  int    // 1 to MaxPage; 0: MaxPage
}
