// Package app is malmoi's own HTTP API under /api: people, conversations and
// the site's management, as the page uses them. It turns JSON into calls of
// account.Service and converse.Service and their answers into JSON, and
// describes itself as OpenAPI 3.1.
//
// It refuses to know passwords, SQL and how text is made, and it decides
// nothing about access beyond the table of routes: who a request acts for and
// whether it may come in is found out before it (package door), what belongs to
// whom behind it.
//
// New builds the API and Routes hands its table to the server. An API is safe
// for concurrent use.
package app
