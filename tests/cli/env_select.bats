#!/usr/bin/env bats
# Which environment is the default, chosen without a menu, and taken back.
load helper

R1=1111111111111111111111111111111111111111
FA=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
FB=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
FC=cccccccccccccccccccccccccccccccccccccccc

setup()
{
	world
	unset PREFECT_API_URL "${!METAFLOW_@}"
	mkdir -p "$T/flow/.metaflow"
	cd "$T/flow" || return 1
	export METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/flow
	FILE=$T/flow/.metaflow/conda_v2.cnd
	python3 - "$FILE" <<'P'
import json, sys
def env(on, by, archs):
    return {"deps": [], "sources": [], "packages": [], "resolved_on": on, "resolved_by": by, "odd": 1.50,
            "resolved_archs": archs}
R1, A, B, Q = "1" * 40, "a" * 40, "b" * 40, "2" * 40
both = ["linux-64", "osx-arm64", "win-64"]
json.dump({"version": 1, "new": [1], "mappings": {"F/12/start": [R1, A]}, "mutable_aliases": {},
    "aliases": {"team/x/v1": [R1, A], "team/y/v1": [Q, "d" * 40]}, "environments": {
        "linux-64": {R1: {A: env("2023-01-01T10:00:00", "alice", both), B: env("2023-01-02T10:00:00", "bob",
                     ["linux-64"]), "_default": B}, Q: {"d" * 40: env("2024-01-01T10:00:00", "eve", [])}},
        "osx-arm64": {R1: {A: env("2023-01-01T10:00:00", "alice", both)}}}}, open(sys.argv[1], "w"))
P
	cp "$FILE" before
	chmod 640 "$FILE"
}

teardown()
{
	cd / || return 1
	weir_cleanup
}

has_err()
{
	grep -q -e "$1" "$T/err" || die "stderr lacks: $1"
}

# The default for an architecture, by Python.
default()
{
	python3 -c "import json,sys; d=json.load(open('$FILE'))
print(d['environments'].get(sys.argv[1], {}).get('$R1', {}).get('_default'))" "$1"
}

@test "select-resolved: by id for all its architectures, and undo" {
	weir2 env select-resolved F/12/start --full-id aaaa --dry-run
	exits 0
	has_err "would be written"
	cmp "$FILE" before
	weir2 env select-resolved F/12/start --full-id aaaa
	exits 0
	has_err "weir env undo"
	has_err "win-64: unchanged"
	[ "$(cat "$T/out")" = "$(printf '%s\t%s\t%s\t%s\n' linux-64 $R1 $FB $FA osx-arm64 $R1 - $FA)" ]
	[ "$(default linux-64) $(default osx-arm64)" = "$FA $FA" ]
	[ "$(stat -c %a "$FILE")" = 640 ]
	[ "$(ls "$T/flow/.metaflow")" = conda_v2.cnd ]
	weir2 env undo
	exits 0
	cmp "$FILE" before
	weir2 env undo
	one_error 1
	has_err "selected nothing"
}

@test "select-resolved: latest, by whom, by alias; of another set refused" {
	weir2 select-resolved --req-id $R1 --latest --by alice -o json
	exits 0
	grep -q "\"was\":\"$FB\",\"is\":\"$FA\"" "$T/out"
	weir2 select-resolved --req-id 1111 --latest
	exits 0
	has_err "clocks"
	[ "$(default linux-64)" = $FB ]
	weir2 env select-resolved --alias team/x:v1
	exits 0
	[ "$(default linux-64)" = $FA ]
	weir2 env select-resolved F/12 --step start --alias team/y:v1
	one_error 1
	has_err "another requirement set"
	weir2 env select-resolved --req-id $R1 --latest --by nobody
	one_error 1
	[ "$(default linux-64)" = $FA ]
	weir2 env select-resolved F/12 --latest
	one_error 2
	weir2 env select-resolved F/12/start
	one_error 2
}

@test "select-resolved: only in the cache, object and default in one" {
	D=$T/flow/conda_env/envs/linux-64/$R1/$FC
	mkdir -p "$D"
	printf '{"packages": [], "resolved_archs": ["linux-64"]}\n' >"$D/env"
	weir2 env select-resolved F/12/start --full-id cccc
	exits 0
	[ "$(default linux-64)" = $FC ]
	python3 -c "import json; d=json.load(open('$FILE')); assert d['environments']['linux-64']['$R1']['$FC'] == \
{'packages': [], 'resolved_archs': ['linux-64']}; assert d['new'] == [1]"
	weir2 env undo
	[ "$(default linux-64)" = $FB ]
}

@test "select-resolved: what was chosen since stays; --file; --read-only" {
	cp "$FILE" "$T/other"
	weir2 env select-resolved --req-id $R1 --full-id $FA --file "$T/other"
	exits 0
	cmp "$FILE" before
	grep -q "\"_default\": \"$FA\"" "$T/other"
	sed -i "s/\"_default\": \"$FA\"/\"_default\": \"$FC\"/" "$T/other"
	weir2 env undo --file "$T/other"
	one_error 1
	has_err "since then $FC"
	grep -q "\"_default\": \"$FC\"" "$T/other"
	weir2 env select-resolved --req-id $R1 --full-id $FA --read-only
	one_error 1
	cmp "$FILE" before
}

@test "select-resolved: a later choice of the old one stays, and so does an undo" {
	"$WEIR" env select-resolved --req-id $R1 --full-id $FA >"$T/first" 2>&1 &
	sleep 0.4
	[ "$(default linux-64)" = $FA ]
	weir2 env select-resolved --req-id $R1 --full-id $FB
	exits 0
	wait $!
	grep -q "since then" "$T/first"
	[ "$(default linux-64)" = $FB ]
	"$WEIR" env select-resolved --req-id $R1 --full-id $FA >"$T/first" 2>&1 &
	sleep 0.4
	weir2 env undo
	exits 0
	wait $!
	grep -q "since then" "$T/first"
	[ "$(default linux-64)" = $FB ]
	weir2 env undo # of the second
	exits 0
	[ "$(default linux-64)" = $FA ]
}

@test "select-resolved, undo: in the history" {
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 0
	weir2 env undo --dry-run
	exits 0
	[ "$(default linux-64)" = $FA ]
	weir2 env undo
	exits 0
	weir2 history -o json
	exits 0
	python3 - "$T/out" "$FILE" <<'P'
import json, sys
undo, select = json.load(open(sys.argv[1]))
assert (undo["action"], select["action"], undo["result"], select["result"]) == ("undo", "select", "done", "done")
assert select["path"] == sys.argv[2] and select["reverse"] == f"weir env undo --file {sys.argv[2]}"
assert select["body"][0] == {"arch": "linux-64", "req_id": "1" * 40, "was": "b" * 40, "is": "a" * 40}
assert undo["body"][0]["is"] == "b" * 40 and undo["reverse"] is None
P
}

@test "select-resolved: never a write to what is damaged" {
	head -c 500 before >"$FILE"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 1
	[ "$(wc -c <"$FILE")" = 500 ]
	cat before - >"$FILE" <<<"tail"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 1
	grep -q tail "$FILE"
	sed 's/"version": 1/"version": 2/' before >"$FILE"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 1
	grep -q '"version": 2' "$FILE"
}
