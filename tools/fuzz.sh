#!/bin/sh
# Runs every fuzz test of the repository for the given time each.
set -eu
go=$1 time=$2
grep -rl --include='*_test.go' '^func Fuzz' internal | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -h -o '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/func //' | while read -r name; do
		echo "$dir $name"
		"$go" test "./$dir" -run '^$' -fuzz "^$name\$" -fuzztime "$time" </dev/null
	done
done
