#!/usr/bin/env bats
# weir why: what a failed run died of, what a waiting one waits for, failures by error.
load synced

setup_file()
{
	fake_start --runs 300
	sync_once
	# a build of which a platform failed, and that platform's run
	read -r PARENT CHILD < <(python3 - "$BATS_FILE_TMPDIR/runs" <<'P'
import json, sys
runs = json.load(open(sys.argv[1]))
bad = {r["id"]: r for r in runs if r["state_type"] in ("FAILED", "CRASHED")}
print(*next((r["parent_run_id"], r["id"]) for r in bad.values()
    if r["parent_run_id"] in bad and r["state_type"] == "FAILED"))
P
	)
	export PARENT CHILD
}

@test "why: the error, its line of the log and the lines around it, in one call" {
	weir2 why "$CHILD" -o json
	exits 0
	json 'len(d) == 1 and d[0]["id"] == "'"$CHILD"'" and d[0]["state_type"] == "FAILED"'
	json 'd[0]["causes"][0]["error"] == "error: exit status 1"'
	json 'd[0]["causes"][0]["exit_status"] == 1 and d[0]["causes"][0]["log_complete"]'
	json '[l["text"] for l in d[0]["causes"][0]["lines"] if l["error"]] == ["error: exit status 1"]'
	json '3 <= len(d[0]["causes"][0]["lines"]) <= 11'
	cp "$T/out" "$T/why"
	# the line it names is the line that weir logs prints there
	weir2 logs "$CHILD" -o ndjson
	python3 - "$T" <<'P'
import json, sys
t = sys.argv[1]
cause = json.load(open(f"{t}/why"))[0]["causes"][0]
line = [json.loads(l) for l in open(f"{t}/out")][cause["line"] - 1]
assert cause["error"] in line["message"], line
assert line["level"] == 40
P
}

@test "why: a build names its platforms that failed" {
	weir2 why "$PARENT" -o json
	exits 0
	json 'd[0]["failed_runs"] == len(d[0]["causes"])'
	json '"'"$CHILD"'" in [c["flow_run_id"] for c in d[0]["causes"]]'
	json 'all(c["platform"] for c in d[0]["causes"])'
	weir2 why "$PARENT" -o name
	has "$CHILD"
	weir2 why "$PARENT"
	exits 0
	grep -q "^$PARENT	FAILED	$CHILD	" "$T/out" || die "no line of it"
	awk -F'\t' 'NF != 9 { exit 1 }' "$T/out" || die "not nine fields"
}

@test "why: for people it says why, where, what next; narrow terminals cut nothing else" {
	NO_COLOR=1 PAGER=cat on_tty 80x24 "$WEIR" why "$CHILD"
	exits 0
	has " why     "
	has "error: "
	has " where   "
	has " next    weir logs $CHILD"
	has "▸ "
	harmless <(tr -d '\r' <"$T/tty")
	python3 - "$T/tty" <<'P'
import sys
lines = open(sys.argv[1], encoding="utf-8").read().replace("\r", "").split("\n")
assert not [l for l in lines if len(l) > 80]
P
	LC_ALL=C NO_COLOR=1 PAGER=cat on_tty 80x24 "$WEIR" why "$CHILD"
	! LC_ALL=C grep -q '[^ -~[:space:]]' "$T/tty" || die "not ASCII"
}

@test "why: runs with the same error are counted, numbers do not matter" {
	local a b
	a=$(control '{"do":[["make",{"name":"same-a"}]]}' | grep -o '[0-9a-f-]\{36\}')
	b=$(control '{"do":[["make",{"name":"same-b"}]]}' | grep -o '[0-9a-f-]\{36\}')
	control '{"do":[["log",{"id":"'"$a"'","lines":["start",
		"/tmp/a17/x.c:12: error: no \u001b]0;bad\u0007cheese 44","end"]}],
		["log",{"id":"'"$b"'","lines":["/var/b/x.c:7: error: no cheese 9"]}],
		["state",{"ids":["'"$a"'","'"$b"'"],"type":"FAILED","message":"x"}]]}' >"$T/x"
	"$WEIR" sync -q
	"$WEIR" logs "$b" >"$T/x"
	weir2 why same-a -o json --refresh
	exits 0
	json 'd[0]["causes"][0]["error"] == "/tmp/a17/x.c:12: error: no cheese 44"'
	json 'd[0]["causes"][0]["normalized_error"] == "x.c:#: error: no cheese #"'
	json 'd[0]["causes"][0]["same"]["runs"] == 2'
	json "'$b' in d[0]['causes'][0]['same']['flow_run_ids']"
	weir2 why same-a -o table
	has "also 1 run since"
	weir2 why 'name:same-*' -o json
	exits 0
	json 'len(d) == 1 and d[0]["runs"] == 2'
	weir2 why 'name:same-*' -o table
	has "    2  "
	weir2 why 'name:same-*'
	exits 0
	awk -F'\t' 'NF != 6 || $1 != 2 { exit 1 }' "$T/out" || die "not a group a line"
}

@test "why: a query prints groups, most runs first; says what it did not see" {
	weir2 why state:failed,crashed -o json -n 0
	exits 0
	json '[g["runs"] for g in d] == sorted((g["runs"] for g in d), reverse=True)'
	json 'len({g["normalized_error"] for g in d}) == len(d) > 0'
	says "the log is not here"
	weir2 why state:failed,crashed -n 1 -o ndjson
	exits 0
	[ "$(wc -l <"$T/out")" = 1 ] || die "not one line"
	weir2 why 'stat:failed' --offline
	exits 2
	says "at column 1"
	weir2 why 'state:failed name:none-such' --offline
	exits 0
	says "no failed runs"
}

@test "why: what a run waits for" {
	local id
	id=$("$WEIR" runs --offline -q -o name state:late deployment:pr -n 1)
	control '{"do":[["touch_deployment",{"name":"pr","paused":true}]]}' >/dev/null
	"$WEIR" sync -q
	sqlite3 "$(store)" \
		"UPDATE pools SET doc = replace(doc, '\"is_paused\":false', '\"is_paused\":true')"
	weir2 why "$id" --offline -o json
	json 'any(c["check"] == "deployment" and c["result"] == "note" for c in d[0]["pickup"])'
	exits 0
	json 'd[0]["causes"] == [] and any(c["result"] == "bad" for c in d[0]["pickup"])'
	json 'd[0]["why"].startswith([c for c in d[0]["pickup"] if c["result"] == "bad"][0]["check"])'
	weir2 why "$id" --offline -o table
	has " why     "
	has "weir pools"
}

@test "why: nothing failed; no such run; without a server the store is enough" {
	local id
	id=$("$WEIR" runs --offline -q -o name state:completed -n 1)
	weir2 why "$id" --offline -o table
	exits 0
	has "nothing failed"
	weir2 why no-such-run-at-all --offline
	one_error 1
	weir2 why "$CHILD" --offline -o json
	exits 0
	json 'd[0]["causes"][0]["log_complete"] is False'
	json 'd[0]["causes"][0]["error"]'
	PREFECT_API_URL=http://127.0.0.1:1/api weir2 why "$CHILD"
	exits 5
}
