package account

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"malmoi/internal/bus"
)

// Options is what a Service needs to know of its surroundings.
type Options struct {
	Now       func() time.Time // time.Now if nil
	Log       *slog.Logger     // nothing is logged if nil
	Directory Directory        // asked for logins that have no password here; may be nil
}

// Directory knows people who are kept elsewhere, such as in LDAP.
type Directory interface {
	// SignIn must return an error wrapping ErrCredentials if login and
	// password do not belong together or the login is unknown, and one
	// wrapping ErrUnavailable if the directory cannot be asked.
	SignIn(ctx context.Context, login, password string) (External, error)
}

// Service is all that concerns people and access. It is safe for concurrent
// use; Close ends its goroutine.
type Service struct {
	store Store
	bus   bus.Bus
	opt   Options
}

// NewService returns a service on store.
func NewService(store Store, b bus.Bus, opt Options) *Service {
	return &Service{store: store, bus: b, opt: opt}
}

// Close stops listening to the bus.
func (s *Service) Close() error { return nil }

// Run forgets what has expired and looks for credentials that ended without
// this process hearing of it, until ctx ends.
func (s *Service) Run(ctx context.Context) { <-ctx.Done() }

// NeedsSetUp reports whether no account exists yet.
func (s *Service) NeedsSetUp(ctx context.Context) (bool, error) { return false, errLater }

// SetUp makes the first account, an admin, and signs it in. It returns an error
// wrapping ErrConflict if there is an account already. The caller makes sure
// that the visitor sits at this machine.
func (s *Service) SetUp(ctx context.Context, n NewUser, c Client) (token string, p Principal, err error) {
	return "", Principal{}, errLater
}

// EnsureLocal makes the row of personal mode's one user, if it is not there, and
// returns its principal, which has every scope.
func (s *Service) EnsureLocal(ctx context.Context) (Principal, error) {
	return Principal{}, errLater
}

// EnsureStatic makes the row of Static, if it is not there, and returns its
// principal, which has ScopeModels only.
func (s *Service) EnsureStatic(ctx context.Context) (Principal, error) {
	return Principal{}, errLater
}

// SignIn checks a password and begins a session. It returns ErrCredentials,
// ErrBusy, ErrUnavailable or a *RateError.
func (s *Service) SignIn(ctx context.Context, login, password string, c Client) (token string, p Principal, err error) {
	return "", Principal{}, errLater
}

// SignInExternal begins a session for somebody an identity provider vouches
// for. It returns an error wrapping ErrForbidden if the person has no account
// and none may be made, or if it is disabled.
func (s *Service) SignInExternal(ctx context.Context, x External, c Client) (token string, p Principal, err error) {
	return "", Principal{}, errLater
}

// SignOut ends the session of p.
func (s *Service) SignOut(ctx context.Context, p Principal) error { return errLater }

// Authenticate finds out who holds a token, which is that of a session or an
// API key. It returns ErrNotSignedIn for everything else. What it says is at
// most AuthCache old.
func (s *Service) Authenticate(ctx context.Context, token string, from netip.Addr) (Principal, error) {
	return Principal{}, errLater
}

// Watch returns a channel that is closed when the credential of p ends: signed
// out, revoked, expired, its user disabled, deleted, or given another role.
// Watching stops when ctx ends.
func (s *Service) Watch(ctx context.Context, p Principal) <-chan struct{} {
	return make(chan struct{})
}

// Sessions lists the sessions of p's user, newest first.
func (s *Service) Sessions(ctx context.Context, p Principal) ([]Session, error) {
	return nil, errLater
}

// EndSession ends one session of p's user.
func (s *Service) EndSession(ctx context.Context, p Principal, id string) error { return errLater }

// EndAllSessions ends every session of p's user, also p's own.
func (s *Service) EndAllSessions(ctx context.Context, p Principal) error { return errLater }

// Me returns p's user.
func (s *Service) Me(ctx context.Context, p Principal) (User, error) { return User{}, errLater }

// ChangeMe changes p's user. A wrong current password is ErrCredentials.
func (s *Service) ChangeMe(ctx context.Context, p Principal, c SelfChange) (User, error) {
	return User{}, errLater
}

// Users lists everybody, for admins.
func (s *Service) Users(ctx context.Context, p Principal) ([]User, error) { return nil, errLater }

// User returns one user, for admins.
func (s *Service) User(ctx context.Context, p Principal, id UserID) (User, error) {
	return User{}, errLater
}

// CreateUser makes an account, for admins.
func (s *Service) CreateUser(ctx context.Context, p Principal, n NewUser) (User, error) {
	return User{}, errLater
}

