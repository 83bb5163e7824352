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
	rm -rf "$open"
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

@test "completion: each environment once, behind the words before it too" {
	weir2 completion values -- @environments env
	exits 0
	[ "$(cut -f1 "$T/out" | grep -cx $FA)" = 1 ]
	[ -z "$(cut -f1 "$T/out" | sort | uniq -d)" ]
	"$WEIR" completion bash >"$T/script"
	complete_line()
	{
		bash -c 'source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; PATH=$3:$PATH; _weir
			printf "%s\n" "${COMPREPLY[@]}"' - "$T/script" "$*" "${WEIR%/*}"
	}
	for line in "env diff" "env diff $FB" "environment show" "env select-resolved" select-resolved; do
		[ "$(complete_line weir $line aaa)" = $FA ] || die "$line"
		[ -z "$(complete_line weir $line cre)" ] || die "$line: a subcommand"
	done
}

@test "select-resolved: by id for all its architectures, and undo" {
	weir2 env select-resolved F/12/start --full-id aaaa --dry-run -o csv
	grep -qE "^linux-64,$R1,.*,$FA\$" "$T/out"
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
	has_err "nothing that weir selected in it is left"
}

@test "on a terminal: short ids, and what is done to them; none is said once" {
	on_tty 100x30 "$WEIR" env select-resolved --req-id "$R1" --full-id "$FA" --dry-run
	[ "$status" = 0 ]
	[[ $output = *"linux-64	11111111	bbbbbbbb -> aaaaaaaa"* ]] || die "$output"
	[[ $output = *"none -> aaaaaaaa"* ]] || die "$output"
	on_tty 100x30 "$WEIR" env which nosuch --no-menu
	[ "$status" = 1 ]
	[[ $output = *"nosuch: no environment has it"* ]] || die "$output"
	[[ $output != *"no environments"* ]] || die "$output"
	weir2 env
	one_error 2
	has_err "try: weir env --help"
}

@test "select-resolved, undo --dry-run: as the real ones would answer" {
	weir2 env select-resolved --req-id $R1 --full-id $FA --file "$FILE"
	exits 0
	has_err "weir env undo --file $FILE. takes it back"
	weir2 env select-resolved --req-id $R1 --full-id $FA --dry-run
	exits 0
	has_err "it is so already"
	sed -i "s/\"_default\": \"$FA\"/\"_default\": \"$FC\"/" "$FILE"
	cp "$FILE" other
	for dry in --dry-run ""; do
		weir2 env undo $dry
		one_error 1
		has_err "since then $FC was chosen"
		cmp "$FILE" other
	done
	rm "$FILE"
	for dry in --dry-run ""; do
		weir2 env undo $dry
		one_error 1
		has_err "there is none"
		[ ! -e "$FILE" ]
	done
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
	weir2 env select-resolved F/12/start --alias team/y:v1
	one_error 1
	has_err "another requirement set"
	weir2 env select-resolved --req-id $R1 --latest --by nobody
	one_error 1
	[ "$(default linux-64)" = $FA ]
	weir2 env select-resolved F/12 --latest
	one_error 1
	weir2 env select-resolved F/12/start
	one_error 2
}

