#!/usr/bin/env bats
# Runs of a metadata service, with no server of Prefect's beside it.
load helper

setup()
{
	. "$ROOT/tests/lib/env.sh"
	cd "$T" || return 1
	unset PREFECT_API_URL WEIR_PROFILE
	export METAFLOW_DEFAULT_METADATA=service WEIR_SYNC_SINCE=all
}

teardown()
{
	[ -z "$SERVICE" ] || kill "$SERVICE" 2>/dev/null || true
	cd / || return 1
	weir_cleanup
}

# Start the service; its options.
serve()
{
	python3 "$ROOT/tests/lib/fake_metaflow.py" "$T/address" --log "$T/asked" "$@" 3>&- &
	SERVICE=$!
	until_true [ -s "$T/address" ]
	METAFLOW_SERVICE_URL=http://bob:sekret1@$(sed 's,http://,,' "$T/address")
	export METAFLOW_SERVICE_URL
}

# No command may tell the password, nor write it anywhere.
secret_kept()
{
	! grep -rlE 'sekret1|Ym9iOnNla3JldDE' "$T" --exclude=address || return 1
}

@test "its runs, their tasks, and where their logs are" {
	serve --runs 5
	weir2 runs -o json --sort name
	exits 0
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert [r["name"] for r in d] == [f"BigFlow/{n}" for n in range(1, 6)], d
assert {(r["state_type"], r["flow_name"], r["source"]) for r in d} == {("COMPLETED", "BigFlow", "metaflow")}, d' "$T/out"
	weir2 show BigFlow/3 -o json
	exits 0
	grep -q 'BigFlow/3/end/31' "$T/out"
	weir2 logs BigFlow/3
	grep -q 'the data store, which is not read: s3://\*\*\*@bucket/mf (s3)' "$T/err"
	secret_kept
}

@test "asked again only for what may have changed; not at all with --offline" {
	serve --runs 3
	weir2 runs -o name
	exits 0
	: >"$T/asked"
	weir2 runs -o name --offline
	exits 0
	[ "$(wc -l <"$T/out")" = 3 ]
	[ ! -s "$T/asked" ]
	weir2 runs -o name --refresh
	exits 0
	[ "$(wc -l <"$T/out")" = 3 ]
	[ "$(sort -u "$T/asked")" = "$(printf '/flows/BigFlow/runs?_limit=500\n/flows?_limit=500')" ]
}

@test "the menu asks it and shows what it says; with --offline it is not asked" {
	serve --runs 3
	menu()
	{
		: >"$T/asked"
		printf 'resize 100x16\nwait-idle\nkey R\nwait-idle\ndump %s/screen\nkey L\nwait-idle\n' \
			"$T" >"$T/script"
		"$WEIR" --script "$T/script" "$@" >"$T/out" 2>"$T/err" || die "$(cat "$T/err")"
	}
	# nothing is known, nor made, of what is not asked
	menu --offline runs
	grep -q "no server is configured" "$T/screen"
	[ ! -s "$T/asked" ]
	menu runs
	grep -q 'Completed  BigFlow  BigFlow/3' "$T/screen"
	[ -s "$T/asked" ]
	for what in runs 'env list'; do
		# shellcheck disable=SC2086
		menu --offline --refresh $what
		[ ! -s "$T/asked" ] || die "$what: $(cat "$T/asked")"
	done
}

@test "the menu says that it is away, also when it is asked again" {
	export METAFLOW_SERVICE_URL=http://127.0.0.1:9
	printf 'resize 100x16\nwait-idle\ndump %s/first\nkey down\nkey R\nwait-idle\ndump %s/again\n' \
		"$T" "$T" >"$T/script"
	"$WEIR" --script "$T/script" runs
	for screen in first again; do
		grep -q '^server: http://127.0.0.1:9: Connection refused' "$T/$screen" ||
			die "$(cat "$T/$screen")"
	done
}

@test "away: what is known, how old it is; nothing known: that it is away" {
	serve --runs 2
	weir2 runs -o name
	kill "$SERVICE"
	wait "$SERVICE" || true
	sqlite3 "$XDG_CACHE_HOME"/weir/metaflow@*.db \
		"UPDATE meta SET value = value - 60000000 WHERE key = 'cycle_us'"
	weir2 runs -o name
	exits 0
	[ "$(wc -l <"$T/out")" = 2 ]
	grep -q 'Connection refused' "$T/err"
	grep -q 'http://\*\*\*@127.0.0.1:[0-9]*: as of 1 min ago' "$T/err"
	weir2 runs -o name --refresh
	exits 5
	[ "$(grep -c '^weir: ' "$T/err")" = 1 ]
	rm -r "$XDG_CACHE_HOME"
	for how in '' --refresh; do
		weir2 runs -o name $how
		exits 5
		[ "$(grep -c '^weir: ' "$T/err")" = 1 ]
		grep -q 'Connection refused' "$T/err"
	done
	secret_kept
}

