// Package store keeps accounts and conversations in SQLite or Postgres. It
// implements the stores that account and converse declare, one file per kind
// of row, with one set of queries for both databases and one contract suite
// that runs on both. It knows rows and transactions; what they mean, and who
// may do what, is the services' business. Every method that reads or changes
// what belongs to somebody takes the owner and puts it into the query.
package store
