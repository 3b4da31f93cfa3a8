package account

import (
	"errors"
	"time"
)

// errLater stands where a method is still to be written.
var errLater = errors.New("account: not written yet")

// Limits of the service.
const (
	MaxAgent       = 200                 // bytes kept of a User-Agent
	MaxName        = 100                 // characters of names of people, groups, keys
	MaxEmail       = 254                 // bytes (RFC 5321 §4.5.3.1.3, less the brackets)
	MaxPage        = 200                 // entries of the audit log at once
	MaxKeys        = 50                  // API keys of one user
	MaxSessions    = 50                  // sessions of one user; the oldest ends
	MaxUsageDays   = 400                 // days of a usage report
	SessionIdle    = 14 * 24 * time.Hour // a session unused for so long ends
	SessionLife    = 90 * 24 * time.Hour // and after so long in any case
	InvitationLife = 7 * 24 * time.Hour  // if nothing else is said
	AuthCache      = time.Second         // how old an answer of Authenticate may be
	SeenEvery      = time.Minute         // how often last use is written
)