@test "an address that is none: one line, configuration, no store made for it" {
	for url in 'http://bob:sekret1@[a/b' http://bob:sekret1@a:99999 ftp://bob:sekret1@a \
		'http://bob:sekret1@a b' http:///a; do
		export METAFLOW_SERVICE_URL=$url
		for cmd in 'runs source:metaflow' 'runs --offline' sync 'show BigFlow/3'; do
			weir2 $cmd
			exits 2
			[ "$(grep -c '^weir: METAFLOW_SERVICE_URL: its value ' "$T/err")" = 1 ]
			[ "$(grep -vc '^try: ' "$T/err")" = 1 ]
		done
		[ -z "$(find "$T" -name 'metaflow@*.db')" ]
		secret_kept
	done
	unset METAFLOW_SERVICE_URL METAFLOW_DEFAULT_METADATA
	PREFECT_API_URL='http://bob:sekret1@[a/b' weir2 runs
	exits 2
	grep -qx 'weir: PREFECT_API_URL: its value has a host that cannot be one' "$T/err"
	secret_kept
}

@test "500: one line that says where and what; a key that is needed" {
	serve --runs 2 --fail /BigFlow/runs=500*99
	weir2 runs -o name
	grep -qE '^weir: metadata service: http://127.0.0.1:[0-9]+: GET /flows/BigFlow/runs: 500: relation is gone$' "$T/err"
	kill "$SERVICE"
	rm "$T/address"
	serve --runs 2 --key sekret1
	weir2 runs -o name
	exits 4
	grep -q 'GET /flows: 403' "$T/err"
	METAFLOW_SERVICE_AUTH_KEY=sekret1 weir2 runs -o name
	exits 0
	[ "$(wc -l <"$T/out")" = 2 ]
	secret_kept
}

@test "env: its runs used environments of the folder's file" {
	mkdir -p "$T/flow/.metaflow"
	export METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/flow
	python3 - "$T/flow/.metaflow/conda_v2.cnd" <<'P'
import json, sys
env = {"deps": ["conda::x"], "sources": [], "packages": [], "resolved_on": "2023-01-01T10:00:00",
       "resolved_by": "alice", "resolved_archs": ["linux-64"]}
json.dump({"version": 1, "mappings": {}, "mutable_aliases": {}, "aliases": {},
           "environments": {"linux-64": {"1" * 40: {"a" * 40: env, "b" * 40: env}}}},
          open(sys.argv[1], "w"))
P
	weir2 env list -o tsv -c short_id
	exits 0
	serve --runs 3
	weir2 env list --sort full_id -o tsv -c short_id,n_runs,used_by,req_steps
	exits 0
	[ "$(cat "$T/out")" = "$(printf '%s\t%s\t%s\tend,start\n' \
		aaaaaaaa 3 BigFlow/3,BigFlow/2,BigFlow/1 bbbbbbbb 0 '')" ]
	weir2 env show aaaa -o json
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))[0]
assert d["n_runs"] == 3 and "BigFlow/2" in d["used_by"], d' "$T/out"
	kill "$SERVICE"
	weir2 env list --offline runs:3 -o tsv -c short_id
	[ "$(cat "$T/out")" = aaaaaaaa ]
	METAFLOW_DEFAULT_METADATA=local weir2 env list runs:0 -o name
	[ "$(wc -l <"$T/out")" = 2 ]
	secret_kept
}

