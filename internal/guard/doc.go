// Package guard makes HTTP requests to addresses that a user, a document or a
// model named, without letting them reach what only this machine or this
// network can reach: the classic server-side request forgery. The check happens
// where the socket is opened, on the address the socket will really have, so
// no spelling of an address, no name server and no redirect gets around it.
//
// It refuses to know what is fetched and why. Servers that the administrator
// configured (upstreams, object storage, sign-in) are not its business: they
// are trusted and often private. NewClient is the call most readers want, Fetch
// the second. Both are safe for concurrent use.
package guard
