#!/usr/bin/env bats
# Environments of this machine that nothing needs: what goes, and all that must stay.
load helper

R=$(printf '1%.0s' $(seq 40))
FD=$(printf 'd%.0s' $(seq 40)) # the default
FO=$(printf 'a%.0s' $(seq 40)) # an old one
FA=$(printf 'b%.0s' $(seq 40)) # has an alias
FS=$(printf 'c%.0s' $(seq 40)) # a step
FX=$(printf 'e%.0s' $(seq 40)) # no file has it

setup()
{
	world
	unset PREFECT_API_URL CONDARC MAMBARC CONDA_ENVS_PATH MAMBA_ROOT_PREFIX CONDA_EXE CONDA_PREFIX
	unset CONDA_ROOT "${!METAFLOW_@}"
	mkdir -p "$T/flow/.metaflow" "$T/envs"
	cd "$T/flow" || return 1
	export CONDA_ENVS_DIRS=$T/envs
	FILE=$T/flow/.metaflow/conda_v2.cnd
	write_file
	OLD=$(env_at "metaflow_${R}_$FO" $FO)
}

teardown()
{
	cd / || return 1
	[ -z "$SLEEPER" ] || kill "$SLEEPER"
	rm -rf "$open"
	[ ! -d "$T/envs" ] || chmod -R u+rwx "$T/envs"
	weir_cleanup
}

write_file()
{
	python3 - "$FILE" <<'P'
import json, sys
env = {"packages": [], "resolved_on": "2023-01-01T10:00:00", "resolved_archs": ["linux-64"]}
R = "1" * 40
json.dump({"version": 1, "aliases": {"team/x/v1": [R, "b" * 40], "a" * 40: [R, "a" * 40]},
    "mappings": {"F/12/start": [R, "c" * 40], "F/1600000000000000/start": [R, "a" * 40]},
    "environments": {"linux-64": {R: {**{c * 40: env for c in "abcd"}, "_default": "d" * 40}}}},
    open(sys.argv[1], "w"))
P
}

# An environment that was made long ago; its path.
env_at()
{
	mkdir -p "$T/envs/$1/bin" "$T/envs/$1/conda-meta"
	head -c 5000 /dev/zero >"$T/envs/$1/bin/x"
	echo "[\"$R\", \"$2\", \"linux-64\"]" >"$T/envs/$1/.metaflowenv"
	age "$T/envs/$1"
	echo "$T/envs/$1"
}

age()
{
	touch -d '20 days ago' "$1/.metaflowenv" "$1/conda-meta" "$1"
}

has_err()
{
	grep -q -- "$1" "$T/err" || die "stderr lacks: $1"
}

# The only environment is not removed, for this reason.
stays()
{
	weir2 env gc --yes
	exits 0
	[ ! -s "$T/out" ]
	has_err "nothing to remove"
	weir2 env gc --dry-run --all -o json
	exits 0
	grep -q "\"is\":\"$1\"" "$T/out" || die "$(cat "$T/out")"
	has_err "1 stays: 1 $1"
	[ -d "$OLD" ]
}

@test "options of other subcommands are refused before anything is done" {
	env_at "metaflow_${R}_$FD" $FD
	weir2 env gc --name nosuch --arch osx-64 --yes
	one_error 2
	has_err "^weir: env gc: --name: not an option of gc"
	has_err "^try: weir env gc --help"
	weir2 env --arch=osx-64 gc --yes
	one_error 2
	has_err "gc: --arch: not an option"
	weir2 env gc -n5 --yes
	one_error 2
	has_err "gc: --number: not an option"
	weir2 environment gc --yes --recreate
	one_error 2
	weir2 env undo --all-names
	one_error 2
	weir2 env undo foo
	one_error 2
	has_err "^weir: env undo: takes no words"
	weir2 env list --dry-run
	one_error 2
	weir2 select-resolved --own --latest
	one_error 2
	has_err "env select-resolved: --own: not an option"
	weir2 env create-local --latest $FO
	one_error 2
	[ -d "$OLD" ]
}

