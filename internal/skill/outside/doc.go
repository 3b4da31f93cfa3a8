// Package outside puts together the skills that reach beyond this machine, as
// the administrator's file skills.json says: the web, services described with
// OpenAPI, and tool servers. Without the file there are none.
//
// Secrets in the file are sealed when it is first read, each for the address
// that it is sent to. The package refuses to know who uses the skills and when
// a person must agree. OpenLive is the call most readers want: it follows the
// file. All and Find are for who asks once. A Live is safe for concurrent use.
package outside
