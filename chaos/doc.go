// Package chaos kills real malmoi processes at random moments while people ask
// and read, and looks whether anything that was acknowledged is lost, doubled
// or changed. It holds tests only: a short run is part of 'go test', 'make
// chaos' is the long one, whose figures are in docs/reliability.md. The models
// are a fake server in the test process; everything else is the program as it
// ships, on SQLite and on a Postgres that the test starts.
package chaos
