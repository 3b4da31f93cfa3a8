// Package app puts a site together: from a configuration and models to a
// database, the services on it and the HTTP server in front of them, and takes
// it apart again in the right order.
//
// It refuses to read flags and the environment, and has no logic of its own: a
// decision that is not "which part is given to which" belongs elsewhere.
//
// Open builds a Site, Site.Serve runs it until its context ends, Site.Close
// must be called in any case.
package app
