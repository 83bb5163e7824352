#!/usr/bin/env bats
# A hostile world: files, stores, servers, proxies and texts that mean harm.
load helper

setup_file()
{
	fake_start --runs 40 --logs 4
}

teardown_file()
{
	fake_stop
}

setup()
{
	world
	other=
}

teardown()
{
	control '{"faults":[],"set":{"auth":null}}'
	# shellcheck disable=SC2086
	[ -z "$other" ] || kill $other
	weir_cleanup
}

# One line that has TEXT, the exit status, nothing on standard output.
fails()
{
	exits "$1"
	says "$2"
	[ "$(grep -c '^weir: ' "$T/err")" = 1 ] || die "not one line"
	[ -z "$output" ] || die "has output"
}

# echo_server PORT_VARIABLE STATUS [LOCATION]
echo_server()
{
	local var=$1
	shift
	rm -f "$T/port"
	python3 "$ROOT/tests/cli/echo_server.py" "$@" >"$T/port" 2>"$T/$var.seen" 3>&- &
	other="$other $!"
	until_true [ -s "$T/port" ]
	printf -v "$var" %s "$(cat "$T/port")"
}

evil='\u001b[6n\u001b]0;pwn\u0007\u009b6n\u202e\u2066\u200f\b\u007f\r\ttab\nnl\ud800x'
huge=99999999999999999999