@test "gc: nobody to ask: nothing is removed; --dry-run; --yes" {
	env_at "metaflow_${R}_$FD" $FD
	weir2 env gc
	one_error 2
	has_err "nobody to be asked"
	[ -d "$OLD" ]
	weir2 env gc --dry-run
	exits 0
	[ "$(cut -f1-4,8 "$T/out")" = "$(printf '%s\t%s\t%s\tlinux-64\tunneeded' "$OLD" $R $FO)" ]
	[ "$(cut -f5 "$T/out")" -ge 5000 ]
	weir2 env gc --dry-run -o csv
	[ "$(cut -d, -f1-4,8 "$T/out")" = "$OLD,$R,$FO,linux-64,unneeded" ]
	[ -d "$OLD" ]
	weir2 env gc --yes --read-only
	one_error 1
	[ -d "$OLD" ]
	weir2 env gc --yes
	exits 0
	[ "$(cat "$T/out")" = "$OLD" ]
	has_err "1 removed"
	[ "$(ls -A "$T/envs")" = "metaflow_${R}_$FD" ]
	weir2 env gc --yes -o json
	exits 0
	[ "$(cat "$T/out")" = "[]" ]
	weir2 env gc --older soon
	one_error 2
	weir2 env gc this
	one_error 2
}

@test "gc: defaults, aliases and steps stay" {
	rm -r "$OLD"
	OLD=$(env_at "metaflow_${R}_$FD" $FD)
	stays default
	mv "$OLD" "$T/envs/mine"
	OLD=$T/envs/mine
	stays default
	rm -r "$OLD"
	OLD=$(env_at "metaflow_${R}_$FA" $FA)
	stays alias
	rm -r "$OLD"
	OLD=$(env_at "metaflow_${R}_$FS" $FS)
	stays run
}

@test "gc: a run within --runs" {
	US=$(($(date +%s) - 10 * 86400))000000
	sed -i "s/1600000000000000/$US/" "$FILE"
	stays run
	weir2 env gc --yes --runs 5d
	exits 0
	[ ! -e "$OLD" ]
}

# A run of Metaflow at this time, in milliseconds, with a task that used the old one.
run_at()
{
	local MS=$1 TASK=$T/flow/.metaflow/F/${1}000/start/1
	mkdir -p "$TASK/_meta" "$T/flow/.metaflow/F/_meta" "$T/flow/.metaflow/F/${MS}000/_meta" "$T/flow/.metaflow/F/${MS}000/start/_meta"
	echo '{"flow_id": "F", "ts_epoch": 1700000000000}' >"$T/flow/.metaflow/F/_meta/_self.json"
	for d in . start start/1; do
		echo "{\"flow_id\": \"F\", \"run_number\": \"${MS}000\", \"step_name\": \"start\", \"task_id\": \"1\", \"ts_epoch\": $MS}" \
			>"$T/flow/.metaflow/F/${MS}000/$d/_meta/_self.json"
	done
	echo "{\"flow_id\": \"F\", \"run_number\": \"${MS}000\", \"step_name\": \"start\", \"task_id\": \"1\", \"field_name\": \"conda_env_id\", \"value\": \"[\\\"$R\\\", \\\"$FO\\\", \\\"linux-64\\\"]\", \"tags\": [\"attempt_id:0\"], \"ts_epoch\": $MS}" \
		>"$TASK/_meta/sysmeta_conda_env_id_$MS.json"
}

@test "gc: a run that Metaflow itself tells of" {
	run_at $(($(date +%s) - 10 * 86400))000
	stays run
	weir2 env gc --yes --runs 5d
	exits 0
	[ ! -e "$OLD" ]
}

@test "gc: a run of a server, or of this machine, that names it" {
	mkdir "$T/deploy"
	printf 'deployments:\n- name: nightly\n  flow_name: build\n  work_pool: {name: w, job_variables: {command: "true"}}\n' \
		>"$T/deploy/prefect.yaml"
	weir2 -q pools create w
	(cd "$T/deploy" && weir2 -q register && exits 0)
	weir2 -q trigger build/nightly --unchecked --name quick -p "env=[\"$R\", \"$FO\", \"linux-64\"]"
	exits 0
	stays run
	grep -q "build/quick names it" "$T/out"
	# What another profile has counts as well, whatever its name, by a pathspec too: that run itself is old.
	D=$XDG_DATA_HOME/weir/embedded.db C=$XDG_CACHE_HOME/weir/metaflow-0123456789abcdef.db
	run_at 1600000000000
	weir2 runs source:metaflow
	sqlite3 "$D" "VACUUM INTO '$C'"
	rm "$D"*
	sqlite3 "$C" "PRAGMA user_version = 3; DELETE FROM run_envs; DELETE FROM env_names;
		INSERT INTO env_names VALUES(1, 'F/1600000000000000/start', 'F/1600000000000000');
		INSERT INTO run_envs SELECT k, 1, at_us, 'of' FROM runs"
	stays run
	grep -q "build/quick names it" "$T/out"
	# One that was long ago does not.
	sqlite3 "$C" 'UPDATE runs SET at_us = at_us - 3000000000000'
	weir2 env gc --yes
	exits 0
	[ ! -e "$OLD" ]
}

