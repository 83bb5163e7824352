#!/usr/bin/env bats
# Runs of Metaflow in the same lists as a server's; what can be asked of them, what not.
load synced

RUN=TreeFlow/1790000000000002

setup()
{
	synced_world
	"$ROOT/tests/lib/metaflow_tree" "$T/w" "$(date +%s)" >"$T/made"
	mkdir -p "$T/w/below"
	cd "$T/w/below" || return 1
}

teardown()
{
	cd / || return 1
	weir_cleanup
}

# What a Python expression says of the JSON in a file, as `d`.
jq_py()
{
	python3 -c "import json, sys; d = json.load(open(sys.argv[1])); print(($1))" "${2:-$T/out}"
}

# Where nothing but Metaflow is.
alone()
{
	unset PREFECT_API_URL WEIR_PROFILE
	export XDG_DATA_HOME=$T/nothing
}

@test "runs: both in one list, in one order; a query tells them apart" {
	WEIR_METAFLOW=false weir2 runs --offline -n 0 -o json
	exits 0
	cp "$T/out" "$T/prefect"
	weir2 runs --offline -n 0 -o json source:metaflow
	exits 0
	cp "$T/out" "$T/metaflow"
	weir2 runs --offline -n 0 -o json
	exits 0
	python3 - "$T" <<'P'
import json, sys
prefect, metaflow, both = (json.load(open(f"{sys.argv[1]}/{n}")) for n in ("prefect", "metaflow", "out"))
assert len(metaflow) == 4 and len(both) == len(prefect) + 4
assert {r["source"] for r in prefect} == {"prefect"} and {r["source"] for r in metaflow} == {"metaflow"}
by = {r["id"]: r for r in prefect + metaflow}
assert [by[r["id"]] for r in both] == both
for one in (prefect, metaflow):
    ids = {r["id"] for r in one}
    assert [r["id"] for r in both if r["id"] in ids] == [r["id"] for r in one]
P
	weir2 runs --offline -n 0 -o json --sort name
	exits 0
	[ "$(jq_py '[r["name"].lower() for r in d] == sorted(r["name"].lower() for r in d)')" = True ]
	weir2 runs --offline -o name source:prefect -n 0
	[ "$(wc -l <"$T/out")" = "$(jq_py 'len(d)' "$T/prefect")" ]
	weir2 runs --offline --columns source,name flow:TreeFlow state:completed
	[ "$(sort "$T/out")" = "metaflow	TreeFlow/1790000000000001
metaflow	TreeFlow/1790000000000003" ]
	weir2 flows --offline source:metaflow --columns name,runs
	[ "$(cat "$T/out")" = "TreeFlow	4" ]
	weir2 task-runs --offline source:metaflow task_key:work state:failed --columns name,run_name
	[ "$(cat "$T/out")" = "work/3	$RUN" ]
}

@test "metaflow: off where weir.conf says so" {
	mkdir -p "$XDG_CONFIG_HOME/weir"
	echo 'metaflow = false' >>"$XDG_CONFIG_HOME/weir/weir.conf"
	weir2 runs --offline source:metaflow
	exits 0
	[ ! -s "$T/out" ]
	[ -z "$(find "$XDG_CACHE_HOME/weir" -name 'metaflow@*')" ]
}

@test "show: a run, a step, a task, by pathspec; its tasks are listed" {
	weir2 show "$RUN" -o json
	exits 0
	[ "$(jq_py 'd["pathspec"], d["state_type"], [t["name"] for t in d["task_runs"]]')" = \
		"('$RUN', 'FAILED', ['start/1', 'work/2', 'work/3'])" ]
	id=$(jq_py 'd["id"][:9]')
	weir2 show "$id" -o json
	[ "$(jq_py 'd["pathspec"]')" = "$RUN" ]
	for spec in "$RUN/work/3" "$RUN/work"; do
		weir2 show "$spec" -o json
		exits 0
		[ "$(jq_py 'd["pathspec"], d["state_type"]')" = "('$RUN/work/3', 'FAILED')" ]
	done
	weir2 show "$RUN/work/9"
	exits 1
	weir2 graph "$RUN"
	exits 0
	[ "$(wc -l <"$T/out")" = 4 ]
}

@test "logs: of its tasks, read when they are asked for; one search over all" {
	weir2 logs "$RUN"
	exits 0
	[ "$(tail -n 1 "$T/out")" = "ValueError: no such thing" ]
	weir2 logs --offline TreeFlow/1790000000000001
	exits 0
	grep -q '^end 4 begins' "$T/out"
	weir2 logs "$RUN" --task work/2
	[ "$(sort "$T/out")" = "warning: work 2
work 2 begins" ]
	weir2 logs --offline "$RUN/work/3"
	exits 1
	says "try: weir logs $RUN --task work/3"
	weir2 logs --runs source:metaflow --grep 'start . begins'
	exits 0
	[ "$(wc -l <"$T/out")" = 4 ]
	weir2 why "$RUN"
	exits 0
	grep -q 'work/3.*ValueError: no such thing' "$T/out"
}

@test "watch: ends with the run; other actions are refused in one line, nothing is sent" {
	weir2 watch "$RUN"
	exits 3
	grep -q 'FAILED.*ValueError' "$T/out"
	for cmd in retrigger cancel resume; do
		weir2 "$cmd" --yes "$RUN"
		exits 1
		says "weir: $cmd: $RUN is a run of Metaflow, which weir can only show"
	done
	says "try: python FILE resume --origin-run-id 1790000000000002"
	for what in "$RUN" "$RUN/work/3"; do
		weir2 open --offline --print "$what"
		exits 1
		[ ! -s "$T/out" ]
		says "weir: open: $what is of Metaflow, of which weir knows no web page"
	done
	weir2 cancel --yes --query source:metaflow
	says "weir: 4 of Metaflow are left out: weir can only show them"
}

@test "alone: without a server Metaflow's runs are all there is" {
	alone
	weir2 runs -o name
	exits 0
	[ "$(wc -l <"$T/out")" = 4 ]
	weir2 show "$RUN" -o name
	exits 0
	weir2 logs "$RUN"
	exits 0
	weir2 why "$RUN"
	exits 0
	weir2 cancel --yes "$RUN"
	exits 1
	[ ! -e "$XDG_DATA_HOME/weir/embedded.db" ]
	cd /
	weir2 runs
	exits 2
}

@test "what is new in the folder is there the next time" {
	weir2 runs --offline -o name flow:TreeFlow
	[ "$(wc -l <"$T/out")" = 4 ]
	"$ROOT/tests/lib/metaflow_tree" "$T/w" "$(date +%s)" 6
	weir2 runs --offline -o name flow:TreeFlow
	[ "$(wc -l <"$T/out")" = 6 ]
	rm -rf "$T/w/.metaflow/TreeFlow/1790000000000006"
	weir2 runs --offline -o name flow:TreeFlow
	[ "$(wc -l <"$T/out")" = 5 ]
}
