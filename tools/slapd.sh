#!/bin/sh
# Makes sure that the tests have an LDAP server and prints the path of slapd:
# Debian's package slapd, whose own directory is neither made nor started.
set -eu
find_slapd() {
	for path in /usr/sbin/slapd /usr/lib/openldap/slapd /usr/libexec/slapd; do
		[ -x "$path" ] && [ -n "$(ls -d /etc/ldap/schema /etc/openldap/schema 2>/dev/null)" ] && echo "$path" && return 0
	done
	return 1
}
find_slapd && exit 0
if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
{
	$sudo apt-get update -qq
	echo "slapd slapd/no_configuration boolean true" | $sudo debconf-set-selections
	# The package starts its own server unless this says no.
	policy=/usr/sbin/policy-rc.d
	[ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null; $sudo chmod +x "$policy"; made=1; }
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends slapd || failed=1
	[ -z "${made:-}" ] || $sudo rm -f "$policy"
	[ -z "${failed:-}" ]
} >&2
find_slapd
