// Package pull brings models of the catalogue, of the hub and of addresses into
// a store: it tries an entry's sources in order, checks licence and room before
// anything is loaded, and lets the store show the model when every file has
// arrived and every hash is right. It prints nothing and asks nobody: Agree and
// Report are handed in.
package pull
