#!/usr/bin/env bats
# Register: what is compared, what is sent, what is refused before anything is.
load helper

setup()
{
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 40 --days 3 ${FLAVOUR:+--flavour $FLAVOUR}
	world
	mkdir "$T/p"
	cd "$T/p" || return 1
	cat >flow.py <<'P'
from prefect import flow

@flow
def build(n: int = 1, package: str = "zlib"):
    """Build it."""
P
	cat >prefect.yaml <<'Y'
name: farm
pull: []
x-flow: &flow
  entrypoint: flow.py:build
  flow_name: build
  parameter_openapi_schema:
    {type: object, properties: {n: {type: integer}, package: {type: string}}}
deployments:
  - name: one
    <<: *flow
    tags: [a, b]
    parameters: {n: 2}
    work_pool: {name: farm}
    schedules:
      - {slug: nightly, cron: "0 3 * * *"}
      - {slug: hourly, interval: 3600}
  - name: two
    <<: *flow
    work_pool: {name: farm, work_queue_name: high, job_variables: {env: {A: "1"}}}
    concurrency_limit: {limit: 2, collision_strategy: ENQUEUE}
Y
	[[ $TEST_BACKEND != 2.* ]] || { cp prefect.yaml prefect3.yaml && of_prefect_2; }
}

# Without what is of Prefect 3: slugs of schedules, limits of deployments.
of_prefect_2()
{
	edit 's = s.replace("slug: nightly, ", "").replace("slug: hourly, ", "")'
	edit 's = s[:s.index("    concurrency_limit")]'
}

teardown()
{
	cd /
	weir_cleanup
	fake_stop
}

reg()
{
	weir2 register --schema static "$@"
}

# Requests that write, a line each; and they are forgotten.
writes()
{
	control '{"take": "requests"}' >"$T/requests"
	python3 - "$T/requests" <<'P'
import json, re, sys
for r in json.load(open(sys.argv[1]))["requests"]:
    reads = r["method"] == "GET" or re.search("/(filter|count|history)$", r["path"])
    if not reads:
        print(r["method"], re.sub("[0-9a-f]{8}-[0-9a-f-]{27}", "ID", r["path"])[4:], r["body"])
P
}

# Nothing was written since this was last called.
unwritten()
{
	if [ "$TEST_BACKEND" = embedded ]; then
		[ "$(store_changed)" = 0 ]
	else
		[ -z "$(writes)" ]
	fi
}

# edit PYTHON: of s, the text of prefect.yaml.
edit()
{
	python3 - "$1" <<'P'
import sys
s = open("prefect.yaml").read()
scope = {"s": s}
exec(sys.argv[1], scope)
assert scope["s"] != s
open("prefect.yaml", "w").write(scope["s"])
P
}

# Ids of the runs that schedules made.
scheduled()
{
	control '{"take": "runs"}' | python3 -c 'import json, sys
print(*sorted(r["id"] for r in json.load(sys.stdin)["runs"] if r["auto_scheduled"]
              and r["state_type"] == "SCHEDULED"))'
}

@test "register: scheduled runs keep their ids" {
	reg
	before=$(scheduled)
	[ "$(wc -w <<<"$before")" -ge 6 ]
	reg
	has "0 changed, 2 unchanged"
	[ "$(scheduled)" = "$before" ]
}

@test "register: created; again: 0 changed, nothing is written" {
	"$WEIR" sync -q
	reg
	exits 0
	silent
	is "created    build/one
created    build/two
2 created, 0 changed"
	[ "$(writes | cut -d' ' -f1,2 | sort | uniq -c | tr -s ' ' | paste -sd,)" = " 2 POST /deployments/, 1 POST /flows/" ]
	weir2 history -o json -n 0
	json '[(r["kind"], r["name"]) for r in d] == [("deployment", "build/two"), ("deployment", "build/one"), ("flow", "build")]'
	weir2 show build/one --offline -o json
	exits 0
	reg
	exits 0
	is "unchanged  build/one
unchanged  build/two
0 changed, 2 unchanged"
	[ -z "$(writes)" ]
	# the store has them at once
	grep -qx two <("$WEIR" deployments --offline -n 0 -o tsv --columns name)
}

@test "register: a change sends only what differs, in one request" {
	reg
	writes >"$T/first"
	edit 's = s.replace("[a, b]", "[b, c]").replace("n: 2", "n: 3")'
	reg
	exits 0
	is "changed    build/one  tags, parameters
unchanged  build/two
1 changed, 1 unchanged"
	writes >"$T/second"
	[ "$(cat "$T/second")" = 'PATCH /deployments/ID {"tags":["b","c"],"parameters":{"n":3}}' ] ||
		die "$(cat "$T/second")"
	# the order of tags is none
	edit 's = s.replace("[b, c]", "[c, b]")'
	reg
	has "0 changed"
	[ -z "$(writes)" ]
}

