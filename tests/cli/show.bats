#!/usr/bin/env bats
# weir show, graph, open: one object with all that belongs to it.
load synced

setup_file()
{
	fake_start --runs 300
	sync_once
	# the newest failed run that has child runs
	PARENT=$(python3 - "$BATS_FILE_TMPDIR/runs" <<'P'
import json, sys
runs = json.load(open(sys.argv[1]))
parents = {r["parent_run_id"] for r in runs if r["parent_run_id"]}
print(next(r["id"] for r in runs if r["id"] in parents and r["state_type"] == "FAILED"))
P
	)
	export PARENT
}

# ask PATH [BODY]: what the server itself says.
ask()
{
	if [ -n "$2" ]; then
		curl -sf -H 'Content-Type: application/json' -d "$2" "$FAKE_URL$1"
	else
		curl -sf "$FAKE_URL$1"
	fi
}

@test "show: the run, its states, task runs, children and artifacts are the server's" {
	weir2 show "$PARENT" -o json
	exits 0
	ask "/flow_runs/$PARENT" >"$T/object"
	ask "/flow_run_states/?flow_run_id=$PARENT" >"$T/states"
	ask /task_runs/filter "{\"flow_runs\":{\"id\":{\"any_\":[\"$PARENT\"]}}}" >"$T/tasks"
	ask /flow_runs/filter \
		"{\"flow_runs\":{\"parent_flow_run_id\":{\"any_\":[\"$PARENT\"]}}}" >"$T/children"
	ask /artifacts/filter "{\"artifacts\":{\"flow_run_id\":{\"any_\":[\"$PARENT\"]}}}" >"$T/artifacts"
	python3 - "$T" <<'P'
import json, sys
t = sys.argv[1]
d, run, states, tasks, children, artifacts = (json.load(open(f"{t}/{n}")) for n in
    ("out", "object", "states", "tasks", "children", "artifacts"))
for k in ("id", "name", "parameters", "tags", "state", "state_type", "flow_id"):
    assert d[k] == run[k], (k, d[k], run[k])
assert [s["id"] for s in d["state_history"]] == [s["id"] for s in states], "states"
ids = lambda l: sorted(o["id"] for o in l)
assert ids(d["task_runs"]) == ids(tasks) and tasks, "task runs"
assert ids(d["children"]) == ids(children) and children, "children"
assert ids(d["artifacts"]) == ids(artifacts), "artifacts"
assert d["pickup"] is None
P
}

@test "show: as text it says what, why, when, where, with what, and the tasks" {
	weir2 show "$PARENT" -o table
	exits 0
	silent
	has "Failed"
	has "$PARENT"
	local label
	for label in when with state id; do
		grep -q "^ $label  " "$T/out" || die "no line '$label'"
	done
	grep -Eq '^TASK +STATE +TOOK' "$T/out" || die "no tasks"
	! grep -q "^STATES\|^MEMBERS\|flow_version" "$T/out" || die "more than is wanted"
	harmless "$T/out"
	weir2 show "$PARENT" -o table --all
	grep -q ^STATES "$T/out" && grep -q ^MEMBERS "$T/out" && grep -q ' flow_id' "$T/out" ||
		die "--all is not all"
}

@test "show: in a pipe name and value, all that the object has" {
	weir2 show "$PARENT" -o json
	mv "$T/out" "$T/json"
	weir2 show "$PARENT"
	exits 0
	silent
	python3 - "$T" <<'P'
import json, sys
t = sys.argv[1]
d = json.load(open(f"{t}/json"))
lines = [l.split("\t") for l in open(f"{t}/out").read().splitlines()]
assert all(len(l) == 2 for l in lines), "two fields a line"
got = {}
for name, value in lines:
    got.setdefault(name, []).append(value)
assert {n.split(".")[0] for n in got} == set(d), "a member is missing"
assert got["state_type"] == [d["state_type"]] and got["id"] == [d["id"]]
assert got["start_time"] == [d["start_time"]]
for n, v in d["parameters"].items():
    g = got[f"parameters.{n}"][0]
    assert g == v if isinstance(v, str) else json.loads(g) == v if v is not None else g == "", (n, g, v)
assert got["tags"] == [",".join(d["tags"])]
assert got["task_runs"] == [o["id"] for o in d["task_runs"]]
P
	weir2 show "$PARENT" -o tsv
	exits 0
	grep -q "^state_type	FAILED$" "$T/out"
}

