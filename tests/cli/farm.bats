#!/usr/bin/env bats
# Resume, pause, unpause, pools create, set and delete.
load helper

setup()
{
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 60 --days 3
	world
	"$WEIR" sync -q
}

teardown()
{
	weir_cleanup
	fake_stop
}

# at_server PATH PYTHON: what the server itself says, as d.
at_server()
{
	curl -sf "$FAKE_URL$1" >"$T/there"
	python3 -c "import json, sys; d = json.load(open(sys.argv[1])); print($2)" "$T/there"
}

old_server()
{
	fake_stop
	weir_cleanup
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 60 --days 3 --flavour 2.20
	world
	"$WEIR" sync -q
}

writes()
{
	[ "$TEST_BACKEND" != embedded ] || { store_changed; return; }
	control '{"take": "requests"}' >"$T/requests"
	python3 - "$T/requests" <<'P'
import json, sys
print(sum(r["method"] in ("PATCH", "DELETE") or "pause" in r["path"] or
          "resume" in r["path"] or
          r["path"].endswith(("/work_pools/", "/queues")) for r in
          json.load(open(sys.argv[1]))["requests"]))
P
}

# paused NAME [FIELDS]: a run that is paused.
paused()
{
	control '{"do": [["make", {"state": "RUNNING", "name": "'"$1"'"}]]}' >"$T/made"
	id=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["done"][0][0])' "$T/made")
	control '{"do": [["state", {"id": "'"$id"'", "type": "PAUSED", "name": "'"${2:-Paused}"'"}],
		["put", {"id": "'"$id"'", "fields": {"wants": '"${3:-null}"'}}]]}' >/dev/null
	echo "$id"
}

@test "resume: a paused run runs, a suspended one is scheduled, others are refused" {
	id=$(paused one)
	weir2 resume "$id"
	exits 0
	[ "$(cut -f3,4 "$T/out")" = "done	resumed (Running)" ]
	weir2 runs --offline --columns state_name "id:$id"
	is "Running"
	weir2 resume "$id"
	one_error 1
	says "is not paused (Running)"
	id=$(paused two Suspended)
	weir2 resume "$id"
	exits 0
	has "a worker starts it again (Resuming)"
	weir2 resume --dry-run "$(paused three)"
	has "/resume"
	has "{}"
}

@test "resume: input is checked, by weir as JSON and by the server as what it wants" {
	id=$(paused one Paused '"n"')
	weir2 resume "$id"
	one_error 1
	says "'n' is a required property"
	weir2 resume --input '{"n": "x"}' "$id"
	one_error 1
	weir2 resume --input '{"n"' "$id"
	exits 2
	says "resume: --input"
	weir2 resume --input '[1]' "$id"
	exits 2
	says "not a JSON object"
	weir2 resume --input @/nowhere "$id"
	exits 1
	says "/nowhere"
	echo '{"n": 1}' >"$T/input"
	weir2 resume --input "@$T/input" "$id"
	exits 0
	has "resumed"
}

@test "resume: a repeat after a lost answer is no failure" {
	id=$(paused one)
	control '{"faults": [{"kind": "lost", "match": "resume", "times": 1}]}'
	weir2 resume "$id"
	exits 0
	has "resumed (Running)"
}

@test "pause: pool, queue and deployment, and back; history says how" {
	weir2 pause farm
	exits 0
	[ "$(cut -f2-4 "$T/out")" = "farm	done	paused: no worker gets runs of it" ]
	[ "$(at_server /work_pools/farm 'd["is_paused"]')" = True ]
	weir2 pools --offline --columns name,is_paused name:farm
	is "farm	true"
	weir2 pause farm
	exits 0
	has "is paused already"
	weir2 unpause pool farm
	exits 0
	[ "$(at_server /work_pools/farm 'd["is_paused"]')" = False ]
	weir2 pause farm/default
	exits 0
	[ "$(at_server /work_pools/farm/queues/default 'd["is_paused"]')" = True ]
	weir2 pause deployment nightly
	exits 0
	has "its schedules make no runs"
	weir2 history -o json
	json '[r["reverse"] for r in d] == ["weir unpause deployment build-package/nightly",
		"weir unpause queue farm/default", "weir pause pool farm", "weir unpause pool farm"]'
	json 'd[0]["path"].endswith("/pause_deployment") and d[1]["path"].startswith("PATCH /")'
	for undo in 0 1; do
		python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[int(sys.argv[2])]["reverse"])' "$T/out" "$undo" >"$T/undo.$undo"
	done
	for undo in 0 1; do
		read -r -a words <"$T/undo.$undo"
		weir2 "${words[@]:1}"
		exits 0
	done
	[ "$(at_server /work_pools/farm/queues/default 'd["is_paused"]')" = False ]
}