@test "register: schedules by slug: one changes, one goes, the other keeps its id" {
	reg
	writes >"$T/first"
	ids='import json, sys; print(*sorted((s["slug"], s["id"]) for s in json.load(sys.stdin)["schedules"]))'
	curl -s "$FAKE_URL/deployments/name/build/one" | python3 -c "$ids" >"$T/before"
	edit 's = s.replace("0 3 * * *", "0 4 * * *")'
	reg
	has "changed    build/one  schedules"
	[ "$(writes)" = 'PATCH /deployments/ID {"schedules":[{"slug":"nightly","schedule":{"cron":"0 4 * * *","day_or":true},"active":true,"parameters":{}}]}' ] ||
		[ "$(control '{"take": "stats"}' >/dev/null; grep -c PATCH <<<"$(writes)")" = 0 ]
	curl -s "$FAKE_URL/deployments/name/build/one" | python3 -c "$ids" >"$T/after"
	cmp "$T/before" "$T/after"
	edit 's = s.replace("      - {slug: hourly, interval: 3600}\n", "")'
	reg
	[ "$(writes)" = "DELETE /deployments/ID/schedules/ID " ]
	reg
	has "0 changed"
	edit 's = s.replace("    schedules:\n      - {slug: nightly, cron: \"0 4 * * *\"}\n", "    schedules: []\n")'
	reg
	[ "$(writes)" = "DELETE /deployments/ID/schedules/ID " ]
	reg
	has "0 changed"
}

@test "register: to schedules without slugs and back" {
	reg
	edit 's = s.replace("slug: nightly, ", "").replace("slug: hourly, ", "")'
	writes >"$T/first"
	reg
	exits 0
	[ "$(writes | cut -d' ' -f1 | paste -sd' ')" = "DELETE DELETE PATCH" ]
	reg
	has "0 changed"
	edit 's = s.replace("{cron", "{slug: x, cron").replace("{interval", "{slug: y, interval")'
	reg
	has "changed    build/one  schedules"
	reg
	has "0 changed"
}

@test "register: a queue, job variables and pool go together" {
	reg
	writes >"$T/first"
	edit 's = s.replace("queue_name: high", "queue_name: low")'
	reg
	has "changed    build/two  work_queue_name"
	[ "$(writes)" = 'PATCH /deployments/ID {"work_queue_name":"low","work_pool_name":"farm","job_variables":{"env":{"A":"1"}}}' ]
	edit 's = s.replace(", work_queue_name: low", "")'
	reg
	has "work_queue_name"
	reg
	has "0 changed"
}

@test "register: a limit goes, its strategy with it" {
	reg
	edit 's = s.replace("concurrency_limit: {limit: 2, collision_strategy: ENQUEUE}", "paused: true")'
	reg
	has "changed    build/two  paused, concurrency_limit, concurrency_options"
	reg
	has "0 changed"
}

@test "register --dry-run, --diff, --check: nothing is sent; 1 differs, 6 fails" {
	reg --dry-run
	exits 0
	has "created    build/one"
	has "dry run, nothing was sent: 2 created, 0 changed"
	reg --check
	exits 1
	says "the server differs"
	[ -z "$(writes)" ]
	reg
	edit 's = s.replace("[a, b]", "[a, c]")'
	writes >"$T/first"
	reg --diff
	is 'changed    build/one  tags
  tags
    [
      "a",
  -   "b"
  +   "c"
    ]
unchanged  build/two
dry run, nothing was sent: 1 changed, 1 unchanged'
	reg --diff --check --color always
	exits 1
	grep -q $'\033\\[31m-   "b"' "$T/out"
	edit 's = s.replace("work_pool: {name: farm}", "work_pool: {name: nowhere}")'
	reg --check
	exits 6
	says "no work pool 'nowhere'"
	reg --check nosuch.yaml
	exits 6
	control '{"set": {"auth": "a:b"}}' >/dev/null
	reg --check
	exits 4
	[ -z "$(writes | grep -v flows/filter)" ]
}

@test "register: all of a file or nothing; the line is told" {
	unwritten || true
	edit 's = s.replace("n: 2", "n: two").replace("work_pool: {name: farm, work", "work_pool: {name: gone, work")'
	reg
	exits 1
	says 'prefect.yaml:9:5: build/one: parameters.n: "two" is not'
	says "prefect.yaml:17:5: build/two: work_pool.name: there is no work pool 'gone'"
	says "2 of 2 deployments: refused, so that nothing was sent"
	[ -z "$output" ]
	unwritten
	edit 's = s.replace("n: two", "n: 2")'
	reg
	exits 1
	says "of 2 deployments none was sent"
	unwritten
	edit 's = s.replace("n: 2", "n: two")'
	edit 's = s.replace("name: gone", "name: farm").replace("n: two", "n: 2").replace("tags: [a, b]", "tags: [a, b")'
	reg
	one_error 1 || exits 1
	says "prefect.yaml:"
	unwritten
}