@test "the sample: which environment each task used, clones and attempts too" {
	sample=$ROOT/../shared/data/metaflow/metadata-service-sample.json
	[ -e "$sample" ] || sample=$ROOT/../../shared/data/metaflow/metadata-service-sample.json
	[ -e "$sample" ] || skip "it is not here"
	serve --answers "$sample"
	weir2 runs -o name
	exits 0
	python3 - "$sample" "$XDG_CACHE_HOME"/weir/metaflow@*.db <<'P'
import json, sqlite3, sys
found, origins = {}, {}
for task, attempt, origin, *env in sqlite3.connect(sys.argv[2]).execute(
        "SELECT r.name || '/' || t.name, e.attempt, e.origin_path, e.req_id, e.full_id, e.arch"
        " FROM task_envs e JOIN task_runs t ON t.id = e.task JOIN runs r ON r.id = e.run"):
    if env[1] is not None:
        found.setdefault(task, {})[attempt] = env
    if origin:
        origins[task] = origin
want, clones = {}, {}
for task, said in json.load(open(sys.argv[1]))["expected_env"].items():
    if isinstance(said, list):
        said = {"latest": said}
    if isinstance(said, str):
        assert task not in found, (task, found[task])
        continue
    if "follow_origin" in said:
        clones[task] = said.pop("follow_origin")
        said = {"latest": said["env"]}
    want[task] = {-1 if k == "latest" else int(k.split()[1]): v for k, v in said.items()}
for task, by in want.items():
    assert {k: found[task].get(k) for k in by} == by, (task, found[task], by)
assert set(found) == set(want), (sorted(found), sorted(want))
assert origins == clones, (origins, clones)
P
	secret_kept
}

@test "sync: all of it, whatever is configured beside; it is said" {
	serve --runs 300
	weir2 runs -o name -n 0
	exits 0
	weir2 sync
	exits 0
	grep -qx 'synced Metaflow http://\*\*\*@127.0.0.1:[0-9]*: 300 runs, 1 flow in [0-9.]* s' "$T/out"
	[ "$(wc -l <"$T/out")" = 1 ]
	weir2 runs -o name -n 0 --offline
	[ "$(wc -l <"$T/out")" = 300 ]
	rm -r "$XDG_CACHE_HOME"
	weir2 sync -o json
	exits 0
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert set(d) == {"metaflow"} and d["metaflow"]["changed_runs"] == d["metaflow"]["runs"] == 300, d' "$T/out"
	rm -r "$XDG_CACHE_HOME"
	WEIR_PROFILE=embedded weir2 sync
	exits 0
	[ "$(sed 's/:.*: /: /;s/ in .*//' "$T/out")" = "synced embedded: 0 runs, 0 flows, 0 deployments
synced Metaflow http: 300 runs, 1 flow" ]
	rm -r "$XDG_CACHE_HOME"
	PREFECT_API_URL=http://127.0.0.1:1/api weir2 sync
	exits 5
	grep -q '^synced Metaflow .*: 300 runs' "$T/out"
	grep -q '^weir: server: .*Connection refused' "$T/err"
	secret_kept
}

@test "sync: fails as the service does" {
	serve --runs 2 --fail /flows=500*1 --fail /flows=401*1
	for rc in 5 4; do
		WEIR_PROFILE=$([ $rc = 5 ] || echo embedded) weir2 sync
		exits $rc
		! grep -q Metaflow "$T/out" || return 1
		grep -qE '^weir: metadata service: .*: GET /flows: (500|401): relation is gone' "$T/err"
		! grep -q 'no server\|PREFECT' "$T/err" || return 1
	done
	for bad in URL=ftp://a/b HEADERS='{'; do
		rc=0
		env "METAFLOW_SERVICE_$bad" "$WEIR" sync >"$T/out" 2>"$T/err" || rc=$?
		[ $rc = 2 ]
		grep -q "^weir: METAFLOW_SERVICE_${bad%%=*}: " "$T/err"
		! grep -q 'no server\|PREFECT\|api_url' "$T/err" || return 1
	done
	kill "$SERVICE"
	weir2 sync
	exits 5
	grep -q 'Connection refused' "$T/err"
	secret_kept
}

@test "a service that is slow: the wait is bounded, with --refresh it is not" {
	serve --runs 2 --slow 300
	SECONDS=0
	weir2 runs source:metaflow
	exits 0
	[ "$SECONDS" -lt 100 ]
	grep -qE '^weir: metadata service: .*: it has not answered yet; .* weir sync waits' "$T/err"
	# and not had by each command: these would take a minute
	SECONDS=0
	for cmd in runs 'runs state:failed' 'runs name:x' 'runs name:y'; do
		for form in table json tsv; do
			weir2 $cmd -o $form
			exits 0
			grep -q 'it has not answered yet' "$T/err"
		done
	done
	[ "$SECONDS" -lt 50 ]
	kill "$SERVICE"
	rm "$T/address"
	serve --runs 2 --slow 2
	weir2 runs --refresh -o name
	exits 0
	[ "$(wc -l <"$T/out")" = 2 ]
}
