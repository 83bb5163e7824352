#!/usr/bin/env bats
# What goes wrong: one clear line, what to try, and the exit status of weir(1).
load helper

setup_file()
{
	fake_start --runs 60
}

teardown_file()
{
	fake_stop
}

setup()
{
	world
}

teardown()
{
	control '{"faults":[],"set":{"auth":null,"key":null}}'
	weir_cleanup
}

@test "no server configured: 2" {
	unset PREFECT_API_URL
	for c in runs flows deployments pools 'logs x' sync; do
		# shellcheck disable=SC2086
		weir2 $c
		one_error 2
		says "no server is configured"
		says "try: export PREFECT_API_URL="
	done
}

@test "nothing here and no server: 5; with data: 0, the same, and its age" {
	weir2 runs -n 20
	exits 0
	cp "$T/out" "$T/online"
	control '{"faults":[{"kind":"drop"}]}'
	export WEIR_MAX_RETRIES=0
	WEIR_NOW=$(date -u -d '+12 min +30 sec' +%FT%TZ) weir2 runs -n 20
	exits 0
	cmp "$T/out" "$T/online"
	says "weir: data of 12 min ago: "
	[ "$(grep -c . "$T/err")" = 1 ]
	rm -rf "$XDG_CACHE_HOME"
	weir2 runs
	one_error 5
	weir2 runs --offline
	one_error 5
	says "nothing was fetched yet"
}

@test "--refresh insists: 5 when the server is away" {
	weir2 runs -n 1
	exits 0
	control '{"faults":[{"kind":"drop"}]}'
	WEIR_MAX_RETRIES=0 weir2 runs --refresh
	one_error 5
}

@test "401, 403, 404, 409, 422: each its line and its status" {
	while read -r code status; do
		rm -rf "$XDG_CACHE_HOME"
		control "{\"faults\":[{\"kind\":\"status\",\"status\":$code,
			\"body\":{\"detail\":\"no\"}}]}" >/dev/null
		weir2 runs
		one_error "$status"
		[ -z "$output" ]
	done <<-X
		401 4
		403 4
		404 5
		409 1
		422 1
	X
}

@test "a page that is not the API's: 5, and which address to take" {
	control '{"faults":[{"kind":"html"}]}'
	weir2 runs
	one_error 5
	control '{"faults":[{"kind":"garbage"}]}'
	weir2 runs
	exits 5
	control '{"faults":[]}'
	export PREFECT_API_URL=${FAKE_URL%/api}/nonsense
	weir2 runs
	one_error 5
	export PREFECT_API_URL=http://no-such-host.invalid/api
	WEIR_MAX_RETRIES=0 weir2 runs
	one_error 5
}

@test "unknown commands and options suggest the nearest" {
	weir2 rusn
	one_error 2
	says "try: weir runs"
	weir2 runs --colums id
	one_error 2
	says "try: --columns"
	weir2 runs -Z
	one_error 2
	weir2 runs -o jsn
	exits 2
	says "ndjson"
	weir2 runs -n x
	exits 2
	says "--number: 'x' is not a number"
	weir2 runs -n 99999999999999999999
	exits 2
	weir2 show a b
	one_error 2
	says "too many arguments"
	weir2 runs --sort
	exits 2
	says "--sort: needs"
	weir2 runs --offline=yes
	exits 2
	says "takes no value"
}

@test "options: letters combined, values apart or joined, anywhere, -- ends them" {
	"$WEIR" sync -q
	want=$("$WEIR" runs --offline -q -n 3 -o name)
	for args in '-qn3 -oname' '-qn 3 -o name' '--number=3 --output=name -q' '-q -n3 -o name --'; do
		# shellcheck disable=SC2086
		weir2 runs --offline $args
		is "$want"
	done
	weir2 --offline -q runs -n 3 -o name
	is "$want"
	want=$("$WEIR" runs --offline -n 0 -o name 'not linux')
	weir2 runs --offline -n 0 -o name -- -linux
	is "$want"
}

@test "ids: not found 1, ambiguous 1 with the candidates" {
	"$WEIR" sync -q
	weir2 logs ffffffff-ffff-ffff-ffff-ffffffffffff
	exits 1
	says "ffffffff"
	weir2 logs no_such_run_at_all
	exits 1
	says "no_such_run_at_all"
	control '{"do":[["make",{"n":2,"name":"twins"}]]}' >/dev/null
	"$WEIR" sync -q
	weir2 logs twins
	exits 1
	[ "$(grep -c twins "$T/err")" -ge 3 ] || die "candidates"
}

