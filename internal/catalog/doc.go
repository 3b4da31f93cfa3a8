// Package catalog knows which models there are: their names, licences, files
// with their hashes, and the sources that have them. The table is a data file
// beside the code, catalogue.json; Embedded reads it, Find looks a name up.
//
// The packages below it bring models onto this machine: source talks to the
// hub, the package index and plain addresses; store keeps verified files and
// says what is installed; pull joins the two; bundle carries installed models
// into a network without either. None of them knows what a model computes, and
// none reads flags or the environment: what they need is handed in.
//
// The table is immutable after it is read and safe for concurrent use.
package catalog
