#!/usr/bin/env bats
# Starting runs: what is sent, what is checked before, what is left when it goes wrong.
load helper

setup()
{
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 60 --days 3
	control '{"do": [["touch_deployment", {"name": "nightly", "parameters": {"jobs": 2},
		"parameter_openapi_schema": {"type": "object", "required": ["package", "platform"],
		"properties": {"package": {"type": "string", "position": 0}, "platform": {
		"enum": ["linux-64", "osx-arm64"], "type": "string"}, "jobs": {"type": "integer",
		"default": 1}, "dry": {"type": "boolean", "default": false}, "list": {"type":
		"array", "items": {"type": "string"}, "default": []}, "image": {"type": "object",
		"properties": {"tag": {"type": "string"}}, "default": {}}}}}]]}' >/dev/null
	world
	"$WEIR" sync -q
	ok="-p package=zlib -p platform=linux-64"
}

teardown()
{
	weir_cleanup
	fake_stop
}

# requests: those since the last call, a line each.
requests()
{
	control '{"take": "requests"}' >"$T/requests"
	python3 - "$T/requests" <<'P'
import json, sys
for r in json.load(open(sys.argv[1]))["requests"]:
    print(r["method"], r["path"])
P
}

# Whether one was sent that writes: 0 if not.
writes()
{
	[ "$TEST_BACKEND" != embedded ] || { store_changed; return; }
	requests | grep -c POST || true
}

# of_key KEY: how many runs have it, at the server.
of_key()
{
	control '{"take": "runs"}' >"$T/runs"
	python3 - "$T/runs" "$1" <<'P'
import json, sys
print(sum((r["idempotency_key"] or "") == sys.argv[2] for r in json.load(open(sys.argv[1]))["runs"]))
P
}

# sent EXPRESSION: Python, of b, the body of the newest action.
sent()
{
	"$WEIR" history --offline -n 1 -o json >"$T/last"
	python3 - "$T/last" "$1" <<'P' || die "not sent so: $1"
import json, sys
b = json.load(open(sys.argv[1]))[0]["body"]
assert eval(sys.argv[2]), b
P
}

