#!/bin/sh
# Runs govulncheck. Without the vulnerability database, as in a closed network,
# it says so and passes: the check is then somebody else's.
set -u
out=$("$1" tool govulncheck ./... 2>&1)
status=$?
case "$out" in
*"fetching vulnerabilities"*|*"dial tcp"*|*"no such host"*|*"vuln.go.dev"*)
	if [ $status -ne 0 ] && [ $status -ne 3 ]; then
		echo "govulncheck: the vulnerability database cannot be reached, not checked"
		exit 0
	fi ;;
esac
echo "$out" | tail -n 20
exit $status