// ChangeUser changes an account, for admins. Disabling, another role and a new
// password end all sessions of the user; disabling and another role close
// streams of API keys too.
func (s *Service) ChangeUser(ctx context.Context, p Principal, id UserID, c UserChange) (User, error) {
	return User{}, errLater
}

// DeleteUser removes an account and all that belongs to it, for admins.
func (s *Service) DeleteUser(ctx context.Context, p Principal, id UserID) error { return errLater }

// EndSessionsOf ends every session of a user, for admins.
func (s *Service) EndSessionsOf(ctx context.Context, p Principal, id UserID) error { return errLater }

// Groups lists the groups, for admins.
func (s *Service) Groups(ctx context.Context, p Principal) ([]Group, error) { return nil, errLater }

// CreateGroup makes a group, for admins.
func (s *Service) CreateGroup(ctx context.Context, p Principal, name string, q Quota) (Group, error) {
	return Group{}, errLater
}

// ChangeGroup changes a group, for admins.
func (s *Service) ChangeGroup(ctx context.Context, p Principal, id string, c GroupChange) (Group, error) {
	return Group{}, errLater
}

// DeleteGroup removes a group; its members stay.
func (s *Service) DeleteGroup(ctx context.Context, p Principal, id string) error { return errLater }

// Invite makes an invitation and returns its token, which is shown only now;
// for admins.
func (s *Service) Invite(ctx context.Context, p Principal, n NewInvitation) (Invitation, string, error) {
	return Invitation{}, "", errLater
}

// Invitations lists the invitations, newest first, for admins.
func (s *Service) Invitations(ctx context.Context, p Principal) ([]Invitation, error) {
	return nil, errLater
}

// DeleteInvitation takes an invitation back, for admins.
func (s *Service) DeleteInvitation(ctx context.Context, p Principal, id string) error {
	return errLater
}

// Invitation returns an open invitation; ErrNotFound if the token is wrong, used
// or expired. Anybody may ask; a *RateError stops those who guess.
func (s *Service) Invitation(ctx context.Context, token string, c Client) (Invitation, error) {
	return Invitation{}, errLater
}

// AcceptInvitation makes the invited account and signs it in. Of n, the login,
// name, email and password count.
func (s *Service) AcceptInvitation(ctx context.Context, token string, n NewUser, c Client) (string, Principal, error) {
	return "", Principal{}, errLater
}

// Keys lists the API keys of p's user.
func (s *Service) Keys(ctx context.Context, p Principal) ([]Key, error) { return nil, errLater }

// CreateKey makes an API key and returns it in full, which is shown only now.
func (s *Service) CreateKey(ctx context.Context, p Principal, n NewKey) (Key, string, error) {
	return Key{}, "", errLater
}

// DeleteKey revokes an API key of p's user.
func (s *Service) DeleteKey(ctx context.Context, p Principal, id string) error { return errLater }

// Admit returns a *QuotaError if p's user may not begin another request today.
// Otherwise a request is reserved until Record is called, once for each Admit.
func (s *Service) Admit(ctx context.Context, p Principal) error { return errLater }

// Record writes what a request used into the ledger. A Spend without tokens and
// cost only gives the reservation back.
func (s *Service) Record(ctx context.Context, p Principal, spend Spend) error { return errLater }

// Usage returns what p's user spent in the last days, today included.
func (s *Service) Usage(ctx context.Context, p Principal, days int) (Usage, error) {
	return Usage{}, errLater
}

// SiteUsage returns what everybody spent, for admins.
func (s *Service) SiteUsage(ctx context.Context, p Principal, days int) (Usage, error) {
	return Usage{}, errLater
}

// Note writes an entry for p into the audit log.
func (s *Service) Note(ctx context.Context, p Principal, action, target, detail string) error {
	return errLater
}

// Entries returns a page of the audit log, newest first, for admins.
func (s *Service) Entries(ctx context.Context, p Principal, f EntryFilter) ([]Entry, error) {
	return nil, errLater
}

// ExportEntries writes the audit log as JSON lines, oldest last, for admins.
// The export itself becomes an entry first.
func (s *Service) ExportEntries(ctx context.Context, p Principal, w io.Writer) error {
	return errLater
}

// Site returns the settings of the site, for admins.
func (s *Service) Site(ctx context.Context, p Principal) (Site, error) { return Site{}, errLater }

// SetSite changes the settings of the site, for admins.
func (s *Service) SetSite(ctx context.Context, p Principal, site Site) (Site, error) {
	return Site{}, errLater
}
