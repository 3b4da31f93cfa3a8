// Package mcp uses tool servers that speak the Model Context Protocol: child
// processes that the administrator configured, and servers reached by
// streamable HTTP through a guarded client.
//
// A server is a stranger. What it says of a tool is pinned: the tool is offered
// only while name, description and schema are those that the administrator
// approved. Its hints about side effects are not believed: every tool changes
// something unless the administrator says otherwise. What it answers is text of
// strangers. It may not ask the model or the user anything.
//
// The package refuses to know where configuration and approvals are kept. Open
// is the call most readers want. A Client is safe for concurrent use.
package mcp