@test "gc: what is young, has a given name, or is in no file that is known" {
	touch "$OLD/conda-meta"
	stays young
	age "$OLD"
	weir2 env gc --dry-run --older 30d --all
	has_err "1 stays: 1 young"
	mv "$OLD" "$T/envs/mine"
	OLD=$T/envs/mine
	stays named
	weir2 env gc --yes --all-names
	exits 0
	[ ! -e "$OLD" ]
	OLD=$(env_at "metaflow_${R}_$FX" $FX)
	stays unknown
	weir2 env gc --yes --unknown
	exits 0
	[ ! -e "$OLD" ]
}

@test "gc: what is not an environment of one's own is not touched" {
	mkdir "$T/envs/plain" "$T/envs/dir" "$T/envs/dir/.metaflowenv" "$T/elsewhere"
	echo '["x"]' >"$T/envs/plain/.metaflowenv"
	mv "$OLD" "$T/elsewhere/old"
	ln -s "$T/elsewhere/old" "$OLD"
	stays foreign
	rm "$OLD" && mv "$T/elsewhere/old" "$T/envs/metaflow_${R}_$FA"
	OLD=$T/envs/metaflow_${R}_$FA
	stays foreign
	mv "$OLD" "$T/envs/metaflow_${R}_$FO"
	OLD=$T/envs/metaflow_${R}_$FO
	mkdir "$OLD/envs"
	age "$OLD"
	stays foreign
	rmdir "$OLD/envs"
	mv "$OLD/.metaflowenv" "$T/marker" && ln -s "$T/marker" "$OLD/.metaflowenv"
	age "$OLD"
	stays foreign
	[ -d "$T/envs/plain" ] && [ -d "$T/envs/dir/.metaflowenv" ]
}

@test "gc: another user's files" {
	[ "$(id -u)" = 0 ] || skip "only root makes another user's files"
	chown 1234 "$OLD/bin/x"
	stays foreign
	chown 0 "$OLD/bin/x"
	chown 1234 "$OLD"
	stays foreign
}

@test "gc: a process in it" {
	(cd "$OLD/bin" && exec sleep 60 3>&-) &
	SLEEPER=$!
	until [ "$(readlink "/proc/$SLEEPER/cwd")" = "$OLD/bin" ]; do sleep 0.05; done
	stays busy
	kill "$SLEEPER"
	wait "$SLEEPER" || true
	CONDA_PREFIX=$OLD sleep 60 3>&- &
	SLEEPER=$!
	until tr '\0' '\n' <"/proc/$SLEEPER/environ" | grep -q "^CONDA_PREFIX=$OLD"; do sleep 0.05; done
	stays busy
}

@test "gc: links in it are removed, not followed; closed folders are opened" {
	mkdir -p "$T/out_there" "$OLD/closed/below"
	echo precious >"$T/out_there/file"
	ln -s "$T/out_there" "$OLD/link"
	ln -s ../../../out_there "$OLD/bin/up"
	ln "$T/out_there/file" "$OLD/hard"
	touch "$OLD/closed/below/x"
	chmod 500 "$OLD/closed/below" "$OLD/closed"
	age "$OLD"
	weir2 env gc --dry-run -o json
	python3 - "$T/out" <<'P'
import json, sys
(e,) = json.load(open(sys.argv[1]))
assert e["size"] > e["freed"] > 5000, e
P
	weir2 env gc --yes
	exits 0
	[ ! -e "$OLD" ]
	[ "$(cat "$T/out_there/file")" = precious ]
	[ -z "$(ls -A "$T/envs")" ]
}

@test "gc: a file that cannot be read: nothing is removed" {
	weir2 env list
	cp "$FILE" good
	head -c 100 good >"$FILE"
	weir2 env gc --yes
	[ "$status" = 1 ]
	has_err "what it needs cannot be told"
	[ -d "$OLD" ]
	cp good "$FILE"
	# Another folder's file, which this machine has read before.
	mkdir -p "$T/other/.metaflow"
	sed "s/\"_default\": \"$FD\"/\"_default\": \"$FO\"/" good >"$T/other/.metaflow/conda_v2.cnd"
	(cd "$T/other" && weir2 env list)
	stays default
	# It counts for a while as it was, when it has gone.
	rm -r "$T/other"
	stays default
	for f in "$XDG_CACHE_HOME"/weir/metaflow@*.db*; do
		touch -d '100 days ago' "$f"
	done
	weir2 env gc --yes
	exits 0
	[ ! -e "$OLD" ]
}