make_evil()
{
	# what only a JSON text can hold: half a character, a number of more than 64 bits
	[ "$TEST_BACKEND" = fake ] || evil=${evil/\\ud800/} huge=9
	control "{\"do\":[[\"make\",{\"n\":1,\"name\":\"$evil\",
		\"parameters\":{\"p\":\"$evil\",\"$evil\":[\"$evil\"],\"n\":$huge}}],
		[\"rename\",{\"types\":[\"FAILED\"],\"n\":1,\"name\":\"evilrun\",\"tags\":[\"$evil\"]}],
		[\"log\",{\"types\":[\"FAILED\"],\"n\":1,\"lines\":[\"$evil\",\"last\"],\"level\":40}],
		[\"state\",{\"types\":[\"RUNNING\"],\"n\":1,\"type\":\"FAILED\",\"name\":\"$evil\",
			\"message\":\"$evil\"}]]}" >/dev/null
	"$WEIR" sync -q
}

@test "files of settings that are broken: 2 and the place" {
	conf=$XDG_CONFIG_HOME/weir/weir.conf
	profiles=$HOME/.prefect/profiles.toml
	mkdir -p "${conf%/*}" "${profiles%/*}"
	for f in "$conf" "$profiles"; do
		for bad in 'a = [1,' 'color = 5\nactive = 3' 'a = "\0"' 'profiles = 7\n[color]'; do
			# shellcheck disable=SC2059
			printf "$bad" >"$f"
			weir2 runs
			fails 2 "$f: "
		done
		head -c 5000000 /dev/zero | tr '\0' a >"$f"
		weir2 runs
		fails 2 "$f: bigger than"
		python3 -c "print('a = ' + '[' * 100000)" >"$f"
		weir2 runs
		fails 2 "$f: line 1"
		rm "$f"
		mkdir "$f"
		weir2 runs
		fails 2 "$f: a folder, not a file"
		rmdir "$f"
	done
	cd "$T"
	mkdir .env
	weir2 runs -n 1
	exits 0
	silent
}

@test "a damaged store: told offline, set aside and filled again online" {
	"$WEIR" sync -q
	want=$("$WEIR" runs --offline -n 0 -o name | sort)
	db=$(store)
	weir2 runs --offline
	for n in 100 5000 40960; do
		rm -f "$db"-*
		truncate -s "$n" "$db"
		weir2 runs --offline
		fails 1 "the file is damaged"
		says "try: weir sync"
		weir2 runs -n 0 -o name
		exits 0
		says "set aside"
		"$WEIR" sync -q
		[ "$("$WEIR" runs --offline -n 0 -o name | sort)" = "$want" ]
		rm -f "$XDG_CACHE_HOME"/weir/*damaged*
	done
	sqlite3 "$db" 'PRAGMA user_version = 9999'
	for c in runs sync 'runs --offline'; do
		# shellcheck disable=SC2086
		weir2 $c
		fails 1 "made by a newer weir"
		one_error 1
	done
	rm -f "$db"*
	mkdir "$db"
	weir2 runs
	one_error 1
	[ -z "$output" ]
}

@test "a store that cannot be written is read; none can be made: 1" {
	[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || skip "needs root and setpriv"
	setpriv --reuid=65534 --clear-groups test -x "$WEIR" || skip "nobody may not run it"
	open=$(mktemp -d /tmp/weir-nobody.XXXXXX)
	export HOME=$open XDG_CACHE_HOME=$open/cache XDG_CONFIG_HOME=$open/config
	"$WEIR" sync -q --logs state:failed
	chmod -R a+rX "$open"
	cd "$open"
	as_nobody=$open/weir
	printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups %s "$@"\n' \
		"$WEIR" >"$as_nobody"
	chmod 755 "$as_nobody"
	WEIR=$as_nobody
	weir2 runs -n 3
	exits 0
	[ "$(wc -l <"$T/out")" = 3 ]
	weir2 sync
	one_error 1
	says "Permission denied"
	XDG_CACHE_HOME=$open/none weir2 runs
	one_error 1
	says "cannot make the folder: $open/none: Permission denied"
	rm -rf "$open"
}

@test "a full disk: 1, nothing is lost, and it goes on when there is room" {
	mkdir "$T/small"
	mount -t tmpfs -o size=300k none "$T/small" 2>/dev/null || skip "cannot mount"
	export XDG_CACHE_HOME=$T/small
	weir2 runs -n 3
	first=$status
	cp "$T/err" "$T/err1"
	weir2 sync
	second=$status
	mount -o remount,size=20m "$T/small"
	weir2 sync
	third=$status
	umount "$T/small"
	[ "$first $second $third" = "1 1 0" ] || die "$first $second $third"
	grep -q "the disk is full" "$T/err1"
	grep -q "try: make room" "$T/err1"
}

@test "a store locked by another program: said after a while, readers wait for nothing" {
	"$WEIR" sync -q
	flock -F "$(echo "$XDG_CACHE_HOME"/weir/*.db.lock)" sh -c "echo >'$T/held'; exec sleep 1000" 3>&- &
	other=$!
	until_true [ -e "$T/held" ]
	WEIR_NOW=$(date -u -d '+1 min' +%FT%TZ) weir2 runs -n 2
	exits 0
	says "another weir is syncing"
	[ "$(wc -l <"$T/out")" = 2 ]
}

@test "TLS: verified, with a file of certificates, skipped with a warning" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key" -out "$T/cert" -days 2 \
		-subj /CN=fake -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	cat "$T/key" "$T/cert" >"$T/both"
	python3 "$ROOT/tests/lib/fake_prefect.py" --runs 5 --cert "$T/both" >"$T/port" 3>&- &
	other=$!
	until_true [ -s "$T/port" ]
	PREFECT_API_URL=$(cat "$T/port")
	weir2 runs
	one_error 5
	says "self-signed certificate"
	PREFECT_API_SSL_CERT_FILE=$T/nowhere weir2 runs
	one_error 5
	says "$T/nowhere"
	PREFECT_API_SSL_CERT_FILE=$T/cert PREFECT_API_URL=${PREFECT_API_URL/127.0.0.1/localhost} \
		weir2 runs
	one_error 5
	says localhost
	PREFECT_API_SSL_CERT_FILE=$T/cert weir2 runs
	exits 0
	silent
	rm -rf "$XDG_CACHE_HOME"
	PREFECT_API_TLS_INSECURE_SKIP_VERIFY=true weir2 runs
	exits 0
	says "certificate is not checked"
	PREFECT_API_URL=https${FAKE_URL#http} weir2 runs
	one_error 5
	says "TLS"
}

@test "secrets are masked where a server repeats them, and go to no other" {
	secret=s3cret-Pa55
	base64=$(printf 'adm:%s' $secret | base64)
	export WEIR_MAX_RETRIES=0 WEIR_LOG=$T/log
	echo_server else 200
	# shellcheck disable=SC2154
	for code in 401 403 404 409 422 500 302; do
		echo_server port $code "http://localhost:$else/api/admin/version?key=$secret"
		# shellcheck disable=SC2154
		url=http://127.0.0.1:$port/api
		for setting in PREFECT_API_KEY=$secret PREFECT_API_AUTH_STRING=adm:$secret \
			PREFECT_CLIENT_CUSTOM_HEADERS="{\"X-Token\":\"$secret\"}" \
			PREFECT_API_URL="http://adm:$secret@127.0.0.1:$port/api"; do
			env PREFECT_API_URL="$url" "$setting" "$WEIR" runs -v >>"$T/all" 2>&1 || true
			env PREFECT_API_URL="$url" "$setting" "$WEIR" config list >>"$T/all"
		done
		env PREFECT_API_URL="$url" PREFECT_API_KEY=$secret "$WEIR" doctor -v \
			>>"$T/all" 2>&1 || true
		grep -q "$secret" "$T/port.seen"
	done
	no_match -r "$secret\|$base64" "$T/all" "$T/log" "$XDG_CACHE_HOME"
	[ ! -s "$T/else.seen" ]
}

@test "proxies: told from the server; their passwords are masked" {
	export WEIR_MAX_RETRIES=0
	echo_server port 407
	PREFECT_API_URL=http://some.example/api http_proxy=http://pu:s3cret@127.0.0.1:$port \
		weir2 runs
	one_error 5
	no_match "s3cret\|$(printf pu:s3cret | base64)" "$T/err"
	PREFECT_API_URL=https://some.example/api HTTPS_PROXY=http://127.0.0.1:$port weir2 runs
	one_error 5
	says "the proxy refuses"
	PREFECT_API_URL=https://some.example/api https_proxy=http://127.0.0.1:1 weir2 runs
	one_error 5
	says "the proxy: Connection refused"
	http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 weir2 runs -n 1
	exits 0
}

@test "a server that is dead: what is here within a moment, one line" {
	local within=5
	! sanitized || within=20
	"$WEIR" sync -q --logs state:failed
	id=$("$WEIR" runs --offline -n 1 -o name state:failed)
	for fault in '"kind":"stall"' '"kind":"status","status":503' \
		'"kind":"gigantic","announced":true'; do
		control "{\"faults\":[{$fault}]}" >/dev/null
		WEIR_NOW=$(date -u -d '+1 min' +%FT%TZ)
		export WEIR_NOW
		for c in 'runs -n 1' "show $id" "logs -n 1 $id"; do
			# shellcheck disable=SC2086
			timeout $within "$WEIR" $c >"$T/out" 2>"$T/err"
			[ -s "$T/out" ]
			[ "$(grep -c . "$T/err")" = 1 ]
		done
	done
	control '{"faults":[{"kind":"gigantic","announced":true}]}'
	rm -rf "$XDG_CACHE_HOME"
	weir2 runs
	one_error 5
	says "larger than"
}

@test "interrupted at any time: 130, soon, without a word" {
	control '{"faults":[{"kind":"delay","ms":300}]}'
	local within=2
	! sanitized || within=20
	python3 - "$WEIR" $within <<'P'
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where a shell started us behind `&`
for ms in (0, 5, 20, 100, 400):
    for args in ("sync", "runs", "doctor", "sync --watch", "logs @latest"):
        p = subprocess.Popen([sys.argv[1], *args.split()], stdout=-1, stderr=-1, stdin=-3)
        time.sleep(ms / 1000)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=int(sys.argv[2]))
        assert p.returncode in (0, 130, -2), (ms, args, p.returncode, err)
        assert not (p.returncode and err), (ms, args, err)
P
}

@test "nothing reaches a terminal from names, tags, parameters, states, logs, errors" {
	make_evil
	ids=$("$WEIR" runs --offline -n 0 -o name state:failed | head -3)
	ids="$ids $("$WEIR" runs --offline -n 1 -o name pwn)"
	for id in $ids; do
		for c in show 'show -o tsv' 'show -o json' graph 'graph -o tsv' \
			'graph -o json' 'logs --no-menu' why 'why -o tsv' 'why -o json'; do
			# shellcheck disable=SC2086
			on_tty 100x30 "$WEIR" -q $c "$id"
			exits 0
			sed -i 's/\r\x1b\[K//g' "$T/tty" # the line of progress is ours
			[[ $c != *tsv ]] || sed -i 's/\t/ /g' "$T/tty" # what is between cells
			harmless "$T/tty" || die "$c $id"
		done
	done
	bad=$(printf 'a\033]0;pwn\007\233\342\200\256:x')
	for c in runs show logs 'runs --columns' 'runs --sort' 'config get' 'open' ''; do
		# shellcheck disable=SC2086
		on_tty 100x30 "$WEIR" --offline $c "$bad"
		harmless "$T/tty" || die "$c"
	done
	control "{\"faults\":[{\"kind\":\"status\",\"status\":422,\"body\":{\"detail\":\"$evil\"}}]}"
	on_tty 100x30 "$WEIR" sync
	sed -i 's/\r\x1b\[K//g' "$T/tty"
	harmless "$T/tty"
}

@test "menus show hostile texts harmlessly" {
	make_evil
	for args in 'runs pwn' 'runs evilrun' 'logs evilrun'; do
		# shellcheck disable=SC2086
		python3 "$ROOT/tests/cli/tty_keys.py" "$(printf '\rLqqqqq')" "$WEIR" $args \
			>"$T/tty" || die "$args did not end"
		python3 - "$T/tty" <<'P'
import re, sys
data = open(sys.argv[1], "rb").read()
assert len(data) > 500, data
for bad in (b"\x1b[6n", b"\x1b]0;pwn", b"\xc2\x9b", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xe2\x80\x8f", b"\x7f"):
    assert bad not in data, bad
data.decode("utf-8")
P
	done
}

@test "logs in a pipe are the bytes; a line of 5 MB too" {
	control '{"do":[["make",{"n":1,"name":"bytes"}]]}' >/dev/null
	python3 - "${FAKE_URL%/api}/_control" "$T/want" <<'P'
import json, sys, urllib.request
def order(o):
    return json.load(urllib.request.urlopen(sys.argv[1], json.dumps(o).encode()))
run = [r for r in order({"take": "runs"})["runs"] if r["name"] == "bytes"][0]["id"]
lines = ["esc \x1b[31m\x07\x00nul \u009b \u202e", "x" * 5_000_000 + "\x1b", "two\nlines", "tail  "]
order({"do": [["log", {"id": run, "lines": lines}]]})
logs = order({"take": "logs", "id": run})["logs"]
logs.sort(key=lambda l: (l["timestamp"], l["created"], l["id"]))
have = [l["message"] for l in logs]
bare = lambda texts: {t.replace("\0", "") for t in texts}  # Prefect 3.8 keeps no NUL
assert bare(lines) < bare(have)
open(sys.argv[2], "wb").write("".join(l + "\n" for l in have).encode())
P
	"$WEIR" logs bytes >"$T/have"
	cmp "$T/want" "$T/have"
	"$WEIR" logs --offline --output-file "$T/file" bytes
	cmp "$T/want" "$T/file"
}

@test "files are 0600 and folders 0700 whatever the umask" {
	umask 000
	export WEIR_LOG=$T/log
	"$WEIR" sync -q
	"$WEIR" runs -q >/dev/null
	"$WEIR" config set utc true
	[ -z "$(find "$XDG_CACHE_HOME" "$XDG_CONFIG_HOME/weir" "$T/log" -type f -perm /077)" ]
	[ -z "$(find "$XDG_CACHE_HOME" "$XDG_CONFIG_HOME/weir" -type d -perm /077)" ]
}