@test "pause: not offline" {
	weir2 --offline pause farm
	exits 5
}

@test "pause: names that are none, of two kinds, of runs; read-only" {
	writes
	weir2 pause nosuch
	one_error 1
	says "no deployment, work pool or work queue"
	control '{"do": [["touch_deployment", {"name": "nightly"}]]}'
	"$WEIR" pools create nightly >"$T/made"
	weir2 pause nightly
	exits 1
	says "is the name of a deployment and of a work pool"
	says "weir pause deployment nightly"
	weir2 pause pool nightly
	exits 0
	weir2 pause "$("$WEIR" runs --offline -n 1 -o name state:running)"
	exits 2
	says "its own code pauses it"
	writes
	weir2 --read-only pause farm
	one_error 1
	says "read-only"
	weir2 pause --dry-run farm
	exits 0
	has "PATCH /work_pools/farm"
	weir2 pause --query 'name:*'
	exits 2
	weir2 pause farm metal
	exits 2
	says "pause: 2 work pools: there is nobody to be asked"
	weir2 pools delete farm
	exits 2
	says "delete: work pool farm: there is nobody to be asked"
	[ "$(writes)" = 0 ]
	weir2 --yes unpause pool --query 'paused:yes'
	exits 0
	[ "$(at_server /work_pools/metal 'd["is_paused"]')" = False ]
}

@test "pools: create, set, delete: pools and queues" {
	weir2 pools create new --type docker --limit 3 --description "a pool"
	exits 0
	[ "$(at_server /work_pools/new '(d["type"], d["concurrency_limit"], d["description"])')" = "('docker', 3, 'a pool')" ]
	weir2 pools --offline --columns name,type name:new
	is "new	docker"
	weir2 pools create new/fast --priority 1
	exits 0
	weir2 pools create new
	one_error 1
	says "there is one of that name"
	weir2 pools create nosuch/queue
	one_error 1
	says "there is no such work pool"
	weir2 pools create prefect-x
	one_error 1
	says "reserved"
	weir2 pools set new --limit none
	exits 0
	[ "$(at_server /work_pools/new 'd["concurrency_limit"]')" = None ]
	weir2 pools set new --limit none
	exits 0
	has "is so already"
	weir2 pools set new/fast --priority 4 --limit 2
	exits 0
	[ "$(at_server /work_pools/new/queues/fast '(d["priority"], d["concurrency_limit"])')" = "(4, 2)" ]
	weir2 history -o json -n 1
	json 'd[0]["reverse"] == "weir pools set new/fast --limit none --priority 1"'
	weir2 pools delete new/default --yes
	one_error 1
	says "is the default queue of its pool"
	weir2 pools delete new
	exits 2
	says "nobody to be asked"
	weir2 pools delete new --dry-run
	has "DELETE /work_pools/new"
	has "2 queues go with it: default, fast"
	weir2 pools delete new --yes
	exits 0
	weir2 pools --offline -o name name:new
	[ ! -s "$T/out" ]
	weir2 pools --offline --queues -o name pool:new
	[ ! -s "$T/out" ]
	weir2 pools delete new --yes
	one_error 1
}

