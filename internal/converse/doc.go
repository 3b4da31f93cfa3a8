// Package converse keeps conversations and has the models answer in them. An
// answer belongs to the server: it goes on when the browser is closed, and
// every tab and device that looks at it sees the same text.
//
// Service is the way in; every method takes who asks and finds only what is
// theirs. Rows are kept by a Store that somebody else implements. The package
// does not know HTTP, SQL, or how a model computes.
//
// An answer that is being made has its events in memory (hub), in order and
// numbered from 1; a log writes them to the store several times a second, so
// that a killed process loses less than a second of text, and another process
// on the same database can show an answer that is made elsewhere.
package converse
