// Package archtest holds tests of the repository itself: which package may
// import which, that every package says what it is, where unsafe, cgo, init
// functions, the environment and processes may appear. It contains no code that
// ships.
package archtest
