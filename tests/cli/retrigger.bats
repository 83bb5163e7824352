#!/usr/bin/env bats
# Retrigger with other parameters, of builds; the chain; cancel until the end.
load helper

setup()
{
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 60 --days 3
	world
	"$WEIR" sync -q
	unset VISUAL
}

teardown()
{
	weir_cleanup
	fake_stop
}

made()
{
	control '{"do": [["make", '"$1"']]}' >"$T/made"
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["done"][0][0])' "$T/made"
}

put()
{
	control '{"do": [["put", {"id": "'"$1"'", "fields": '"$2"'}]]}' >/dev/null
}

# schema JSON: of the deployment pr
schema()
{
	control '{"do": [["touch_deployment", {"name": "pr", "parameter_openapi_schema": '"$1"'}]]}' >/dev/null
}

# editor COMMANDS: what $EDITOR does to the file $1
editor()
{
	printf '#!/bin/sh\ncp "$1" "%s/seen"\n%s\n' "$T" "$1" >"$T/editor"
	chmod +x "$T/editor"
	export EDITOR=$T/editor
}

sent()
{
	if [ "$TEST_BACKEND" = embedded ]; then
		"$WEIR" history --offline -n 0 -o json >"$T/requests"
	else
		control '{"take": "requests"}' >"$T/requests"
	fi
	python3 - "$T/requests" "$1" <<'P'
import json, os, sys
d = json.load(open(sys.argv[1]))
if isinstance(d, list):  # what is in the journal since the last look, oldest first
    n, looked = len(d), sys.argv[1] + ".n"
    d = d[:n - int(open(looked).read())] if os.path.exists(looked) else d
    open(looked, "w").write(str(n))
    d = [r["body"] for r in reversed(d) if "create_flow_run" in r["path"]]
else:
    d = [json.loads(r["body"]) for r in d["requests"] if "create_flow_run" in r["path"]]
assert eval(sys.argv[2]), d
P
}

@test "retrigger -p: typed by the schema, laid over the run's own" {
	id=$(made '{"state": "FAILED", "parameters": {"package": "zlib", "n": 3}}')
	schema '{"type": "object", "properties": {"n": {"type": "integer"}, "package": {"type": "string"}}}'
	weir2 retrigger -p n=5 -p package=12 --params '{"x": [1]}' "$id"
	exits 0
	sent '{"package": "12", "n": 5, "x": [1]}.items() <= d[-1]["parameters"].items()'
	weir2 retrigger -p n=many "$id"
	one_error 1
	says 'not sent: n: "many" is not an integer or null'
	[[ $errors != *"is no parameter"* ]]
	says "weir retrigger -p n=..."
	weir2 retrigger -p n "$id"
	exits 2
	weir2 retrigger --same -p n=1 "$id"
	exits 2
	weir2 retrigger --defaults -p n=7 "$id"
	exits 0
	sent 'd[-1]["parameters"] == {"n": 7}'
}

@test "retrigger --edit: JSON in the editor, opened again with the fault on top" {
	id=$(made '{"state": "FAILED", "parameters": {"n": 3, "o": {"a": []}}}')
	schema '{"type": "object", "properties": {"n": {"type": "integer"}}}'
	editor 'sed -i s/3/4/ "$1"'
	weir2 retrigger --edit "$id"
	exits 0
	grep -q '^// parameters of' "$T/seen"
	sent 'd[-1]["parameters"]["n"] == 4 and d[-1]["parameters"]["o"] == {"a": []}'
	# right the second time
	editor 'if grep -q "not an integer" "$1"; then sed -i "s/true/9/" "$1"; else sed -i "s/: 3/: true/" "$1"; fi'
	weir2 retrigger -e "$id"
	exits 0
	sent 'd[-1]["parameters"]["n"] == 9'
	editor 'echo "{" >"$1"'
	weir2 retrigger -e "$id"
	exits 1
	says "not sent: not JSON"
	editor ': >"$1"'
	weir2 retrigger -e "$id"
	exits 1
	says "nothing was done"
	editor 'exit 3'
	weir2 retrigger -e "$id"
	exits 1
	weir2 retrigger -e "$id" "$(made '{"state": "FAILED"}')"
	exits 2
	says "one run at a time"
	sent 'len(d) == 0'
	[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'weir-??????.json' -user "$(id -u)" -newer "$T/made")" ]
}

@test "retrigger: the chain is shown, of what others started too" {
	id=$(made '{"state": "FAILED", "name": "first"}')
	weir2 retrigger -o name "$id"
	two=$(cat "$T/out")
	weir2 retrigger -o name "$two"
	three=$(cat "$T/out")
	rm -rf "$XDG_STATE_HOME/weir" "$XDG_CACHE_HOME/weir"
	"$WEIR" sync -q
	weir2 runs --offline --columns id,retrigger_of "retrigger_of:$id"
	is "$two	$id"
	weir2 show -o json "$three"
	json '[r["id"] for r in d["chain"]] == ["'"$id"'", "'"$two"'", "'"$three"'"]'
	weir2 show "$id" -o table
	has "chain"
	has "(this one)"
	weir2 show -o json "$(made '{"state": "FAILED"}')"
	json 'd["chain"] == [] and d["retrigger_of"] is None'
}

