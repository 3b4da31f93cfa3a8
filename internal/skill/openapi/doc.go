// Package openapi turns the operations of an HTTP service that describes itself
// with OpenAPI 3.0 or 3.1 into skills: GET and HEAD read, everything else
// changes something. Calls are checked against the description before they are
// sent, and go to the one base address that the administrator allowed.
//
// It refuses to know where descriptions and keys are kept, and follows no
// references to other files or servers. Open is the call most readers want,
// Verify the second. Skills may be called at the same time.
package openapi