@test "pools: what does not go together is said before anything is sent" {
	writes
	for args in "create" "set farm" "set farm --priority 2" "create farm/x --type docker" \
		"delete farm --limit 2 --yes" "create a%b" "create a/b/c" "create x --limit many" \
		"create farm/x --priority 0" "set farm --limit -4" "--limit 3 farm"; do
		weir2 pools $args
		one_error 2
	done
	weir2 pools set farm --type docker
	one_error 1
	says "cannot be changed"
	[ "$(writes)" = 0 ]
}

@test "pools: what a deleted pool takes with it is told" {
	weir2 pools delete farm --dry-run
	exits 0
	has "queues go with it"
	has "left without a pool: build-"
	has "1 run waits that nobody will take up: gcc-"
	weir2 pause farm --dry-run
	has "until it goes on"
	weir2 pause farm --dry-run -o json
	json 'd[0]["method"] == "PATCH" and d[0]["body"] == {"is_paused": True} and "until it goes on" in d[0]["message"]'
	weir2 pools delete farm
	exits 2
	says "try: weir pools delete --yes ..."
}

@test "pools: no answer: looked up, not sent twice" {
	control '{"faults": [{"kind": "lost", "match": "POST .*/work_pools/$", "times": 1}]}'
	weir2 pools create new
	exits 5
	says "not known whether it was done"
	weir2 history -o json
	says "create of new"
	says "was done"
	json 'd[0]["result"] == "done"'
	control '{"faults": [{"kind": "drop", "match": "PATCH", "times": 40}]}'
	PREFECT_API_REQUEST_TIMEOUT=2 timeout 100 "$WEIR" pause new >"$T/out" 2>"$T/err" || status=$?
	control '{"faults": []}'
	weir2 history -o json
	says "pause of new"
	json 'd[0]["result"] == "not known"'
	weir2 history --resend 2
	exits 0
	[ "$(at_server /work_pools/new 'd["is_paused"]')" = True ]
}

@test "2.20: a deployment of several schedules is paused all the same" {
	old_server
	weir2 pause deployment nightly
	exits 0
	weir2 unpause nightly
	exits 0
	control '{"do": [["touch_deployment", {"name": "nightly", "schedules": [
		{"id": "00000000-0000-4000-8000-000000000001", "active": true, "schedule": {"cron": "0 1 * * *", "timezone": "UTC", "day_or": true}},
		{"id": "00000000-0000-4000-8000-000000000002", "active": true, "schedule": {"cron": "0 2 * * *", "timezone": "UTC", "day_or": true}}]}]]}'
	"$WEIR" sync -q
	weir2 pause nightly
	exits 0
	weir2 history -o json -n 1
	json 'd[0]["path"].startswith("PATCH /deployments/") and d[0]["body"] == {"paused": True}'
	weir2 unpause nightly
	exits 0
	weir2 pools create new/q
	exits 1
	weir2 pools create new
	exits 0
	weir2 resume "$(paused one)"
	exits 0
}

@test "history: by action, result, time and words" {
	"$WEIR" pause farm >/dev/null
	"$WEIR" unpause farm >/dev/null
	"$WEIR" pools create new >/dev/null
	"$WEIR" pools create new >/dev/null 2>&1 || true
	weir2 history -o json --action pause,unpause
	json '[r["action"] for r in d] == ["unpause", "pause"]'
	weir2 history -o json --result refused
	json '[r["action"] for r in d] == ["create"]'
	weir2 history -o json new
	json 'len(d) == 2'
	weir2 history --action pause,unpose
	one_error 2
	says "try: weir history --action 'unpause'"
	weir2 history --result lost
	exits 2
	weir2 history -o json -n 1 --action create
	json 'len(d) == 1'
	weir2 history -o json --since 1h
	json 'len(d) == 4'
	weir2 history -o json --since 2099-01-01T00:00:00Z
	json 'd == []'
	weir2 history --since never
	one_error 2
}

@test "pools, pause: no server: the name is said all the same" {
	fake_stop
	weir2 pools create new
	one_error 5
	says "create: new: server: "
	weir2 pause farm
	one_error 5
	says "pause: farm "
}