@test "select-resolved: the latest is what is written, also where clocks are set" {
	python3 - "$FILE" <<'P'
import json, sys
def env(on):
    return {"packages": [], "resolved_on": on, "resolved_by": "al", "resolved_archs": ["linux-64"]}
times = {"a": "2023-03-12T02:30:00", "b": "2023-03-12T03:10:00.5", "c": "2023-03-12T03:10:00"}
odd = {"d": "garbage", "e": "9999-99-99T00:00:00", "f": ""}
fall = {"a": "2023-11-05T01:10:00", "b": "2023-11-05T01:50:00", "c": "2023-11-05T01:30:00", "d": "2023-11-05T00:59:00"}
json.dump({"version": 1, "environments": {"linux-64": {
    "1" * 40: {k * 40: env(t) for k, t in {**times, **odd}.items()},
    "2" * 40: {k * 40: env(t) for k, t in fall.items()}}}}, open(sys.argv[1], "w"))
P
	# an hour that is left out, one that comes twice; two of no time, one of none that there is
	for req in 1 2; do
		TZ=EST5EDT,M3.2.0,M11.1.0 weir2 env select-resolved --req-id $req$req$req$req --latest --dry-run
		exits 0
		[ "$(cut -f4 "$T/out")" = $FB ] || die "$req: $(cat "$T/out")"
	done
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

@test "select-resolved: only in the cache, for every architecture, and no file at all" {
	for arch in linux-64 osx-arm64; do
		mkdir -p "$T/flow/conda_env/envs/$arch/$R1/$FC"
		printf '{"packages": [], "resolved_archs": ["linux-64", "osx-arm64", "osx-64"], "of": "%s"}' $arch \
			>"$T/flow/conda_env/envs/$arch/$R1/$FC/env"
	done
	weir2 env select-resolved --req-id $R1 --full-id cccc -o json
	exits 0
	has_err "osx-64: unchanged"
	python3 - "$FILE" "$T/out" <<'P'
import json, sys
d, out = (json.load(open(p)) for p in sys.argv[1:])
R, C = "1" * 40, "c" * 40
for arch in ("linux-64", "osx-arm64"):
    assert d["environments"][arch][R][C]["of"] == arch and d["environments"][arch][R]["_default"] == C
assert "osx-64" not in d["environments"] and d["aliases"][C] == [R, C]
assert [(c["arch"], c["is"]) for c in out] == [("linux-64", C), ("osx-arm64", C)]
P
	rm "$FILE"
	weir2 env select-resolved --req-id $R1 --full-id cccc
	exits 0
	[ "$(default linux-64) $(default osx-arm64)" = "$FC $FC" ]
	rm "$T/flow/conda_env/envs/linux-64/$R1/$FC/env" "$FILE"
	weir2 env select-resolved --req-id $R1 --full-id cccc
	one_error 1
	[ ! -e "$FILE" ]
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

# Select the first, and do the others when it has written, before it looks again: it says that it was overtaken.
after_it_wrote()
{
	python3 - "$FILE" "$R1" "$WEIR" "$@" <<'P'
import fcntl, json, os, signal, subprocess, sys, time
file, req, weir, full, *more = sys.argv[1:]
first = subprocess.Popen([weir, "env", "select-resolved", "--req-id", req, "--full-id", full], stderr=subprocess.PIPE)
while first.poll() is None:
    with open(file) as f:
        if json.load(f)["environments"]["linux-64"][req]["_default"] == full:
            fcntl.flock(f, fcntl.LOCK_SH) # it has it until all of it is on the disk
            break
    time.sleep(0.002)
os.kill(first.pid, signal.SIGSTOP)
second = subprocess.run([weir, "env", *more])
os.kill(first.pid, signal.SIGCONT)
said = first.communicate()[1].decode()
sys.exit(said if second.returncode or first.returncode or "since then" not in said else 0)
P
}

@test "select-resolved: a later choice of the old one stays, and so does an undo" {
	after_it_wrote $FA select-resolved --req-id $R1 --full-id $FB
	[ "$(default linux-64)" = $FB ]
	after_it_wrote $FA undo
	[ "$(default linux-64)" = $FB ]
	weir2 env undo # of the second
	exits 0
	[ "$(default linux-64)" = $FA ]
}

# A Python that answers as Metaflow does.
fake_python()
{
	cat >"$T/python" <<'P'
#!/usr/bin/env python3
import json, sys
assert sys.argv[2:5] == ["--environment=conda", "environment", "show"] and sys.argv[5] == "--output", sys.argv
if sys.argv[1] == "fails.py":
    sys.exit("first\nTraceback\nValueError: broken here")
R, A, B = "1" * 40, "a" * 40, "b" * 40
none = {"is_disabled": False, "error": None, "requested_hash": "3" * 40, "from_env_name": None,
        "is_fetch_at_exec": False, "env_id": None, "env": None}
one = {**none, "requested_hash": R, "env_id": [R, B, "linux-64"], "env": {"resolved_archs": ["linux-64"]}}
other = {**one, "requested_hash": "2" * 40, "env_id": ["2" * 40, "d" * 40, "linux-64"]}
flow = {"end": {**none, "is_disabled": True}, "late": none, "start": one, "train": one}
print("Step start\nStep train\nStep late\nStep end", file=sys.stderr)
with open(sys.argv[6], "w") as f:
    json.dump({**flow, "other": other} if sys.argv[1] == "two.py" else flow, f, indent=2)
P
	chmod +x "$T/python"
	touch one.py two.py fails.py
}

@test "select-resolved: the steps of a flow" {
	fake_python
	weir2 env select-resolved --flow one.py --python "$T/python" --full-id aaaa
	exits 0
	has_err "step end: disabled; left alone"
	has_err "step late: not resolved yet; left alone"
	[ "$(default linux-64)" = $FA ]
	weir2 env select-resolved --flow two.py --python "$T/python" --latest
	exits 2
	has_err "1111.*start, train"
	has_err "2222.*other"
	has_err "^try: --step"
	weir2 env select-resolved --flow two.py --python "$T/python" --latest --step train --by bob
	exits 0
	[ "$(default linux-64)" = $FB ]
	weir2 env select-resolved --flow two.py --python "$T/python" --alias team/x:v1 --req-id 111
	exits 0
	[ "$(default linux-64)" = $FA ]
	for step in end late nothing; do
		weir2 env select-resolved --flow two.py --python "$T/python" --latest --step $step
		exits 1
		has_err "$step: "
	done
	[ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'weir-flow-*' -user "$(id -u)" -newer "$T/python")" ]
}

@test "select-resolved: a flow that cannot be asked" {
	fake_python
	weir2 env select-resolved --flow fails.py --python "$T/python" --latest
	exits 1
	has_err "ValueError: broken here"
	weir2 env select-resolved --flow nowhere.py --python "$T/python" --latest
	one_error 1
	weir2 env select-resolved --flow one.py --python "$T/none" --latest
	one_error 1
	printf '#!/bin/sh\necho "ModuleNotFoundError: No module named '"'metaflow'"'" >&2; exit 1\n' >"$T/bare"
	chmod +x "$T/bare"
	weir2 env select-resolved --flow one.py --python "$T/bare" --latest
	one_error 1
	has_err "has no Metaflow"
	printf '#!/bin/sh\n:\n' >"$T/bare"
	weir2 env select-resolved --flow one.py --python "$T/bare" --latest
	exits 1
	has_err "said nothing"
	mkdir -p "$T/venv/bin"
	cp "$T/python" "$T/venv/bin/python"
	VIRTUAL_ENV=$T/venv weir2 env select-resolved --flow one.py --full-id aaaa
	exits 0
	[ "$(default linux-64)" = $FA ]
}

# A run as Metaflow's local metadata has it: run STEP REQ FULL [ARCH]
task()
{
	d=.metaflow/F/$1/$2/$3
	mkdir -p "$d/_meta"
	for of in .metaflow/F .metaflow/F/"$1" .metaflow/F/"$1"/"$2" "$d"; do
		mkdir -p "$of/_meta"
		printf '{"flow_id": "F", "run_number": "%s", "step_name": "%s", "task_id": "%s", "ts_epoch": 16766%s, "tags": [], "user_name": "al"}' \
			"$1" "$2" "$3" "0000000$3" >"$of/_meta/_self.json"
	done
	python3 - "$@" >"$d/_meta/sysmeta_conda_env_id_$3.json" <<'P'
import json, sys
run, step, task, value = sys.argv[1], sys.argv[2], sys.argv[3], json.dumps(sys.argv[4:7]) if sys.argv[4:] else ""
print(json.dumps({"flow_id": "F", "run_number": run, "step_name": step, "task_id": task, "field_name": "conda_env_id",
    "type": "conda_env_id", "value": value, "tags": ["attempt_id:0"], "user_name": "al", "ts_epoch": 1676600000000 + int(task)}))
P
}

@test "select-resolved: the steps of an earlier run" {
	task 77 start 1 $R1 $FB linux-64
	task 77 train 2 "${R1//1/2}" "${FA//a/d}" linux-64
	task 77 check 3 $R1 $FB linux-64
	task 77 end 4
	weir2 env select-resolved F/77 --latest
	exits 2
	has_err "step end: disabled"
	has_err "1111.*start, check"
	has_err "2222.*train"
	weir2 env select-resolved F/77 --full-id $FA --step check
	exits 0
	[ "$(default linux-64)" = $FA ]
	weir2 env select-resolved F/77/start --full-id $FB
	exits 0
	[ "$(default linux-64)" = $FB ]
	weir2 env select-resolved F/77/end --latest
	one_error 1
	weir2 env select-resolved F/78 --latest
	one_error 1
	has_err "no run 78"
	weir2 env select-resolved F/78/start --latest
	one_error 1
}

@test "select-resolved: what is of use where the steps run" {
	task 77 start 1 $R1 $FB linux-64
	task 77 join 2 $R1 $FB osx-arm64
	weir2 env select-resolved F/77 --latest
	exits 2
	has_err "1111.*start  (linux-64)"
	has_err "1111.*join  (osx-arm64)"
	# the latest for linux-64 alone is no candidate, named it would change nothing for them
	for words in "F/77/join" "F/77 --step join"; do
		refused "not known for osx-arm64" $words -q --full-id $FB
		refused "has resolved it for arch:osx-arm64" $words --latest --by bob
		weir2 env select-resolved $words --latest --dry-run
		exits 0
		grep -q "^osx-arm64.$R1.-.$FA\$" "$T/out"
	done
	weir2 env select-resolved --req-id $R1 --latest
	exits 0
	[ "$(default linux-64)" = $FB ]
	weir2 env select-resolved F/77 --step join --full-id $R1:$FA
	exits 0
	[ "$(default linux-64) $(default osx-arm64)" = "$FA $FA" ]
	# a step that ran on both
	task 77 start 3 $R1 $FB win-64
	weir2 env select-resolved F/77 --step start --full-id $FB
	exits 0
	has_err "win-64: unchanged, the environment is not for it"
	refused "of another requirement set" F/77/join --full-id "${R1//1/2}:${FA//a/d}"
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

# All of the file that a write would change.
facts()
{
	stat -c '%i %y %s %a %u %g' "$FILE"
	cat "$FILE"
	ls -A "$(dirname "$FILE")"
}

# refused TEXT [ARG...]: an error with the text and something to try, and the file as it was.
refused()
{
	text=$1
	shift
	was=$(facts)
	weir2 env select-resolved "$@"
	one_error "${STATUS:-1}"
	has_err "$text"
	[ "$(facts)" = "$was" ]
}

@test "select-resolved: what cannot be meant" {
	refused "AAAAAAAA" --req-id $R1 --full-id AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
	refused "cccc" --req-id $R1 --full-id $FC
	refused "9999" --req-id 9999 --latest
	refused "nobody" --req-id $R1 --latest --by zoe
	refused "no/alias" --alias no/alias:v1
	refused "no run 99" F/99/start --latest
	refused "no run 99" F/99 --latest
	refused "nowhere: No such file" --file "$T/nowhere" --req-id $R1 --latest
	STATUS=2 refused "arch" --req-id $R1 --latest --arch vax-11
	STATUS=2 refused "one of" --req-id $R1 --latest --full-id $FA
	STATUS=2 refused "python" --req-id $R1 --latest --python "$T/x"
	STATUS=2 refused "step" --step start --latest
	STATUS=2 refused "is needed" --req-id $R1
}

@test "select-resolved: a link is followed, a folder refused" {
	mv "$FILE" "$T/real"
	ln -s "$T/real" "$FILE"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 0
	[ -L "$FILE" ]
	[ "$(default linux-64)" = $FA ]
	[ "$(stat -c %a "$T/real")" = 640 ]
	rm "$FILE"
	mkdir "$FILE"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 1
	has_err "folder"
	[ -d "$FILE" ]
}

@test "select-resolved: another user's file" {
	open_to_nobody
	chown -R 1:1 "$open/flow/.metaflow"
	as_nobody()
	{
		was=$(facts)
		for dry in --dry-run ""; do
			status=0
			nobody env "$@" $dry >"$T/out" 2>"$T/err" || status=$?
			[ "$(facts)" = "$was" ]
			[ $status = 1 ] || die "status $status"
			[ -z "$dry" ] || cp "$T/err" "$T/dry"
		done
		cmp "$T/err" "$T/dry"
	}
	chmod 644 "$FILE"
	chmod 777 "$open/flow/.metaflow"
	as_nobody select-resolved --req-id $R1 --full-id aaaa
	has_err "belongs to $(id -nu 1)"
	has_err "^try: sudo -u $(id -nu 1) weir env select-resolved --req-id $R1 --full-id $FA --file $FILE"
	# in the menu it is all there, on as many rows as it takes
	printf '%s\n' wait-idle "key s" wait-idle "key y" wait-idle "dump screen" >"$open/nobody/script"
	(cd "$open/nobody" && nobody --script script env list full_id:$FA)
	tr -d '\n' <"$open/nobody/screen" | grep -F "sudo -u $(id -nu 1) weir env select-resolved --req-id $R1 --full-id $FA --file $FILE"
	chmod 666 "$FILE"
	as_nobody select-resolved --req-id $R1 --full-id aaaa
	has_err "belongs to"
	chmod 600 "$FILE"
	as_nobody select-resolved --req-id $R1 --full-id aaaa
	has_err "others may not read it"
	chown 65534 "$FILE"
	chmod 755 "$open/flow/.metaflow"
	as_nobody select-resolved --req-id $R1 --full-id aaaa
	has_err "metaflow: Permission denied"
	# nor may root, which would write what its owner's next run believes
	chmod 640 "$FILE"
	for owner in 65534 12345; do
		chown $owner "$FILE"
		name=$(id -nu $owner) || name="'#12345'"
		for dry in --dry-run ""; do
			refused "^try: sudo -u $name weir env .* --full-id $FA --file $FILE\$" \
				-q --req-id $R1 --full-id aaaa $dry
			has_err "belongs to"
		done
	done
	chown 0 "$FILE"
	weir2 env select-resolved --req-id $R1 --full-id aaaa
	exits 0
	chown 1 "$FILE"
	was=$(facts)
	weir2 env undo
	one_error 1
	has_err "^try: sudo -u $(id -nu 1)"
	[ "$(facts)" = "$was" ]
}

@test "select-resolved: never a write to what is damaged" {
	head -c 500 before >"$FILE"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 1
	[ "$(wc -c <"$FILE")" = 500 ]
	has_err "conda_v2.cnd: .*at byte 500"
	cat before - >"$FILE" <<<"tail"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 1
	grep -q tail "$FILE"
	sed 's/"version": 1/"version": 2/' before >"$FILE"
	weir2 env select-resolved --req-id $R1 --full-id $FA
	exits 1
	grep -q '"version": 2' "$FILE"
}