@test "trigger: two requests on a store that is up to date, and the store has the run" {
	requests >/dev/null
	weir2 trigger build-package/nightly $ok
	exits 0
	silent
	id=$(cut -f1 "$T/out")
	[ "$(requests | sed 's,[0-9a-f-]\{36\},ID,')" = 'GET /api/deployments/ID
POST /api/deployments/ID/create_flow_run' ] || die "requests"
	weir2 runs --offline --columns id,state_name,deployment_name "id:$id"
	is "$id	Scheduled	nightly"
	weir2 history -o json
	json 'd[0]["action"] == "trigger" and d[0]["result"] == "done" and d[0]["name"] == "build-package/nightly"'
	json 'd[0]["reverse"] == "weir cancel '"$id"'" and d[0]["new_id"] == "'"$id"'"'
	json 'd[0]["body"]["idempotency_key"] == d[0]["key"]'
}

@test "trigger: how a deployment is named; a wrong name suggests" {
	for name in nightly build-package/nightly 66de945b 66de945b-ded4-44ec-86e4-531ca613e73a \
		"${FAKE_URL%/api}/deployments/deployment/66de945b-ded4-44ec-86e4-531ca613e73a"; do
		weir2 trigger "$name" $ok -o json
		exits 0
		json 'd[0]["deployment"] == "build-package/nightly"'
	done
	weir2 trigger nigtly
	one_error 1
	says "try: weir trigger nightly"
	weir2 trigger build-package/nighty
	one_error 1
	says "try: weir trigger build-package/nightly"
	weir2 trigger 00000000-0000-4000-8000-000000000001
	one_error 1
	says "no such deployment"
	control '{"do": [["touch_deployment", {"name": "single", "name_": 1}]]}' >/dev/null
	sqlite3 "$(store)" "UPDATE deployments SET name = 'nightly' WHERE name = 'single'"
	weir2 trigger nightly
	one_error 1
	says "2 deployments have that name"
}

@test "trigger: one that is newer than the store is found by its name" {
	sqlite3 "$(store)" "DELETE FROM deployments WHERE name = 'nightly'"
	weir2 trigger build-package/nightly $ok
	exits 0
	rm -rf "$XDG_CACHE_HOME"/weir
	weir2 trigger build-package/nightly $ok
	exits 0
}

@test "trigger: values are typed by the schema" {
	weir2 trigger nightly -p package=1.10 -p platform=linux-64 -p jobs=8 -p dry=true \
		-p 'list=["a"]' -p 'image={"tag": "5"}'
	exits 0
	sent 'b["parameters"] == {"package": "1.10", "platform": "linux-64", "jobs": 8, "dry": True, "list": ["a"], "image": {"tag": "5"}}'
	weir2 trigger nightly -p package=x -p package=y -p platform=linux-64 -p 'jobs:=3'
	exits 0
	sent 'b["parameters"] == {"package": "y", "platform": "linux-64", "jobs": 3}'
	printf 'zlib\n' >"$T/file"
	printf '[1' >"$T/bad"
	weir2 trigger nightly -p package=@"$T/file" -p platform=linux-64
	exits 0
	sent 'b["parameters"]["package"] == "zlib\n"'
	for bad in "package:=@$T/bad" "package:=zlib" "package=@$T/none" package =x; do
		weir2 trigger nightly $ok -p "$bad"
		exits 2
	done
}

@test "trigger: parameters from standard input and files" {
	echo '{"package": "zlib", "platform": "linux-64", "n": 12345678901234567890123}' >"$T/p"
	for way in "- -p jobs=7" "-p - -p jobs=7" "--params - -p jobs=7" "--params $T/p -p jobs=7" "--params @$T/p -p jobs=7"; do
		status=0
		"$WEIR" trigger nightly $way <"$T/p" >"$T/out" 2>"$T/err" || status=$?
		exits 0
		sent 'b["parameters"] == {"package": "zlib", "platform": "linux-64", "n": 12345678901234567890123, "jobs": 7}'
	done
	weir2 trigger nightly --params '{"package": "zlib", "platform": "osx-arm64"}' -p platform=linux-64
	exits 0
	sent 'b["parameters"]["platform"] == "linux-64"'
	for bad in '[1]' '{"a":' ''; do
		status=0
		printf '%s' "$bad" | "$WEIR" trigger nightly - >"$T/out" 2>"$T/err" || status=$?
		exits 2
	done
	status=0
	head -c 600000 /dev/zero | "$WEIR" trigger nightly - >"$T/out" 2>"$T/err" || status=$?
	exits 2
	grep -q "over 524288 bytes" "$T/err"
}

@test "trigger: what does not fit is named and not sent" {
	writes >/dev/null
	weir2 trigger nightly -p platform=linux-63 -p jobs=many -p 'image:={"tag": 5}'
	one_error 1
	says "package: is missing: it wants a string"
	says 'platform: "linux-63" is none of linux-64, osx-arm64; did you mean linux-64?'
	says 'jobs: "many" is not an integer'
	says "image.tag: 5 is not a string"
	[ "$(writes)" = 0 ]
	weir2 trigger nightly $ok -p paltform=x -p zzz=1
	exits 0
	says "paltform is no parameter of it, did you mean platform?"
	says "zzz is no parameter of it; what it has: weir show build-package/nightly"
	weir2 trigger nightly $ok -p job=2 -p jobsss=2 -p platformsxx=1 --dry-run
	exits 0
	says "job is no parameter of it, did you mean jobs?; jobsss is no parameter of it"
	says "did you mean jobs?; platformsxx is no parameter of it, did you mean platform?"
	[ "$(grep -c "what it has" "$T/err")" = 0 ]
	weir2 trigger nightly -p platform=linux-63 --unchecked
	exits 0
	says "sent all the same (--unchecked)"
	sent 'b["enforce_parameter_schema"] is False'
	control '{"do": [["touch_deployment", {"enforce_parameter_schema": false, "name": "nightly"}]]}' >/dev/null
	weir2 trigger nightly -p platform=linux-63
	exits 0
	says "its deployment enforces no schema"
	weir2 history -o json
	json 'len(d) == 3'
}

@test "trigger: name, tags, job variables, queue, time, key" {
	weir2 trigger nightly $ok --name by-hand -t pr-1 -t 'a b' -j cpu=4 -j arch=x86 -j 'mem:="8"' \
		--queue default --at 2126-01-01T00:00:00Z -k once -o json
	exits 0
	json 'd[0]["name"] == "by-hand" and "due" not in d[0]["message"]'
	sent 'b["tags"] == ["pr-1", "a b"] and b["job_variables"] == {"cpu": 4, "arch": "x86", "mem": "8"}'
	sent 'b["state"]["state_details"]["scheduled_time"] == "2126-01-01T00:00:00Z" and b["idempotency_key"] == "once"'
	sent 'b["work_queue_name"] == "default"'
	weir2 trigger nightly $ok -k once -o json
	exits 0
	json '"was started already" in d[0]["message"] and d[0]["name"] == "by-hand"'
	[ "$(of_key once)" = 1 ]
	for bad in "--at yesterday" "--at soon" "--in soon" "--in 1h --at 18:00" "--timeout 5s" \
		"--wait --timeout soon" "-k $(printf '%0200d' 0)" "-k ''"; do
		eval weir2 trigger nightly '$ok' $bad
		exits 2
	done
}

@test "trigger: a matrix is a run each; one that does not fit, and none is started" {
	weir2 trigger nightly -p package=zlib -m platform=linux-64,osx-arm64 -m 'jobs:=[1,2]' -o json
	exits 0
	json '[(r["parameters"]["platform"], r["parameters"]["jobs"]) for r in d] == [("linux-64", 1), ("linux-64", 2), ("osx-arm64", 1), ("osx-arm64", 2)]'
	json 'len({r["id"] for r in d}) == 4'
	weir2 trigger nightly -p package=zlib -m platform=linux-64,linux-63
	one_error 1
	weir2 trigger nightly -p package=zlib -m platform=linux-64,osx-arm64 -k ci -o name
	weir2 trigger nightly -p package=zlib -m platform=linux-64,osx-arm64 -k ci -o json
	json 'all("already" in r["message"] for r in d) and len({r["id"] for r in d}) == 2'
	weir2 trigger nightly $ok -m platform=linux-64,osx-arm64 -m jobs=2 --name zlib --dry-run
	grep -q '"name":"zlib-linux-64-2"' "$T/out"
	grep -q '"name":"zlib-osx-arm64-2"' "$T/out"
	weir2 trigger nightly $ok --name zlib --dry-run
	grep -q '"name":"zlib"' "$T/out"
	weir2 trigger nightly $ok -m "jobs=$(seq -s, 21)"
	exits 2
	says "21 runs: there is nobody to be asked"
	weir2 trigger nightly $ok -m "jobs=$(seq -s, 21)" --dry-run
	exits 0
	[ "$(grep -c POST "$T/out")" = 21 ]
	weir2 history -o json
	json 'len(d) == 8'
	weir2 trigger --yes nightly $ok -m "jobs=$(seq -s, 21)" -o name
	exits 0
	[ "$(wc -l <"$T/out")" = 21 ]
	weir2 trigger nightly $ok -m "jobs=$(seq -s, 999)" -m dry=true,false
	exits 2
	says "more than 1000"
}

@test "trigger: what is wrong with -p and --matrix: in one line, by its option" {
	weir2 trigger nightly -p paltform=x --dry-run
	one_error 1
	says "package: is missing: it wants a string"
	says "paltform is no parameter of it, did you mean platform?"
	says "try: weir trigger build-package/nightly -p package=..."
	weir2 trigger nightly $ok -m paltform=a,b --dry-run
	exits 0
	says "weir: trigger: build-package/nightly: paltform is no parameter of it"
	[ "$(grep -c "is no parameter" "$T/err")" = 1 ]
	weir2 trigger nightly -p "package=@$T/gone"
	one_error 2
	says "-p package: $T/gone: No such file"
	weir2 trigger nightly -p "package=@$T"
	one_error 2
	says "-p package: $T: Is a directory"
	weir2 trigger nightly $ok -m jobs=
	one_error 2
	says "--matrix jobs: a value is empty"
	weir2 trigger nightly $ok -m jobs=1,2,1
	one_error 2
	says "--matrix jobs: 1 is there twice"
	weir2 show deployment build-package/nightly
	one_error 2
	says "try: weir show build-package/nightly"
}

@test "trigger: not offline" {
	writes >/dev/null
	weir2 trigger --offline nightly $ok
	exits 5
	[ "$(writes)" = 0 ]
}

@test "trigger: --dry-run, --read-only send nothing" {
	writes >/dev/null
	weir2 trigger --read-only nightly $ok
	one_error 1
	says "read-only"
	weir2 trigger --read-only --dry-run nightly $ok -t x
	exits 0
	has "build-package/nightly 66de945b-ded4-44ec-86e4-531ca613e73a: POST /deployments/66de945b-ded4-44ec-86e4-531ca613e73a/create_flow_run"
	has '{"parameters":{"package":"zlib","platform":"linux-64"},"tags":["x"],"idempotency_key":"NEW"}'
	[ "$(writes)" = 0 ]
	weir2 trigger --offline --dry-run nightly $ok -o json
	exits 0
	json 'len(d) == 1 and d[0]["method"] == "POST" and d[0]["body"]["parameters"]["package"] == "zlib"'
	[ "$(writes)" = 0 ]
	weir2 history
	[ ! -s "$T/out" ]
	weir2 history --resend 1 --read-only
	exits 1
}

@test "trigger: nobody will take it up: why" {
	weir2 trigger nightly $ok
	lacks "it will wait"
	control '{"do": [["touch_deployment", {"name": "nightly", "paused": true}]]}' >/dev/null
	weir2 trigger nightly $ok
	exits 0
	lacks "it will wait" # only its schedules rest
	control '{"do": [["touch_deployment", {"name": "nightly", "paused": false}]]}' >/dev/null
	store=$(store)
	sqlite3 "$store" "UPDATE workers SET doc = replace(doc, 'ONLINE', 'OFFLINE')"
	weir2 trigger nightly $ok
	has "it will wait: workers: none of"
	sqlite3 "$store" "UPDATE pools SET doc = replace(doc, '\"is_paused\":false', '\"is_paused\":true') WHERE name = 'farm'"
	weir2 trigger nightly $ok
	has "it will wait: pool: 'farm' is paused"
}

@test "trigger: what is known of the pool is old: asked again in the same moment" {
	sqlite3 "$(store)" \
		"UPDATE meta SET value = value - 3600000000 WHERE key = 'cycle_us'; UPDATE workers SET doc = replace(doc, 'ONLINE', 'OFFLINE')"
	requests >/dev/null
	weir2 trigger nightly $ok
	exits 0
	lacks "it will wait"
	[ "$(requests | grep -c -e workers -e queues -e work_pools/filter)" = 3 ]
}

@test "trigger: lost answers, 429, 502, cut connections: one run" {
	for fault in '"kind": "lost", "times": 2' '"kind": "late", "status": 502, "times": 1' \
		'"kind": "status", "status": 429, "headers": {"Retry-After": 1}, "times": 1' \
		'"kind": "cut", "times": 1' '"kind": "drop", "times": 1' '"kind": "status", "status": 503, "times": 2'; do
		control '{"faults": [{"match": "create_flow_run", '"$fault"'}]}'
		key=$RANDOM$RANDOM
		weir2 trigger nightly $ok -k $key
		exits 0
		[ "$(of_key $key)" = 1 ] || die "$fault"
	done
	weir2 history -o json
	json '[r["result"] for r in d] == ["done"] * 6'
}

@test "trigger: 409, 422, 404, 500: in the server's words, and one line" {
	for fault in '409:Error creating flow run: Validation failed' '422:Invalid job variables' '400:Error hydrating'; do
		control '{"faults": [{"match": "create_flow_run", "kind": "status", "times": 1, "status": '"${fault%%:*}"',
			"body": {"detail": "'"${fault#*:}"'"}}]}'
		weir2 trigger nightly $ok
		one_error 1
		says "refused: ${fault#*:}"
	done
	control '{"faults": [{"match": "create_flow_run", "kind": "status", "times": 1, "status": 404,
		"body": {"detail": "Deployment not found"}}]}'
	weir2 trigger nightly $ok
	one_error 1
	says "the deployment is gone"
	control '{"faults": [{"match": "create_flow_run", "kind": "status", "times": 1, "status": 401}]}'
	weir2 trigger nightly $ok
	exits 4
	weir2 history -o json
	json '[r["result"] for r in d] == ["refused"] * 5'
	control '{"do": [["drop_deployment", {"name": "nightly"}]], "faults": []}' >/dev/null
	weir2 trigger nightly $ok
	one_error 1
	says "no such deployment"
}

