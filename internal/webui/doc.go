// Package webui serves the page: the files that web/ builds, embedded in the
// binary. It knows file names, encodings and cache headers; it refuses to know
// what the page does or which API it talks to.
//
// [Handler] is all that a server needs. The handler is immutable after it is
// made and safe for concurrent use. A binary built before the page was
// (internal/webui/dist is not in the repository) serves a short message in its
// place, so that `go build ./...` works in a fresh clone.
package webui
