// Package store keeps models on disk and says which are there.
//
//	<data>/blobs/sha256/<64 hex>     files, named by what is in them
//	<data>/manifests/<name>.json     one per installed model
//	<data>/folders/<name>/           links with real names, for models of several files
//	<data>/partial/<key>             downloads under way, continued after any interruption
//	<data>/lock                      held by the one process that writes
//
// A model is installed when its manifest is there: everything it names is put
// in place, verified and synced before the manifest is renamed into view, and
// what no manifest names is removed after a manifest went. Readers need no
// lock: they see a manifest whole or not at all, and a file that is removed
// while it is mapped stays readable to who mapped it.
//
// The package does not know where files come from or what they mean. A Store is
// safe for concurrent use by readers; whoever writes holds the Lock.
package store