@test "gc: waits for who makes environments; what a killed one left is swept" {
	touch "$T/envs/mf_env-creation.lock"
	METAFLOW_CONDA_LOCK_TIMEOUT=1 weir2 env gc --yes
	[ "$status" = 1 ]
	has_err "held by another program (probably Metaflow), of user"
	[ -d "$OLD" ]
	rm "$T/envs/mf_env-creation.lock"
	mkdir -p "$T/envs/.weir-00000000-1-1-gone/x"
	touch -d '20 days ago' "$T/envs/.weir-00000000-1-1-gone"
	weir2 env gc --yes
	exits 0
	[ -z "$(ls -A "$T/envs")" ]
}

# Of a killed one's lock neither: it would keep Metaflow waiting.
nothing_left()
{
	[ -z "$(ls -A "$T/envs")" ] || die "left: $(ls -A "$T/envs")"
}

@test "gc: ended while one goes: it is whole or gone, the next gc sweeps the rest" {
	for signal in INT KILL; do
		gc_ended $signal
	done
}

gc_ended()
{
	OLD=$(env_at "metaflow_${R}_$FO" $FO)
	python3 - "$OLD" "$T/envs" "$WEIR" "SIG$1" <<'P'
import os, signal, subprocess, sys, time
old, envs, weir, how = sys.argv[1:]
for i in range(200):
    os.mkdir(f"{old}/lib{i}")
    for k in range(100):
        open(f"{old}/lib{i}/{k}", "w").close()
whole = sum(len(f) for _, _, f in os.walk(old))
os.utime(old, (time.time() - 20 * 86400,) * 2)
def left():
    return [n for n in os.listdir(envs) if n.endswith('-gone"')]
# a background job of a script would ignore SIGINT: Python gives it back
p = subprocess.Popen([weir, "env", "gc", "--yes"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
while p.poll() is None and not left():
    pass
p.send_signal(getattr(signal, how))
p.wait(timeout=60)
if os.path.isdir(old):
    assert sum(len(f) for _, _, f in os.walk(old)) == whole and not left(), os.listdir(envs)
    assert os.path.exists(f"{old}/.metaflowenv")
print(p.returncode, left())
P
	weir2 env gc --yes
	exits 0
	nothing_left
}

@test "gc: what became a default while the lock was waited for stays" {
	touch "$T/envs/mf_env-creation.lock"
	"$WEIR" env gc --yes >"$T/out" 2>"$T/err" 3>&- &
	GC=$!
	until grep -q waits "$T/err" || ! kill -0 $GC; do sleep 0.05; done
	has_err "waits: .*held by another program (probably Metaflow)"
	sed -i "s/\"_default\": \"$FD\"/\"_default\": \"$FO\"/" "$FILE"
	rm "$T/envs/mf_env-creation.lock"
	status=0
	wait "$GC" || status=$?
	[ "$status" = 1 ]
	has_err "it is a default in .*: it stays"
	[ -f "$OLD/bin/x" ]
}

@test "gc: no number of files beside the stores hides one; of stores there is a most" {
	mkdir -p "$T/other/.metaflow"
	sed "s/\"_default\": \"$FD\"/\"_default\": \"$FO\"/" "$FILE" >"$T/other/.metaflow/conda_v2.cnd"
	(cd "$T/other" && weir2 env list)
	(cd "$XDG_CACHE_HOME/weir" && seq 30000 | xargs touch)
	stays default
	python3 -c 'import os, sys
for i in range(10001):
    os.symlink("nowhere", f"{sys.argv[1]}/metaflow@{i}.db")' "$XDG_CACHE_HOME/weir"
	weir2 env gc --yes
	[ "$status" = 1 ]
	has_err "more than 10000 metaflow@"
	has_err "what it needs cannot be told"
	[ -d "$OLD" ]
}

@test "gc: a folder of stores that cannot be listed: nothing is removed" {
	open_to_nobody
	cd "$open/flow"
	nobody env list
	chmod 300 "$open/nobody/weir"
	status=0
	nobody env gc --yes 2>"$T/err" || status=$?
	[ "$status" = 1 ]
	has_err "weir: Permission denied"
	has_err "what it needs cannot be told"
}

@test "gc: killed just after the renaming: the next gc removes the rest" {
	call="unlink"
	strace -o "$T/log" true || skip "strace may not trace here"
	strace -o "$T/log" -e trace=$call true || call=unlinkat
	for n in $(seq 40); do # until it is that of the marker
		ASAN_OPTIONS=detect_leaks=0 strace -o "$T/log" -f -e trace=$call \
			-e inject=$call:signal=KILL:when="$n" "$WEIR" env gc --yes || true
		[ -d "$OLD" ] || break
	done
	[ ! -e "$OLD" ]
	[ -n "$(find "$T/envs" -path "*/.weir-*/.metaflowenv")" ]
	weir2 env gc --yes
	exits 0
	nothing_left
}
