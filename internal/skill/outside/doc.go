// Package outside puts together the skills that reach beyond this machine, as
// the administrator's file skills.json says: the web, services described with
// OpenAPI, and tool servers. Without the file there are none.
//
// Secrets in the file are sealed when it is first read, each for the address
// that it is sent to. The package refuses to know who uses the skills and when
// a person must agree. Open is the call most readers want. A Provider is safe
// for concurrent use.
package outside