@test "register: refused by the server: its words, the others are registered" {
	control '{"faults": [{"match": "POST /api/deployments/$", "times": 1, "kind": "status", "status": 409,
		"body": {"detail": "A deployment of this name is being made."}}]}' >/dev/null
	reg
	exits 1
	is "failed     build/one
created    build/two
1 created, 0 changed, 1 failed"
	says "prefect.yaml:9:5: build/one: A deployment of this name is being made"
	weir2 history -o tsv
	has "refused"
	reg
	exits 0
	has "1 created, 0 changed, 1 unchanged"
}

@test "register: 503s and lost answers: once more, then 0 changed" {
	control '{"faults": [{"match": "POST /api/deployments/$", "times": 1, "kind": "lost"},
		{"match": "POST /api/flows/$", "times": 2, "kind": "status", "status": 503}]}' >/dev/null
	reg
	exits 0
	has "2 created"
	reg
	has "0 changed, 2 unchanged"
	control '{"take": "requests"}' >/dev/null
	curl -s -X POST "$FAKE_URL/deployments/filter" -d '{}' | python3 -c 'import json, sys
n = [d["name"] for d in json.load(sys.stdin)]
assert n.count("one") == 1 and n.count("two") == 1, n'
}

@test "register: deleted meanwhile: said; the next makes it anew" {
	reg
	edit 's = s.replace("[a, b]", "[c]")'
	control '{"faults": [{"match": "PATCH", "times": 1, "kind": "status", "status": 404,
		"body": {"detail": "Deployment not found."}}]}' >/dev/null
	reg
	exits 1
	says "someone has deleted it meanwhile"
	reg
	exits 0
	has "changed    build/one  tags"
}

@test "register: not offline" {
	weir2 --offline register
	exits 5
}

@test "register: read-only, no server: refused at once; --dry-run is not" {
	unwritten || true
	weir2 --read-only register --schema static
	exits 1
	says "read-only"
	unwritten
	weir2 --read-only register --schema static --dry-run
	exits 0
	unwritten
	CI=1 WEIR_PROFILE='' PREFECT_API_URL='' weir2 register
	exits 2
}

@test "register --prune: only what this file registered, asked for, with its scheduled runs" {
	reg
	edit 's = s[:s.index("  - name: two")]'
	writes >"$T/first"
	reg --prune
	exits 2
	says "nobody"
	[ -z "$(writes)" ]
	reg --prune --dry-run
	has "removed    build/two"
	[ -z "$(writes)" ]
	reg
	has "0 changed, 1 unchanged"
	reg --prune --yes
	exits 0
	is "unchanged  build/one
removed    build/two
0 changed, 1 removed, 1 unchanged"
	[ "$(writes)" = "DELETE /deployments/ID " ]
	reg --prune --yes
	has "0 changed, 1 unchanged"
	# another file of another name has nothing to remove
	sed 's/^name: farm/name: other/; s/name: one/name: three/' prefect.yaml >other.yaml
	reg other.yaml --prune --yes
	is "created    build/three
1 created, 0 changed"
	reg --prune -n one
	exits 2
}

@test "register --prune: on a terminal the answer is no unless it is y" {
	reg
	edit 's = s.replace("name: one", "name: uno")'
	python3 "$ROOT/tests/cli/tty_keys.py" "$(printf 'n\r')" "$WEIR" register --prune >"$T/tty" || true
	tr -d '\r' <"$T/tty" >"$T/text"
	grep -q "build/one: 6 scheduled runs go with it" "$T/text"
	grep -q "remove this deployment? \[y/N\]" "$T/text"
	grep -q "nothing was done" "$T/text"
	curl -sf "$FAKE_URL/deployments/name/build/one" >/dev/null
	python3 "$ROOT/tests/cli/tty_keys.py" "$(printf 'y\r')" "$WEIR" register --prune >"$T/tty"
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$FAKE_URL/deployments/name/build/one")" = 404 ]
	curl -sf "$FAKE_URL/deployments/name/build/uno" >/dev/null
}

@test "register -n: only these; what none is called" {
	reg -n 't*'
	is "created    build/two
1 created, 0 changed"
	reg -n build/one -n two
	has "1 created, 0 changed, 1 unchanged"
}

