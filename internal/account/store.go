package account

import (
	"context"
	"time"
)

// Store keeps the rows. Every method must return an error wrapping ErrNotFound
// if what it names is not there (or does not belong to the owner it is given),
// and one wrapping ErrConflict if a unique name is taken. What changes
// something takes the Entry that says so and writes both in one transaction;
// the entry's ID is given by the store.
type Store interface {
	UserStore
	SessionStore
	KeyStore
	GroupStore
	InvitationStore
	LedgerStore
	SiteStore
}

// UserRow is a user with what only sign-in may see.
type UserRow struct {
	User
	Hash    string // PHC string; "" without a password
	Subject string // at External's provider
}

// UserPatch changes a row of users; nil leaves a field as it is.
type UserPatch struct {
	Name     *string
	Email    *string
	Role     *Role
	Disabled *bool
	Groups   *[]string // ids
	Quota    *Quota
	Hash     *string

	EndSessions bool   // in the same transaction
	KeepSession string // but this one
}

// UserStore keeps users. Local and Static are rows too, and are left out of
// Users and CountUsers.
type UserStore interface {
	CountUsers(ctx context.Context) (int, error)
	// AddUser adds a row; with first, it must return an error wrapping
	// ErrConflict if any user exists.
	AddUser(ctx context.Context, u UserRow, first bool, e Entry) error
	// EnsureUser adds u if its id is unknown, without an entry.
	EnsureUser(ctx context.Context, u UserRow) error
	UserByID(ctx context.Context, id UserID) (UserRow, error)
	UserByLogin(ctx context.Context, login string) (UserRow, error)
	UserBySubject(ctx context.Context, provider, subject string) (UserRow, error)
	// Users lists by login.
	Users(ctx context.Context) ([]User, error)
	// PatchUser must return an error wrapping ErrLastAdmin, and change
	// nothing, if no enabled admin would be left.
	PatchUser(ctx context.Context, id UserID, p UserPatch, e Entry) error
	// DeleteUser removes the user and all that hangs on them, and keeps ledger
	// and audit log. ErrLastAdmin as in PatchUser.
	DeleteUser(ctx context.Context, id UserID, e Entry) error
	// SetHash replaces the hash old, if it is still that.
	SetHash(ctx context.Context, id UserID, old, hash string) error
}

// SessionStore keeps sessions by the SHA-256 of their token.
type SessionStore interface {
	// AddSession also counts as a use by the user, and ends the user's oldest
	// sessions beyond MaxSessions.
	AddSession(ctx context.Context, s Session, hash []byte, e Entry) error
	SessionByHash(ctx context.Context, hash []byte) (Session, UserRow, error)
	Sessions(ctx context.Context, owner UserID) ([]Session, error)
	// TouchSession writes the last use of the session and of its user.
	TouchSession(ctx context.Context, owner UserID, id string, seen time.Time) error
	EndSession(ctx context.Context, owner UserID, id string, e Entry) error
	// EndSessions ends all of owner's, except the one with id keep ("": none).
	EndSessions(ctx context.Context, owner UserID, keep string, e Entry) error
	// PurgeSessions forgets those that expired before now or were last seen
	// before idle.
	PurgeSessions(ctx context.Context, now, idle time.Time) (int64, error)
}

// KeyStore keeps API keys by the SHA-256 of the whole key.
type KeyStore interface {
	// AddKey must return an error wrapping ErrConflict beyond MaxKeys.
	AddKey(ctx context.Context, k Key, hash []byte, e Entry) error
	KeyByHash(ctx context.Context, hash []byte) (Key, UserRow, error)
	Keys(ctx context.Context, owner UserID) ([]Key, error)
	// TouchKey writes the last use of the key and of its user.
	TouchKey(ctx context.Context, owner UserID, id string, seen time.Time) error
	DeleteKey(ctx context.Context, owner UserID, id string, e Entry) error
}

// GroupStore keeps groups.
type GroupStore interface {
	AddGroup(ctx context.Context, g Group, e Entry) error
	Groups(ctx context.Context) ([]Group, error)
	PatchGroup(ctx context.Context, id string, c GroupChange, e Entry) error
	DeleteGroup(ctx context.Context, id string, e Entry) error
	// GroupQuotas returns the quotas of the groups that id is in.
	GroupQuotas(ctx context.Context, id UserID) ([]Quota, error)
}

// InvitationStore keeps invitations by the SHA-256 of their token.
type InvitationStore interface {
	AddInvitation(ctx context.Context, i Invitation, hash []byte, e Entry) error
	Invitations(ctx context.Context) ([]Invitation, error)
	InvitationByHash(ctx context.Context, hash []byte) (Invitation, error)
	// UseInvitation adds u and marks the invitation used, both or neither;
	// ErrNotFound if it was used or has expired at now.
	UseInvitation(ctx context.Context, hash []byte, now time.Time, u UserRow, e Entry) error
	DeleteInvitation(ctx context.Context, id string, e Entry) error
}

// LedgerStore adds up what is spent, one row per day, user and model.
type LedgerStore interface {
	AddSpend(ctx context.Context, day string, user UserID, model string, s Sum) error
	// Spent is the sum of one day over all models.
	Spent(ctx context.Context, day string, user UserID) (Sum, error)
	// UsageOf returns days from first to last; user "" means everybody, and
	// then the users are filled in.
	UsageOf(ctx context.Context, user UserID, first, last string) (Usage, error)
}

// SiteStore keeps the settings and the audit log. The log has no method that
// changes or removes an entry, and the database refuses to.
type SiteStore interface {
	Site(ctx context.Context) (Site, error)
	SetSite(ctx context.Context, s Site, e Entry) error
	AddEntry(ctx context.Context, e Entry) error
	Entries(ctx context.Context, f EntryFilter) ([]Entry, error)
}