@test "a full device: 1 and a clear line" {
	"$WEIR" sync -q
	for args in 'runs -n 5' 'runs -o json -n 0' 'help' '--version' 'completion bash'; do
		status=0
		# shellcheck disable=SC2086
		"$WEIR" $args --offline >/dev/full 2>"$T/err" || status=$?
		exits 1
		[ "$(cat "$T/err")" = "weir: standard output: No space left on device" ]
	done
}

@test "a reader that leaves: quiet, SIGPIPE" {
	"$WEIR" sync -q
	run bash -c "set -o pipefail; '$WEIR' runs --offline -n 0 -o json -q | head -c 1; \
		echo \${PIPESTATUS[0]}"
	[[ ${lines[-1]} == *141 || ${lines[-1]} == *0 ]]
	[[ $output != *weir:* ]]
}

@test "--version reads no file" {
	weir2 --version
	exits 0
	[[ $output =~ ^weir\ [0-9]+\.[0-9]+ ]]
	command -v strace >/dev/null || return 0
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 strace -f -e trace=open,openat -o "$T/trace" "$WEIR" --version
	no_match "$HOME\|locale\|zoneinfo\|config" "$T/trace"
}

@test "names of 10 kB, controls and half characters: sane in every form" {
	python3 >"$T/order" <<'P'
import json
print(json.dumps({"do": [["make", {"name": n}] for n in (
    "n" * 10240, "esc \x1b[2J\x1b]0;t\x07 end", "bidi \u202e\u2066 \x9b1m", "tab\tnl\nbs\\")]}))
P
	control "$(cat "$T/order")" >/dev/null
	"$WEIR" sync -q
	weir2 runs --offline --columns name -n 0
	exits 0
	grep -qF 'tab\tnl\nbs\\' "$T/out"
	grep -q 'n\{10240\}' "$T/out"
	weir2 runs --offline -o json -n 0
	json 'any(x["name"] == "tab\tnl\nbs\\" for x in d)'
	json 'any(x["name"] == "esc \x1b[2J\x1b]0;t\x07 end" for x in d)'
	for form in table tsv csv json ndjson; do
		on_tty 80x24 "$WEIR" runs --offline --no-menu -n 0 -o $form
		exits 0
		# the tabs of tsv are ours: those of a name are written \t
		[ $form != tsv ] || sed -i 's/\t/ /g' "$T/tty"
		harmless "$T/tty"
	done
	on_tty 80x24 "$WEIR" logs --offline --no-menu esc
	harmless "$T/tty"
}

@test "fields that are missing, null, of other types or unknown: a clear line or a sane list" {
	for fault in '"null":["name"]' '"drop":["tags"]' '"set":{"name":5}' '"set":{"brand_new":{"a":1}}' \
		'"null":["state_type","state_name","state"]' '"set":{"start_time":"yesterday"}'; do
		rm -rf "$XDG_CACHE_HOME"
		control "{\"faults\":[{\"kind\":\"mangle\",\"match\":\"flow_runs/filter\",$fault}]}" \
			>/dev/null
		weir2 runs -n 5
		[ "$status" = 0 ] || [ "$(grep -c '^weir: ' "$T/err")" = 1 ] || die "$fault"
		[ "$status" -lt 126 ] || die "$fault"
	done
}

@test "secrets are in no store, error or log" {
	export PREFECT_API_AUTH_STRING=admin:s3cret-pass
	export WEIR_LOG=$T/log
	control '{"set":{"auth":"admin:s3cret-pass"}}'
	weir2 runs -v
	exits 0
	cp "$T/err" "$T/err1"
	control '{"set":{"auth":"other:other"}}'
	weir2 runs --refresh -v
	exits 4
	no_match -r 's3cret-pass\|YWRtaW46czNjcmV0' "$T"
	unset PREFECT_API_AUTH_STRING
	export PREFECT_API_URL=${FAKE_URL/\/\//\/\/user:pa55word@}
	weir2 runs --refresh -v
	no_match -r pa55word "$T"
	[ "$(stat -c %a "$XDG_CACHE_HOME/weir")" = 700 ]
	[ -z "$(find "$XDG_CACHE_HOME/weir" -type f -perm /077)" ]
}
