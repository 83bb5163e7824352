#!/usr/bin/env bats
# weir doctor: what it finds, what it says to do, its exit status.
load helper

setup()
{
	source "$ROOT/tests/lib/env.sh"
}

teardown()
{
	fake_stop
	[ -z "$T" ] || weir_cleanup
}

# serve OPTION...: a server of this test.
serve()
{
	fake_start --runs 50 "$@"
	export PREFECT_API_URL=$FAKE_URL
}

# result CHECK WORD: that check came out so.
result()
{
	grep -q "^$2	$1	" "$T/out" || die "not $2: $1"
}

@test "all is well: everything is ok, exit 0" {
	serve
	"$WEIR" sync -q
	weir2 doctor
	exits 0
	silent
	for check in configuration libraries server version auth clock csrf 'page limit' \
		store data; do
		result "$check" ok
	done
	has "Prefect 3.8.3"
	no_match '^warn' "$T/out"
}

@test "no server is configured: exit 2 and what to do" {
	weir2 doctor
	exits 2
	result server fail
	has "export PREFECT_API_URL="
}

@test "nobody answers: exit 5; the store is still looked at" {
	serve
	"$WEIR" sync -q
	fake_stop
	PREFECT_CLIENT_MAX_RETRIES=0 weir2 doctor
	exits 5
	result server fail
	result store ok
	# what it says is not to run it again
	grep -q "^try: is the server running" "$T/err" || die "$(cat "$T/err")"
	no_match 'server:' "$T/out"
}

@test "a profile that is not known: said so, not that no server is configured" {
	export PREFECT_API_URL=http://127.0.0.1:1/api
	weir2 -p no-such-profile runs
	exits 2
	says "profile 'no-such-profile' is not known, so no server is"
	no_match 'PREFECT_API_URL' "$T/err"
}

@test "wrong password: exit 4" {
	serve --auth me:right
	PREFECT_API_AUTH_STRING=me:wrong weir2 doctor
	exits 4
	result auth fail
	lacks me:wrong
	PREFECT_API_AUTH_STRING=me:right weir2 doctor
	exits 0
	has "api_auth_string of PREFECT_API_AUTH_STRING was accepted"
}

@test "csrf: found, used, and missed when it is forbidden" {
	serve --csrf
	weir2 doctor
	exits 0
	has "wants a token and gives it"
	PREFECT_CLIENT_CSRF_SUPPORT_ENABLED=false weir2 doctor
	exits 1
	result csrf fail
	has "weir config set csrf_support_enabled true"
}

@test "an old server and a small page are told" {
	serve --flavour 2.20 --limit 50
	weir2 doctor
	exits 0
	has "Prefect 2.20.25"
	result 'page limit' warn
}

@test "a clock that is apart is told" {
	serve --now 1700000000
	weir2 doctor
	exits 0
	result clock warn
}

@test "store: none yet, readable by others, damaged" {
	local db
	serve
	weir2 doctor
	has "nothing was fetched yet"
	"$WEIR" sync -q
	db=$(store)
	chmod 644 "$db"
	weir2 doctor --offline
	exits 0
	has "chmod 600 '$db'"
	chmod 600 "$db"
	printf 'garbage and more garbage' | dd of="$db" conv=notrunc bs=1 seek=4096 2>/dev/null
	printf 'garbage' | dd of="$db" conv=notrunc bs=1 seek=0 2>/dev/null
	weir2 doctor --offline
	exits 1
	result store fail
}

@test "warnings of the configuration are findings" {
	serve
	PREFECT_PROFILE=typo weir2 doctor
	exits 0
	result configuration warn
}

@test "json is an array of findings; text has words and what to try" {
	weir2 doctor -o json
	exits 2
	json "[r['result'] for r in d if r['check'] == 'server'] == ['fail']"
	json "all(set(r) == {'result', 'check', 'text', 'hint'} for r in d)"
	weir2 doctor -o table
	has "fail  server"
	has "try: export"
	on_tty "$WEIR" doctor
	exits 2
	has "xterm-256color, 80 by 24, UTF-8"
	harmless "$T/tty"
}

@test "GnuTLS, which libcurl brings along, is not started, unless the environment says so" {
	serve
	GNUTLS_NO_IMPLICIT_INIT=0 GNUTLS_DEBUG_LEVEL=2 weir2 sync -q
	exits 0
	[[ $errors == *gnutls* ]] || skip "this libcurl comes without"
	GNUTLS_DEBUG_LEVEL=2 weir2 sync -q
	exits 0
	silent
	# and programs that are started know nothing of that
	printf '#!/bin/sh\nenv >"%s/env"\n' "$T" >"$T/browser"
	chmod +x "$T/browser"
	GNUTLS_DEBUG_LEVEL=2 BROWSER=$T/browser weir2 open @latest --refresh
	exits 0
	grep -q GNUTLS_DEBUG_LEVEL "$T/env"
	no_match GNUTLS_NO_IMPLICIT "$T/env"
}