# die_at KEY FAULT: weir is killed while it waits for the answer.
die_at()
{
	control '{"faults": ['"$2"']}'
	"$WEIR" trigger nightly $ok -k "$1" >/dev/null 2>&1 </dev/null 3>&- &
	pid=$!
	until_true server_has 1 held
	kill -9 "$pid"
	wait "$pid" || true
	control '{"faults": [], "release": true}'
	until_true server_has 0 held
}

@test "trigger: killed before and after the server has it: the next weir finds or sends it" {
	die_at after '{"kind": "lost", "ms": 60000, "match": "create_flow_run"}'
	[ "$(of_key after)" = 1 ]
	weir2 runs --refresh -n 1
	says "trigger of build-package/nightly"
	says "started as"
	[ "$(of_key after)" = 1 ]
	die_at before '{"kind": "stall", "ms": 60000, "match": "create_flow_run"}'
	[ "$(of_key before)" = 0 ]
	for i in 1 2 3; do
		"$WEIR" history >"$T/$i" 2>&1 3>&- &
	done
	wait %2 %3 %4 2>/dev/null || wait
	[ "$(of_key before)" = 1 ]
	die_at old '{"kind": "stall", "ms": 60000, "match": "create_flow_run"}'
	sqlite3 "$XDG_STATE_HOME"/weir/*.db "UPDATE acts SET at_us = at_us - 700000000 WHERE key = 'old'"
	weir2 history -n 1 -o json
	json 'd[0]["result"] == "not known"'
	says "too old to be sent again"
	[ "$(of_key old)" = 0 ]
	weir2 history --resend 3
	exits 0
	has "started as"
	[ "$(of_key old)" = 1 ]
}

@test "trigger: killed 50 times, at each of its requests: one run each" {
	control '{"set": {"delay_ms": 8}}'
	python3 - "$WEIR" "${FAKE_URL%/api}" <<'P' || die "kills"
import json, os, signal, subprocess, sys, time, urllib.request
weir, url = sys.argv[1:]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
words = ["trigger", "nightly", "-p", "package=zlib", "-p", "platform=linux-64"]
began = time.monotonic()
subprocess.run([weir, *words, "-k", "warm"], check=True, capture_output=True)
whole = time.monotonic() - began
for i in range(50):
    p = subprocess.Popen([weir, *words, "-k", "k%d" % i], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    time.sleep(whole * 2.5 * (i / 50) ** 2)  # the machine may have become slower since
    p.send_signal(signal.SIGKILL)
    p.wait()
    subprocess.run([weir, "runs", "--refresh", "-n", "1"], check=True, capture_output=True)
rows = json.loads(subprocess.run([weir, "history", "-n", "0", "-o", "json"], capture_output=True).stdout)
known = {r["key"] for r in rows}
assert all(r["result"] == "done" for r in rows), rows
with opener.open(urllib.request.Request(url + "/_control", data=b'{"take": "runs"}')) as reply:
    keys = [r["idempotency_key"] for r in json.load(reply)["runs"] if (r["idempotency_key"] or "").startswith("k")]
known.remove("warm")
assert sorted(keys) == sorted(known) and 5 <= len(known) < 50, (len(keys), len(known))
P
}

@test "trigger: dead right after each commit: one run, or none and nothing written down" {
	for n in 1 2 3 4 5 6; do
		status=0
		WEIR_FAULT=commit:$n "$WEIR" trigger nightly $ok -k c$n >/dev/null 2>&1 </dev/null || status=$?
		[ "$status" = 0 ] || [ "$status" = 99 ] || die "commit $n"
		weir2 history -o json
		json 'all(r["result"] == "done" for r in d)'
		[ "$(of_key c$n)" = "$(grep -c '"key":"c'$n'"' "$T/out")" ] || die "commit $n"
	done
	[ "$(of_key c6)" = 1 ]
}

@test "trigger --wait: exits with what the runs came to" {
	for case in COMPLETED:0 FAILED:3 CANCELLED:3; do
		"$WEIR" trigger nightly $ok -w -o name >"$T/id" 2>"$T/err" </dev/null 3>&- &
		pid=$!
		until_true [ -s "$T/id" ]
		control '{"do": [["state", {"id": "'"$(cat "$T/id")"'", "type": "'"${case%:*}"'"}]]}' >/dev/null
		status=0
		wait "$pid" || status=$?
		exits "${case#*:}"
	done
	weir2 trigger nightly $ok --watch --timeout 1s
	exits 8
	says "still Scheduled"
	weir2 trigger nightly -p package=zlib -m platform=linux-64,osx-arm64 -w --timeout 1s
	exits 8
	says "2 of 2 runs have not ended"
}

@test "trigger: completion of deployments, parameters and their choices" {
	weir2 completion values -- @deployments trigger ''
	has "build-package/nightly	farm"
	weir2 completion values -- @parameters trigger '' weir trigger build-package/nightly -p ''
	has "package="
	has "jobs="
	weir2 completion values -- @parameters trigger platform= weir trigger nightly -p platform=
	has "platform=osx-arm64"
	weir2 completion values -- @parameters trigger platform=linux-64, weir trigger nightly -m platform=linux-64,
	has "platform=linux-64,osx-arm64"
	weir2 completion values -- @parameters trigger dry= weir trigger nightly -p dry=
	has "dry=true"
}