# A build in the store whose platforms failed in part.
build()
{
	"$WEIR" runs --offline -n 0 -o json >"$T/all"
	python3 - "$T/all" <<'P'
import collections, json, sys
below = collections.defaultdict(list)
for r in json.load(open(sys.argv[1])):
    if r["parent_run_id"]:
        below[r["parent_run_id"]].append(r)
for parent, runs in below.items():
    bad = [r for r in runs if r["state_type"] in ("FAILED", "CRASHED", "CANCELLED")]
    good = [r for r in runs if r["state_type"] == "COMPLETED"]
    if bad and good and all(r["platform"] for r in runs):
        print(parent, " ".join(sorted(r["platform"] for r in bad)))
        break
P
}

@test "retrigger: of a build only the platforms that failed" {
	read -r -a parts <<<"$(build)"
	id=${parts[0]}
	[ "${#parts[@]}" -ge 2 ]
	sent 'True'
	weir2 retrigger --yes "$id"
	if grep -q 'no deployment of their own' "$T/err"; then
		one_error 1
		says "build_platform_param"
		weir2 config set build_platform_param platforms
		schema '{"type": "object", "properties": {"platforms": {"type": "array"}}}'
		weir2 retrigger --yes "$id"
		exits 0
		sent 'sorted(d[-1]["parameters"]["platforms"]) == "'"${parts[*]:1}"'".split()'
		schema '{"type": "object", "properties": {"platforms": {"type": "string"}}}'
		weir2 retrigger --yes "$id"
		exits 0
		sent 'sorted(b["parameters"]["platforms"] for b in d) == "'"${parts[*]:1}"'".split()'
		schema '{"type": "object", "properties": {"other": {"type": "string"}}}'
		weir2 retrigger --yes "$id"
		one_error 1
		says "has no parameter 'platforms'"
	else
		exits 0
		sent 'len(d) == '"$((${#parts[@]} - 1))"
		weir2 retrigger --yes "$id"
		one_error 1
		says "were run again already"
	fi
	says "--all" || true
	weir2 retrigger --all --dry-run "$id"
	exits 0
	has "create_flow_run"
}

# once_cancelling ID TYPE: beside the test, when the server has heard that it is to end
once_cancelling()
{
	cancelling()
	{
		control '{"take": "runs"}' | python3 -c 'import json, sys
sys.exit(not any(r["id"] == sys.argv[1] and r["state_type"] == "CANCELLING" for r in json.load(sys.stdin)["runs"]))' "$1"
	}
	(
		until_true cancelling "$1"
		control '{"do": [["state", {"id": "'"$1"'", "type": "'"$2"'"}]]}'
	) >/dev/null 2>&1 3>&- &
}

@test "cancel --wait: until the end, in time, or what is in the way" {
	id=$(made '{"state": "RUNNING"}')
	once_cancelling "$id" CANCELLED
	weir2 cancel --wait "$id"
	exits 0
	says ": Cancelled"
	id=$(made '{"state": "RUNNING"}')
	weir2 cancel --wait --timeout 1s "$id"
	one_error 8
	says "still Cancelling"
	says "weir cancel --force $id"
	id=$(made '{"state": "RUNNING"}')
	once_cancelling "$id" COMPLETED
	weir2 cancel --wait "$id"
	exits 1
	says "ended by themselves"
	weir2 cancel --timeout 1s "$id"
	exits 2
	weir2 cancel --wait --timeout soon "$id"
	exits 2
}

@test "cancel --children: what lives below it, too" {
	parent=$("$WEIR" runs --offline -n 0 -o tsv --columns parent_run_id '-parent:none state:live' | head -1)
	[ -n "$parent" ]
	weir2 cancel --children --dry-run "$parent"
	exits 0
	[ "$(grep -c set_state "$T/out")" -ge 1 ]
}

@test "retrigger --wait: exits with what the new runs came to" {
	id=$(made '{"state": "FAILED"}')
	weir2 retrigger --wait --timeout 1s "$id"
	exits 8
	new=$("$WEIR" runs --offline -q -o name retrigger_of:"$id")
	[ -n "$new" ]
	weir2 retrigger --timeout 1s "$id"
	exits 2
	says "--timeout needs --wait"
	# the second of it
	second()
	{
		control '{"take": "runs"}' | python3 -c 'import json, sys
print(*(r["id"] for r in json.load(sys.stdin)["runs"] if r["id"] not in sys.argv[2:] and
        (r["idempotency_key"] or "").startswith("weir-retrigger-" + sys.argv[1])))' "$id" "$new" >"$T/second"
		grep -q . "$T/second"
	}
	(
		until_true second
		control '{"do": [["state", {"id": "'"$(cat "$T/second")"'", "type": "FAILED"}]]}'
	) >/dev/null 2>&1 3>&- &
	weir2 retrigger --wait --timeout 60s "$id"
	exits 3
}