@test "show: on a terminal no line is wider than it" {
	NO_COLOR=1 PAGER=cat on_tty 80x24 "$WEIR" show "$PARENT"
	exits 0
	python3 - "$T/tty" <<'P'
import sys
lines = open(sys.argv[1], encoding="utf-8").read().replace("\r", "").split("\n")
wide = [l for l in lines if len(l) > 80]
assert not wide, wide
P
}

@test "show: the same by prefix, name, @failed and web address" {
	local name
	name=$(python3 -c '
import json, sys
print(next(r["id"] for r in json.load(open(sys.argv[1])) if r["state_type"] == "FAILED"))
' "$BATS_FILE_TMPDIR/runs")
	weir2 show "${PARENT%%-*}" -o name
	is "$PARENT"
	weir2 show --offline @failed -o name
	is "$name"
	weir2 show "http://x/runs/flow-run/$PARENT" -o name
	is "$PARENT"
}

@test "show: a flow has its deployments, a deployment its runs, a pool its queues" {
	local flow deployment pool
	flow=$(ask /flows/filter '{"limit":1}' | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
	weir2 show "$flow" -o json
	json "d['id'] == '$flow' and 'deployments' in d and len(d['runs']) <= 10"
	deployment=$(ask /deployments/filter '{"limit":1}' | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
	weir2 show "$deployment" -o json
	json "d['id'] == '$deployment' and all(r['deployment_id'] == d['id'] for r in d['runs'])"
	pool=$(ask /work_pools/filter '{"limit":1}' | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["name"])')
	weir2 show "$pool" -o json
	json "d['name'] == '$pool' and len(d['queues']) > 0"
	weir2 show "$pool" -o table
	has QUEUES
}

@test "show: a task run has its run" {
	local task
	task=$(ask /task_runs/filter "{\"flow_runs\":{\"id\":{\"any_\":[\"$PARENT\"]}},\"limit\":1}" |
		python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
	weir2 show "$PARENT" -q
	weir2 show "$task" -o json
	exits 0
	json "d['id'] == '$task' and d['flow_run_id'] == '$PARENT'"
}

@test "show: not found and too many are said, with what to try" {
	weir2 show no-such-thing
	exits 1
	says no-such-thing
	weir2 show
	exits 2
	weir2 show "$PARENT" -o csv
	exits 2
}

@test "an id that several objects have: what to type is the same command" {
	local cmd
	python3 - "$BATS_FILE_TMPDIR/runs" >"$T/prefix" <<'P'
import collections, json, sys
n = collections.Counter(r["id"][:4] for r in json.load(open(sys.argv[1])))
print(next((p for p, k in n.items() if k > 1), ""))
P
	prefix=$(cat "$T/prefix")
	[ -n "$prefix" ] || skip "no two ids begin alike"
	for cmd in show logs graph open; do
		weir2 --offline "$cmd" "$prefix"
		exits 1
		says "runs begin with it"
		grep -q "^try: weir $cmd $prefix" "$T/err" || die "$cmd: $(tail -n 1 "$T/err")"
		# what it says is right
		[ "$cmd" = show ] || continue
		weir2 --offline show -o name "$(sed -n 's/^try: weir show //p' "$T/err")"
		exits 0
	done
}

@test "show: a waiting run says what it waits for" {
	local id
	id=$("$WEIR" runs --offline state:scheduled,late -n 1 -o name)
	[ -n "$id" ] || skip "no run waits"
	weir2 show "$id" -o table
	has "WHY IT WAITS"
	weir2 show "$id" -o json
	json "any(c['check'] == 'state' for c in d['pickup'])"
}

@test "show: on a terminal nothing harmful, nothing wider than it" {
	on_tty 100x30 "$WEIR" show "$PARENT"
	exits 0
	harmless "$T/tty"
	has Failed
}

@test "graph: every task run and child run is in the tree once" {
	weir2 graph "$PARENT" -o json
	exits 0
	ask /task_runs/filter "{\"flow_runs\":{\"id\":{\"any_\":[\"$PARENT\"]}}}" >"$T/tasks"
	ask /flow_runs/filter \
		"{\"flow_runs\":{\"parent_flow_run_id\":{\"any_\":[\"$PARENT\"]}}}" >"$T/children"
	python3 - "$T" <<'P'
import json, sys
t = sys.argv[1]
d, tasks, children = (json.load(open(f"{t}/{n}")) for n in ("out", "tasks", "children"))
def walk(n, depth=0):
    yield n, depth
    for c in n["children"]:
        yield from walk(c, depth + 1)
nodes = [n for n, _ in walk(d)]
ids = [n["id"] for n in nodes]
assert len(ids) == len(set(ids))
assert {x["id"] for x in tasks} <= set(ids) and {x["id"] for x in children} <= set(ids)
stand_in = {c["parent_task_run_id"]: c["id"] for c in children}
for n in nodes:
    if n["id"] in stand_in:
        assert [c["id"] for c in n["children"]] == [stand_in[n["id"]]]
P
}

@test "graph: rows have the depth, lines a branch and a bar" {
	weir2 graph "$PARENT"
	exits 0
	[[ ${output%%$'\t'*} = 0 ]]
	[ "$(cut -f 1 "$T/out" | sort -u | head -n 2 | tail -n 1)" = 1 ]
	[ "$(awk -F '\t' 'NF != 10' "$T/out" | wc -l)" = 0 ]
	weir2 graph "$PARENT" -o table
	grep -Eq '^RUN +STATE +TOOK' "$T/out"
	has "├ "
	has "▇"
	weir2 graph "$PARENT" --depth 0 -o tsv
	[ "$(awk -F '\t' '$1 > 2' "$T/out" | wc -l)" = 0 ]
	LC_ALL=C on_tty 100x30 "$WEIR" graph "$PARENT"
	has "| "
	harmless "$T/tty"
}

@test "open: prints the address, starts the browser without a shell" {
	local base=${FAKE_URL%/api}
	weir2 open --print "$PARENT"
	is "$base/runs/flow-run/$PARENT"
	printf '#!/bin/sh\nfor a; do echo "[$a]"; done >"%s/args"\n' "$T" >"$T/browser"
	chmod +x "$T/browser"
	BROWSER="$T/browser --new %s;touch" weir2 open "$PARENT"
	exits 0
	[ "$(cat "$T/args")" = "$(printf '[--new]\n[%s;touch]' "$base/runs/flow-run/$PARENT")" ]
	BROWSER="$T/browser" weir2 open "$PARENT"
	[ "$(cat "$T/args")" = "[$base/runs/flow-run/$PARENT]" ]
	BROWSER=$T/no-such-browser weir2 open "$PARENT"
	one_error 1
}

@test "open: cloud's and configured pages; no other scheme" {
	PREFECT_UI_URL=https://ui/x weir2 --offline open --print "$PARENT"
	is "https://ui/x/runs/flow-run/$PARENT"
	PREFECT_UI_URL=file:///etc weir2 --offline open --print "$PARENT"
	exits 2
	says "not an http:// or https:// address"
}

# The last one: where there is one farm at a time, that of the others is gone.
@test "show: the server is away, what is known is shown, exit 0" {
	local id
	fake_start --runs 40
	export PREFECT_API_URL=$FAKE_URL
	weir2 show @failed -o json
	id=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["id"])' "$T/out")
	cp "$T/out" "$T/before"
	fake_stop
	weir2 show "$id" -o json
	exits 0
	says "data of "
	[ "$(wc -l <"$T/err")" -le 2 ] || die "more than it needs"
	cmp "$T/before" "$T/out"
	weir2 show --offline "$id" -o json
	exits 0
	silent
	cmp "$T/before" "$T/out"
}

@test "a script does not wait for a run that lives to end" {
	live=$("$WEIR" runs --offline -q -n 1 -o name state:running)
	printf '%s\n' "command show $live" wait-idle "dump $T/show" 'key T' wait-idle "dump $T/graph" >"$T/script"
	timeout 60 "$WEIR" --offline --script "$T/script"
	head -1 "$T/show" | grep -q "weir show"
	head -1 "$T/graph" | grep -q "weir graph"
}