@test "register: triggers are compared, replaced if they differ, of others left alone" {
	edit 's += """    triggers:
      - expect: [a.b, a.c]
        match: {prefect.resource.id: \"x.*\"}
        parameters: {n: 3}
"""'
	reg
	exits 0
	id=$(curl -s "$FAKE_URL/deployments/name/build/two" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
	curl -s -X POST "$FAKE_URL/automations/" -d '{"name": "by hand", "trigger": {"type": "event", "posture": "Reactive"},
		"actions": [{"type": "run-deployment", "deployment_id": "'"$id"'"}]}' >/dev/null
	writes >"$T/first"
	reg
	has "0 changed"
	[ -z "$(writes)" ]
	edit 's = s.replace("n: 3}\n", "n: 4}\n")'
	reg
	has "changed    build/two  triggers"
	[ "$(writes | cut -d' ' -f1,2)" = "DELETE /automations/owned-by/prefect.deployment.ID
POST /automations/" ]
	reg
	has "0 changed"
	edit 's = s[:s.index("    triggers:")]'
	reg
	has "changed    build/two  triggers"
	reg
	has "0 changed"
	curl -s "$FAKE_URL/automations/related-to/prefect.deployment.$id" | grep -q '"by hand"'
}

@test "register: variables and blocks of the server; a block's secret is not in the journal" {
	local_values
	edit 's = s.replace("[a, b]", "[\"{{ prefect.variables.channel }}\"]").replace("A: \"1\"", "A: \"{{ prefect.blocks.secret.token }}\"")'
	reg
	exits 0
	curl -s "$FAKE_URL/deployments/name/build/one" | grep -q '"tags":\["main"\]'
	curl -s "$FAKE_URL/deployments/name/build/two" | grep -q s3cret-of-tests
	reg
	has "0 changed"
	weir2 history -o json -n 0
	no_match s3cret "$T/out"
	has "build/two"
	no_match -r s3cret "$XDG_STATE_HOME"
}

@test "register: nobody works for the pool, or it is paused: said at once" {
	sed -i 's/name: farm,/name: metal,/' prefect.yaml
	reg
	exits 0
	says "work pool 'metal' is paused: its runs will wait"
}

@test "register: -o json has the fields, their values before and after; history the writes" {
	reg
	edit 's = s.replace("n: 2", "n: 5")'
	reg -o json
	exits 0
	json '[r["result"] for r in d] == ["changed", "unchanged"] and d[0]["fields"] == ["parameters"] and d[0]["changes"] == [{"field": "parameters", "before": {"n": 2}, "after": {"n": 5}}] and d[0]["line"] == 9'
	reg -o name
	[ "$(grep -cE '^[0-9a-f-]{36}$' "$T/out")" = 2 ]
	weir2 history -o json -n 1
	json 'd[0]["action"] == "register" and d[0]["kind"] == "deployment" and d[0]["message"] == "changed: parameters" and d[0]["path"].startswith("PATCH /deployments/")'
}

@test "register: killed between sending and answer: history says so, the next sends the rest" {
	control '{"faults": [{"match": "POST /api/deployments/$", "times": 1, "kind": "slow", "ms": 60000}]}' >/dev/null
	"$WEIR" register --schema static >/dev/null 2>&1 3>&- &
	pid=$!
	until_true server_has 1 held
	kill -9 $pid
	wait $pid || true
	control '{"faults": []}' >/dev/null
	weir2 history -o tsv
	has "not known"
	says "registering again sends what still differs"
	weir2 history --resend 1
	exits 1
	control '{"release": true}' >/dev/null
	until_true server_has 0 in_flight
	reg
	exits 0
	has "unchanged  build/one"
	reg
	has "0 changed, 2 unchanged"
}

@test "register: a server of Prefect 2" {
	fake_stop
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 40 --days 3 --flavour 2.20
	export PREFECT_API_URL=$FAKE_URL
	[ ! -e prefect3.yaml ] || mv prefect3.yaml prefect.yaml
	reg
	exits 1
	says "prefect.yaml:"
	of_prefect_2
	reg
	exits 0
	has "2 created"
	reg
	has "0 changed"
	writes >"$T/first"
	edit 's = s.replace("[a, b]", "[b]")'
	reg
	[ "$(writes)" = 'PATCH /deployments/ID {"tags":["b"]}' ]
	# steps and schemas cannot be patched there
	edit 's = s.replace("pull: []", "pull:\n  - prefect.deployments.steps.set_working_directory: {directory: /}")'
	reg
	has "changed    build/one  pull_steps"
	[ "$(writes | cut -d' ' -f1,2 | uniq)" = "POST /deployments/" ]
	reg
	has "0 changed"
}
