#!/usr/bin/env bats
# weir worker on the embedded store: what becomes of commands that go wrong, and its own life.
# On a real server: tests/real/working.py.
load helper

setup()
{
	source "$ROOT/tests/lib/env.sh"
	unset PREFECT_API_URL CI
	export WEIR_PROFILE=embedded
	mkdir "$T/project"
	cd "$T/project" || return
	weir2 -q pools create weir
	exits 0
	WORKER=''
	OTHER=''
}

teardown()
{
	[ -z "$OTHER" ] || kill -KILL "$OTHER" || true
	if [ -n "$WORKER" ]; then
		# two that come at once are one
		for _ in 1 2 3 4 5 6; do
			kill -TERM "$WORKER" || break
			sleep 0.2
		done
		kill -KILL "$WORKER" || true
		wait "$WORKER" || true
	fi 2>/dev/null
	[ ! -e "$T/mounted" ] || umount "$T/mounted"
	weir_cleanup
}

# deploy VARIABLES: the deployment t/t of those job variables, a YAML flow mapping.
deploy()
{
	printf 'name: x\ndeployments:\n- {name: t, flow_name: t, work_pool: {name: weir, job_variables: %s}}\n' \
		"$1" >prefect.yaml
	weir2 -q register
	exits 0
}

# ran STATE [ARGUMENT...]: a run of it, by a worker that ends with it, came to that state.
ran()
{
	local want=$1
	shift
	weir2 -q trigger t/t "$@"
	exits 0
	timeout 600 "$WEIR" -q worker --once 2>"$T/worker"
	ended "$want"
}

# ended STATE: the newest run is in it; it is in $output as JSON.
ended()
{
	weir2 runs -n 1 -o json
	[ "$(field state_name)" = "$1" ] || die "state $(field state_name), not $1"
}

field()
{
	python3 -c 'import json, sys; v = json.load(open(sys.argv[1]))[0][sys.argv[2]]; print("" if v is None else v)' \
		"$T/out" "$1"
}

# message TEXT: that is why, in weir show and in weir why.
message()
{
	weir2 show @latest
	[ "$(sed -n 's/^state.message\t//p' "$T/out")" = "$1" ] || die "no such message: $1"
	weir2 why @latest
	has "$1"
}

logged()
{
	weir2 logs @latest
	exits 0
}

# lines: those of the newest run, for json.
lines()
{
	weir2 logs @latest -o ndjson
	exits 0
	printf '[%s]' "$(tr '\n' , <"$T/out" | sed 's/,$//')" >"$T/out"
}

# start ARGUMENT...: a worker in the background, which serves by now.
start()
{
	"$WEIR" worker "$@" 2>"$T/worker" 3>&- &
	WORKER=$!
	until_true grep -q 'serves pool' "$T/worker"
}

in_state()
{
	weir2 runs -n 1 -o json
	[ "$(field state_name)" = "$1" ]
}

# stop [SIGNAL]: what the worker exits with is in $status.
stop()
{
	kill "-${1:-TERM}" "$WORKER"
	status=0
	wait "$WORKER" || status=$?
	WORKER=
}

@test "worker: a command that cannot be started" {
	deploy '{command: [no-such-program, a]}'
	ran Failed
	message "command 'no-such-program': not found"
	logged
	is "command 'no-such-program': not found"
	deploy '{command: "no-such-program a"}'
	ran Failed
	message "/bin/sh: 1: no-such-program: not found"
	touch "$T/file"
	deploy "{command: [$T/file]}"
	ran Failed
	message "command '$T/file': not executable"
	printf '#! /no/such/interpreter -x\n' >"$T/script"
	chmod +x "$T/script"
	deploy "{command: [$T/script]}"
	ran Failed
	message "command '$T/script': its first line asks for '/no/such/interpreter', which is not there"
	printf 'nothing' >"$T/script"
	ran Failed
	message "command '$T/script': no program of this machine (a script needs a line #!/bin/sh)"
	deploy '{command: "true", working_dir: /no/such/dir}'
	ran Failed
	message "working directory '/no/such/dir': No such file or directory"
	deploy '{command: "true"}'
	ran Failed -j timeout:=-5
	message "job variable timeout: not a number from 0 on, or too large"
}

@test "worker: how a command ends" {
	deploy '{command: "echo said; exit 7"}'
	ran Failed
	message "exited with 7"
	deploy '{command: "echo why >&2; exit 7"}'
	ran Failed
	message why
	deploy '{command: "echo error: here; echo then >&2; exit 7"}'
	ran Failed
	message "error: here"
	deploy "{command: 'kill -SEGV \$\$'}"
	ran Crashed
	message "killed by signal 11 (Segmentation fault)"
	deploy '{command: "sleep 100", timeout: 1}'
	ran TimedOut
	message "timed out after 0:01"
	deploy '{command: "test -e again || { touch again; exit 1; }", working_dir: "'"$T"'", retries: 1}'
	ran Completed
	[ "$(field run_count)" = 2 ]
}

@test "worker: output without an end of line, binary output" {
	deploy '{command: "printf one; printf two >&2"}'
	ran Completed
	logged
	[ "$(sort "$T/out" | tr '\n' ,)" = one,two, ]
	printf 'a\000b\033[31mred\033[0m\xff\xfe\302\233\n' >"$T/bytes"
	deploy "{command: 'cat $T/bytes; head -c 300000 /dev/urandom; exit 1'}"
	ran Failed
	message "exited with 1"
	weir2 logs @latest -o ndjson
	[ "$(head -n 1 "$T/out" | python3 -c 'import json; print(ascii(json.loads(input())["message"]))')" = \
		"'a\\ufffdb\\x1b[31mred\\x1b[0m\\ufffd\\ufffd\\x9b'" ] || die "$(head -n 1 "$T/out")"
	on_tty "$WEIR" logs @latest --no-menu
	harmless "$T/tty" || die "on a terminal"
}

@test "worker: a line of 100 MB comes in pieces, with bounded memory" {
	deploy '{command: "head -c 104857600 /dev/zero | tr \"\\000\" x; echo; echo end"}'
	weir2 -q trigger t/t
	# a sanitizer keeps for a while what was freed
	local kb=24000
	! sanitized || kb=1000000
	python3 - "$WEIR" $kb <<'P'
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], [sys.argv[1], "-q", "worker", "--once"])
_, status, used = os.wait4(pid, 0)
assert status == 0, status
assert used.ru_maxrss < int(sys.argv[2]), used.ru_maxrss
P
	ended Completed
	weir2 logs @latest
	python3 - "$T/out" <<'P'
import sys
lines = open(sys.argv[1], "rb").read().split(b"\n")
assert lines[-2:] == [b"end", b""], lines[-2:]
assert sum(map(len, lines[:-2])) == 100 << 20
assert max(map(len, lines)) <= 64 << 10
P
}

# small BYTES: a file system of its own for state, or skip.
small()
{
	mkdir -p "$XDG_STATE_HOME"
	mount -t tmpfs -o "size=$1" tmpfs "$XDG_STATE_HOME" 2>/dev/null || skip "cannot mount"
	ln -s "$XDG_STATE_HOME" "$T/mounted"
}

@test "worker: a spool on a small disk is not as long as the log" {
	deploy '{command: "seq 2000000"}'
	small 4m
	ran Completed
	weir2 logs @latest
	[ "$(tail -n 1 "$T/out")" = 2000000 ]
	[ "$(wc -l <"$T/out")" = 2000000 ]
}

@test "worker: a disk of the spool that stays full ends the run" {
	deploy '{command: "seq 100; sleep 0.5; head -c 9000000 /dev/zero >'"$XDG_STATE_HOME"'/fill 2>/dev/null; seq 300000; sleep 60"}'
	small 4m
	ran Crashed
	message "no room for its log on $(uname -n): the command was stopped"
	logged
	[ "$(head -n 100 "$T/out" | tail -n 1)" = 100 ]
}

@test "worker: a clock that is set back" {
	cat >clock.c <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdlib.h>
		#include <time.h>
		#include <unistd.h>
		int
		clock_gettime(clockid_t id, struct timespec *ts)
		{
			int (*real)(clockid_t, struct timespec *);
			int rc;

			*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
			rc = real(id, ts);
			if (!rc && id == CLOCK_REALTIME && access(getenv("BACK"), F_OK) == 0)
				ts->tv_sec -= 3600;
			return rc;
		}
	END
	cc -shared -fPIC -o clock.so clock.c -ldl 2>"$T/err" || skip "no shared library can be made"
	! sanitized || skip "not beside ASan"
	export BACK=$T/back
	deploy '{command: "echo one; sleep 0.3; touch '"$BACK"'; echo two; sleep 0.3; echo three"}'
	weir2 -q trigger t/t
	LD_PRELOAD=$PWD/clock.so timeout 600 "$WEIR" -q worker --once 2>"$T/worker"
	ended Completed
	json 'd[0]["start_time"] <= d[0]["end_time"] and d[0]["total_run_time"] >= 0'
	lines
	json '[l["message"] for l in d] == ["one", "two", "three"]'
	json '[l["timestamp"] for l in d] == sorted({l["timestamp"] for l in d})'
}

@test "worker: templates with unknown variables" {
	deploy '{command: "true"}'
	local none="there is no such value: without a server it is looked for in \
[variables] of weir.conf, a secret in a file beside it"
	ran Failed -j 'command=echo {{ prefect.variables.nope }}'
	message "{{ prefect.variables.nope }}: $none"
	ran Failed -j 'command=echo {{ prefect.blocks.secret.nope }}'
	message "{{ prefect.blocks.secret.nope }}: $none"
	# and where they are
	mkdir -p "$XDG_CONFIG_HOME/weir/secrets"
	printf '[variables]\nregion = "eu"\n' >"$XDG_CONFIG_HOME/weir/weir.conf"
	(umask 077; echo s3cret >"$XDG_CONFIG_HOME/weir/secrets/token")
	ran Completed -j 'command=echo {{ prefect.variables.region }} {{ prefect.blocks.secret.token }} | tr s S'
	logged
	is "eu S3cret"
	deploy '{command: "echo $A | tr s S", env: {A: "{{ prefect.blocks.secret.token }}"}}'
	ran Completed
	logged
	is "S3cret"
	! grep -rlF s3cret "$XDG_DATA_HOME" "$XDG_STATE_HOME" || die "the secret was kept"
	# of the pool's own template: nothing, as Prefect's workers do
	ran Completed -j 'command=echo a{{ nothing }}b'
	logged
	is "a{{ nothing }}b"
}

@test "worker: parameters that cannot be variables of the environment" {
	deploy '{command: "env | grep -a ^WEIR_PARAM_ | sort; cat $WEIR_PARAMETERS_FILE"}'
	python3 -c 'import json; json.dump({"a": 1, "A": 2, "ok": "x", "has space": True, "list": [1],
		"nul": "a\0b", "big": "y" * 200000}, open("p.json", "w"))'
	ran Completed --params p.json
	lines
	json '"parameter a: another one is WEIR_PARAM_A too, so it is not set" in [l["message"] for l in d]'
	json '"parameter nul: too long for a variable, or it has a NUL: WEIR_PARAM_NUL is not set; it is in WEIR_PARAMETERS_FILE" in [l["message"] for l in d]'
	json '[l["message"] for l in d if l["message"].startswith("WEIR_PARAM_")] == ["WEIR_PARAM_HAS_SPACE=true", "WEIR_PARAM_OK=x"]'
	json 'sum(len(l["message"]) for l in d) > 200000'
}

@test "worker: what is cancelled is stopped with all of its children" {
	mark=$((RANDOM + 30000)).5
	# shellcheck disable=SC2016
	deploy "{grace_seconds: 1, command: [sh, -c, \"trap '' TERM; for i in 1 2 3 4 5 6 7 8 9 10; do (trap '' TERM; while :; do sleep $mark & wait; done) & done; setsid sleep $mark & echo up; wait\"]}"
	start
	weir2 -q trigger t/t
	until_true in_state Running
	many() { [ "$(pgrep -fc "^sleep $mark")" = 11 ]; }
	until_true many
	weir2 -q cancel --yes @latest
	exits 0
	until_true in_state Cancelled
	[ "$(pgrep -fc "^sleep $mark")" = 0 ] || die "$(pgrep -fa "^sleep $mark")"
	logged
	has "1 of its processes had left its group: killed"
	stop
	exits 0
}

@test "worker: two of one pool, of one name too, run each run once" {
	deploy "{command: 'echo \$PREFECT__FLOW_RUN_ID >>$T/ran'}"
	start --name one
	"$WEIR" -q worker --name one 2>"$T/second" 3>&- &
	second=$!
	for _ in $(seq 20); do
		seq 10 | xargs -P 4 -I{} "$WEIR" -q trigger t/t >"$T/out"
	done
	all() { [ "$("$WEIR" runs -n 0 --columns state_name | grep -c Completed)" = 200 ]; }
	until_true all
	kill "$second"
	wait "$second"
	stop
	exits 0
	[ "$(wc -l <"$T/ran")" = 200 ]
	[ "$(sort -u "$T/ran" | wc -l)" = 200 ]
}

@test "worker: a run that nothing but the store knows of is ended" {
	deploy '{command: "sleep 300"}'
	start
	weir2 -q trigger t/t
	until_true in_state Running
	kill -9 "$WORKER"
	wait "$WORKER" || true
	WORKER=
	rm -r "$XDG_STATE_HOME"/weir/*.runs
	start
	until_true in_state Crashed
	message "its worker on $(uname -n) ended: the command was stopped"
	stop
}

@test "worker: no line comes twice when the store is newer than the spool's progress" {
	printf 'for i in 1 2 3 4 5; do seq -f "part $i, line %%g" 50; until [ -e "$1/go$i" ]; do sleep 0.05; done; done' >"$T/parts"
	deploy "{command: 'sh $T/parts $T'}"
	start
	weir2 -q trigger t/t
	# has_part N: it is in the store
	has_part()
	{
		weir2 logs @latest
		grep -q "part $1, line 50\$" "$T/out"
	}
	for i in 1 2 3 4; do
		until_true has_part "$i"
		cp "$XDG_STATE_HOME"/weir/*.runs/*/progress "$T/progress$i"
		: >"$T/go$i"
	done
	until_true has_part 5
	kill -9 "$WORKER"
	wait "$WORKER" || WORKER=
	# as after a power cut: what was not synced is as it was
	cp "$T/progress2" "$(echo "$XDG_STATE_HOME"/weir/*.runs/*/progress)"
	start
	until_true in_state Crashed
	stop
	logged
	[ "$(grep -c '^part' "$T/out")" = 250 ] || die "$(grep -c '^part' "$T/out") lines, not 250"
	[ "$(grep '^part' "$T/out" | uniq -d | wc -l)" = 0 ]
}

@test "worker: what a task has not yet read of an orphan is in the log" {
	printf '#!/bin/sh\necho $$ >pid\nuntil [ -e go ]; do sleep 0.1; done\necho said\ntouch said\nexec sleep 1000\n' >step
	chmod +x step
	deploy "{command: '$WEIR task step -- ./step', working_dir: '$PWD'}"
	start
	weir2 -q trigger t/t
	until_true [ -s pid ]
	kill -9 "$WORKER"
	wait "$WORKER" || WORKER=
	task_of "$(cat pid)"
	kill -STOP "$TASK" "$KEEPER"
	touch go
	until_true [ -e said ]
	weir2 runs -o json
	[ "$(field state_name)" = Crashed ]
	logged
	is said
}

# task_of PID: the `weir task` whose command that is, and who reads for it.
task_of()
{
	TASK=$(ps -o ppid= "$1" | tr -d ' ')
	KEEPER=$(pgrep -P "$TASK" -x weir)
}

gone()
{
	[[ "$(ps -o stat= -p "$1")" = "" || "$(ps -o stat= -p "$1")" = Z* ]]
}

# A run whose step has said a line that who reads for its task is kept from reading.
start_held()
{
	start
	weir2 -q trigger t/t
	until_true [ -s pid ]
	task_of "$(cat pid)"
	kill -STOP "$KEEPER"
	touch go
	until_true [ -e said ]
}

@test "task: killed at once, what its command has said is in the log" {
	cat >step <<-'END'
		#!/bin/sh
		echo $$ >pid
		until [ -e go ]; do sleep 0.1; done
		echo said
		touch said
		exec sleep 1000
	END
	chmod +x step
	cat >build.sh <<-END
		'$WEIR' task step -- ./step
		echo "after \$?"
		touch after
		until [ -e end ]; do sleep 0.1; done
	END
	deploy "{command: sh build.sh, working_dir: '$PWD'}"
	start_held
	kill -9 "$TASK"
	until_true [ -e after ]
	kill -0 "$(cat pid)"
	kill -CONT "$KEEPER"
	until_true gone "$(cat pid)"
	until_true gone "$KEEPER"
	touch end
	stop
	logged
	has said
	has "after 137"
	[ "$(sqlite3 "$XDG_DATA_HOME/weir/embedded.db" "SELECT name FROM names WHERE k = (SELECT state_name FROM task_runs)")" = Crashed ]
}

@test "task: who reads for it killed, it reads itself" {
	cat >step <<-'END'
		#!/bin/sh
		echo $$ >pid
		until [ -e go ]; do sleep 0.1; done
		echo one
		touch said
		until [ -e on ]; do sleep 0.1; done
		echo error: two
		exit 3
	END
	chmod +x step
	deploy "{command: '$WEIR task step -- ./step', working_dir: '$PWD'}"
	start_held
	kill -9 "$KEEPER"
	touch on
	stop
	logged
	is "one
error: two"
	weir2 task-runs -o json
	[ "$(field state_name)" = Failed ]
	has '"error: two"'
}

@test "worker: what a dead one left is ended by whoever looks" {
	mark=$((RANDOM + 30000)).5
	deploy "{command: 'echo one; sleep $mark; echo two'}"
	start
	weir2 -q trigger t/t
	until_true in_state Running
	kill -9 "$WORKER"
	wait "$WORKER" || WORKER=
	# it may look, but not touch
	weir2 runs --read-only -o json
	[ "$(field state_name)" = Running ]
	pgrep -f "^sleep $mark" >/dev/null
	weir2 runs -o json
	[ "$(field state_name)" = Crashed ]
	! pgrep -f "^sleep $mark" || die "the command goes on"
	logged
	is one
}

@test "worker: one whose terminal is closed waits for its runs; one of nohup goes on" {
	deploy "{command: 'echo up >>$T/ran; until [ -e $T/go ]; do sleep 0.05; done'}"
	start
	weir2 -q trigger t/t
	until_true test -s "$T/ran"
	kill -HUP "$WORKER"
	until_true grep -q 'no more runs are taken; 1 goes on' "$T/worker"
	touch "$T/go"
	wait "$WORKER"
	WORKER=
	ended Completed
	rm "$T/worker"
	(trap '' HUP; exec "$WEIR" worker 2>"$T/worker" 3>&-) &
	WORKER=$!
	until_true grep -q 'serves pool' "$T/worker"
	kill -HUP "$WORKER"
	weir2 -q trigger t/t
	until_true in_state Completed
	stop
	exits 0
}

# workers: each with its status, as stored; readers with no leave to write see no more.
workers()
{
	sqlite3 "$XDG_DATA_HOME/weir/embedded.db" \
		"SELECT name || ' ' || json_extract(doc, '$.status') FROM workers ORDER BY name" | paste -sd,
}

workers_are()
{
	[ "$(workers)" = "$1" ]
}

@test "worker: of two that share a store one ends, killed or not, and is OFFLINE" {
	weir2 -q pools create second
	"$WEIR" -q worker --name a --pool second 2>/dev/null 3>&- &
	OTHER=$!
	start --name b
	until_true workers_are "a ONLINE,b ONLINE"
	weir2 -q pools --workers -o tsv --columns name,status
	[ "$(sort "$T/out")" = $'a\tONLINE\nb\tONLINE' ]
	kill -KILL "$OTHER"
	wait "$OTHER" || true
	# whoever looks sees it
	weir2 -q pools --workers -o tsv --columns name,status
	[ "$(sort "$T/out")" = $'a\tOFFLINE\nb\tONLINE' ]
	weir2 -q pools -o tsv --columns name,status
	[ "$(sort "$T/out")" = $'second\tNOT_READY\nweir\tREADY' ]
	# two of one name: while one of them lives
	"$WEIR" -q worker --name b 2>"$T/err" 3>&- &
	OTHER=$!
	until_true holds_said 2
	kill -KILL "$OTHER"
	wait "$OTHER" || true
	OTHER=
	weir2 -q pools --workers -o tsv --columns name,status
	[ "$(sort "$T/out")" = $'a\tOFFLINE\nb\tONLINE' ]
	# told to end it says so itself
	stop
	workers_are "a OFFLINE,b OFFLINE" || die "$(workers)"
	weir2 -q --offline pools -o tsv --columns name,status
	[ "$(sort "$T/out")" = $'second\tNOT_READY\nweir\tNOT_READY' ]
}

# holds_said N: so many workers have said who they are.
holds_said()
{
	[ "$(cat "$XDG_DATA_HOME/weir/embedded.db.worker"/[0-9]* | grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' | wc -l)" = "$1" ]
}

# put_aside N: so many folders wait to be removed.
put_aside()
{
	[ "$(find "$XDG_STATE_HOME/weir" -maxdepth 2 -name '.gone-*' | wc -l)" = "$1" ]
}

# told_again: told to end once more, it has.
told_again()
{
	kill -TERM "$WORKER" 2>/dev/null || true
	gone "$WORKER"
}

@test "worker: a work folder of many files is removed beside its loop" {
	cat >"$T/slow.c" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>
		int
		remove(const char *path)
		{
			int (*real)(const char *);

			*(void **)&real = dlsym(RTLD_NEXT, "remove");
			while (strstr(path, "/.gone-") && access(getenv("SLOW"), F_OK) == 0)
				usleep(10000);
			return real(path);
		}
	END
	cc -shared -fPIC -o "$T/slow.so" "$T/slow.c" -ldl 2>"$T/err" || skip "no shared library can be made"
	! sanitized || skip "not beside ASan"
	export SLOW=$T/slow
	touch "$SLOW"
	deploy '{command: "test -z \"$MANY\" || for i in $(seq 600); do echo >$i; done"}'
	LD_PRELOAD=$T/slow.so start
	weir2 -q trigger t/t --job-variable env='{"MANY": "1"}'
	exits 0
	until_true in_state Completed
	until_true put_aside 1
	# others go on meanwhile, and what is small goes at once
	weir2 -q trigger t/t
	until_true in_state Completed
	until_true put_aside 1
	# it ends with a worker that is killed; the next one has it removed
	kill -KILL "$WORKER"
	wait "$WORKER" || true
	put_aside 1
	rm "$SLOW"
	start
	until_true put_aside 0
	stop
	# one that is told to end waits for it, but not when told twice
	touch "$SLOW"
	LD_PRELOAD=$T/slow.so start
	weir2 -q trigger t/t --job-variable env='{"MANY": "1"}'
	until_true in_state Completed
	until_true put_aside 1
	kill -TERM "$WORKER"
	sleep 0.3
	kill -0 "$WORKER"
	rm "$SLOW"
	wait "$WORKER"
	put_aside 0
	touch "$SLOW"
	LD_PRELOAD=$T/slow.so start
	weir2 -q trigger t/t --job-variable env='{"MANY": "1"}'
	until_true in_state Completed
	until_true put_aside 1
	until_true told_again
	wait "$WORKER"
	put_aside 1
	timeout 60 "$WEIR" -q worker --once
	put_aside 0
}

@test "worker: its pool, and what it says" {
	weir2 pools delete --yes weir
	start
	grep -q 'pool weir: made, of type weir' "$T/worker"
	grep -q ' weir-.* serves pool weir, up to 8 runs at once$' "$T/worker"
	weir2 pools
	has "READY"
	deploy '{command: "echo oops >&2; exit 1", retries: 1, retry_delay: 0}'
	weir2 -q trigger t/t
	until_true in_state Failed
	grep -q ': started t, process [0-9]*, run [0-9a-f]*$' "$T/worker"
	grep -q ': failed, again in .*: oops$' "$T/worker"
	grep -q ': Failed after .*: oops$' "$T/worker"
	stop INT
	exits 0
	weir2 pools
	has "NOT_READY"
	# as a service: levels for the journal, no times
	deploy '{command: "true"}'
	weir2 -q trigger t/t
	"$WEIR" worker --once --foreground 2>"$T/worker"
	[ "$(grep -vc '^<6>' "$T/worker")" = 0 ] || die "$(cat "$T/worker")"
	grep -q '^<6>weir-.* serves pool weir' "$T/worker"
	# a name forges no line of the journal, and says nothing to a terminal
	weir2 -q trigger t/t --name $'a\n<3>forged\e[31m'
	exits 0
	"$WEIR" worker --once --foreground 2>"$T/worker"
	[ "$(grep -vc '^<6>' "$T/worker")" = 0 ] || die "$(cat -v "$T/worker")"
	[ "$(grep -c $'\e' "$T/worker")" = 0 ]
	grep -q '^<6>a.*forged.*: Completed' "$T/worker"
}

@test "worker: one that lives was heard of now" {
	deploy '{command: "true"}'
	start --name one
	# seen NOW [COLUMNS]: when its worker was, and its pool's queue was polled
	seen()
	{
		WEIR_NOW=$1 weir2 pools --workers name:one -o tsv --columns last_heartbeat_time
		exits 0
		cp "$T/out" "$T/seen"
		WEIR_NOW=$1 weir2 pools --queues -o tsv --columns last_polled
		exits 0
		cat "$T/out" >>"$T/seen"
	}
	# there N: so many that say so
	there()
	{
		weir2 pools --workers -o name status:online
		[ "$(wc -l <"$T/out")" = "$1" ]
	}
	until_true there 1
	later=$(date -u -d '+50 min' +%FT%TZ)
	seen "$later"
	[ "$(grep -c "^$later\$" "$T/seen")" = 2 ] || die "$(cat "$T/seen")"
	WEIR_NOW=$later weir2 deployments -o tsv --columns last_polled
	is "$later"
	# one that is dead is not there, and the other one is
	"$WEIR" -q worker --name two 2>"$T/second" 3>&- &
	second=$!
	until_true there 2
	seen "$later"
	[ "$(grep -c "^$later\$" "$T/seen")" = 2 ] || die "$(cat "$T/seen")"
	kill -9 "$second"
	wait "$second" || true
	seen "$later"
	[ "$(grep -c "^$later\$" "$T/seen")" = 2 ] || die "$(cat "$T/seen")"
	there 1
	stop
	seen "$later"
	[ "$(grep -c "^$later\$" "$T/seen")" = 0 ] || die "$(cat "$T/seen")"
}

@test "worker: paused pools, other queues and --limit" {
	deploy "{command: 'until [ -e $T/go ]; do sleep 0.05; done'}"
	weir2 -q pause pool weir
	exits 0
	weir2 -q trigger t/t
	timeout 600 "$WEIR" -q worker --once
	ended Scheduled
	weir2 -q unpause pool weir
	timeout 600 "$WEIR" -q worker --once --queue other
	ended Scheduled
	for _ in 1 2; do
		weir2 -q trigger t/t
	done
	start --limit 2
	# running N: so many are
	running() { [ "$("$WEIR" runs state:running -n 0 -o name | wc -l)" = "$1" ]; }
	until_true running 2
	for _ in 1 2 3 4 5 6 7 8; do
		running 2 || die "not two at once: $(cat "$T/worker")"
	done
	touch "$T/go"
	all() { [ "$("$WEIR" runs -n 0 --columns state_name | sort | tr '\n' ,)" = "Completed,Completed,Completed," ]; }
	until_true all
	stop
}

@test "worker: told to stop once it drains, twice it stops them" {
	deploy "{command: 'echo up; until [ -e $T/go ]; do sleep 0.05; done; echo down'}"
	start
	weir2 -q trigger t/t
	until_true in_state Running
	kill -TERM "$WORKER"
	until_true grep -q 'no more runs are taken; 1 goes on to the end' "$T/worker"
	weir2 -q trigger t/t
	touch "$T/go"
	wait "$WORKER"
	WORKER=
	[ "$("$WEIR" runs -n 0 --columns state_name | sort | tr '\n' ,)" = "Completed,Scheduled," ]
	deploy '{command: "echo up; sleep 300", grace_seconds: 1}'
	start
	weir2 -q trigger t/t
	until_true in_state Running
	kill -TERM "$WORKER"
	until_true grep -q 'no more runs' "$T/worker"
	stop
	exits 0
	ended Crashed
	message "its worker on $(uname -n) ended: the command was stopped"
}

# stop_while_locked: nothing can be written from before the command ends, which waits for
# $T/go, until the worker has seen that and was told to stop twice.
stop_while_locked()
{
	timeout 600 python3 - "$XDG_DATA_HOME/weir/embedded.db" "$WORKER" "$T" "$XDG_STATE_HOME" <<-'END'
		import glob, os, signal, sqlite3, sys, time
		def noted():
		    notes = glob.glob(sys.argv[4] + "/weir/*.runs/*/note")
		    return any('"status"' in open(n).read() for n in notes)
		def pending():
		    with open(f"/proc/{sys.argv[2]}/status") as f:
		        masks = [int(l.split()[1], 16) for l in f if l.startswith(("SigPnd", "ShdPnd"))]
		    return any(m >> signal.SIGTERM - 1 & 1 for m in masks)
		db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=600)
		db.execute("BEGIN IMMEDIATE")
		open(sys.argv[3] + "/go", "w").close()
		while not noted():
		    time.sleep(0.02)
		for _ in range(2):
		    os.kill(int(sys.argv[2]), signal.SIGTERM)
		    while pending(): # two at once would be one
		        time.sleep(0.02)
		db.execute("ROLLBACK")
	END
	wait "$WORKER"
	WORKER=
	rm "$T/go"
}

@test "worker: told to stop twice, it says of what has ended how that ended" {
	printf 'until [ -e "$1/go" ]; do sleep 0.05; done\nexit $2\n' >"$T/wait.sh"
	deploy "{command: [sh, $T/wait.sh, $T, '0']}"
	start
	weir2 -q trigger t/t
	until_true in_state Running
	# nothing can be said of the end until it has been told
	stop_while_locked
	ended Completed
	deploy "{command: [sh, $T/wait.sh, $T, '3'], retries: 2, retry_delay: 60}"
	start
	weir2 -q trigger t/t
	until_true in_state Running
	stop_while_locked
	ended Crashed
}

@test "worker: when parents hold all places, why says so" {
	local child
	printf 'name: x\ndeployments:\n' >prefect.yaml
	printf -- '- {name: %s, flow_name: %s, work_pool: {name: weir, job_variables: {command: "%s"}}}\n' \
		up t "weir trigger t/down --wait" down t "true" >>prefect.yaml
	weir2 -q register
	exits 0
	PATH=$(dirname "$WEIR"):$PATH start --limit 1
	weir2 -q trigger t/up
	child_of_it()
	{
		child=$("$WEIR" runs -n 0 'flow_name:t deployment_name:down' -o name)
		[ -n "$child" ]
	}
	until_true child_of_it
	weir2 why "$child"
	lacks places # it is not late yet
	export WEIR_NOW
	WEIR_NOW=$(date -u -d '+20 sec' +%Y-%m-%dT%H:%M:%SZ)
	weir2 why "$child"
	has "places: the pool has 1 live run, each with a child that waits like this"
	unset WEIR_NOW
	weir2 -q cancel --yes --query 'state:running,scheduled,pending'
	stop
}

@test "worker: a run that is due later is waited for, not polled for" {
	deploy '{command: "true"}'
	start
	weir2 -q trigger t/t --in 2s
	until_true in_state Completed
	json 'd[0]["start_time"] >= d[0]["expected_start_time"]'
	[ "$(python3 -c 'import datetime, json, sys
d = json.load(open(sys.argv[1]))[0]
t = [datetime.datetime.fromisoformat(d[n].replace("Z", "+00:00")) for n in ("expected_start_time", "start_time")]
print((t[1] - t[0]).total_seconds() < 5)' "$T/out")" = True ]
	rests 1
	stop
}

@test "task: steps of a script, nested, retried, left open" {
	cat >"$T/build.sh" <<-'END'
		weir task fetch -- echo fetched
		weir task compile -- sh -c 'weir task inner -- echo nested; echo "a.c:1: warning: w"'
		weir task --retries 1 --retry-delay 0s flaky -- sh -c 'test -e "$0" || { touch "$0"; exit 1; }' "$PWD/again"
		weir task --timeout 300ms slow -- sleep 20
		echo "slow said $?"
		printf '#!/bin/sh\nrm "$0"; exec sleep 20\n' >once
		chmod +x once
		weir task --retries 9 --retry-delay 0s --timeout 300ms gone -- ./once
		weir task open -- sh -c 'kill -9 $PPID; sleep 0.2' &
		wait
		exit 0
	END
	deploy "{command: [sh, $T/build.sh], env: {PATH: '$PATH'}}"
	ran Completed
	logged
	has fetched
	has nested
	has "slow said 124"
	weir2 graph @latest
	for t in fetch compile inner flaky slow gone open; do
		has "$t"
	done
	[ "$(cut -f 1,4 "$T/out" | grep -E 'compile|inner' | tr '\n' ' ')" = $'1\tcompile 2\tinner ' ]
	weir2 graph @latest -o table
	has "├ compile "
	has "│ └ inner "
	printf '%s\n' wait-idle "dump $T/screen" >"$T/script"
	weir2 --script "$T/script" graph @latest
	grep -q '├ compile ' "$T/screen"
	grep -q '│ └ inner ' "$T/screen"
	[ "$(sqlite3 "$XDG_DATA_HOME/weir/embedded.db" "SELECT group_concat(name || ' ' || (SELECT name FROM names WHERE k = state_name)) FROM (SELECT * FROM task_runs ORDER BY name)")" = \
		"compile Completed,fetch Completed,flaky Completed,gone Failed,inner Completed,open Crashed,slow TimedOut" ] ||
		die "$(sqlite3 "$XDG_DATA_HOME/weir/embedded.db" "SELECT name, (SELECT name FROM names WHERE k = state_name) FROM task_runs")"
}

@test "task: of one that takes too long, or is told to end, nothing is left" {
	mark=7$RANDOM
	cat >"$T/build.sh" <<-END
		weir task --retries 1 --timeout 500ms deep -- sh -c 'setsid sleep $mark & weir task in -- sleep $mark; true'
		echo "deep said \$?; left: \$(pgrep -fc '^sleep $mark')"
		weir task alone -- sh -c "echo >'$T/there'; exec sleep $mark" &
		until [ -e '$T/there' ]; do sleep 0.05; done
		kill \$!
		wait \$!
		echo "alone said \$?; left: \$(pgrep -fc '^sleep $mark')"
	END
	deploy "{command: [sh, $T/build.sh], env: {PATH: '$PATH'}}"
	ran Completed
	logged
	has "deep said 124; left: 0"
	has "alone said 143; left: 0"
}

@test "trigger --wait in a run: a parent over platforms" {
	cat >"$T/parent.sh" <<-'END'
		for p in linux-64 linux-aarch64 win-64; do
			weir -q trigger t/child -p "platform=$p" --wait &
		done
		wait
		weir -q trigger t/child -p platform=osx-64 --wait
		echo "last said $?"
	END
	cat >prefect.yaml <<-END
		name: x
		deployments:
		- {name: t, flow_name: t, work_pool: {name: weir, job_variables: {command: [sh, $T/parent.sh], env: {PATH: '$PATH'}}}}
		- {name: child, flow_name: child, work_pool: {name: weir, job_variables: {command: 'echo \$WEIR_PARAM_PLATFORM; [ \$WEIR_PARAM_PLATFORM != osx-64 ]'}}}
	END
	sed -i 's,t/child,child/child,' "$T/parent.sh"
	weir2 -q register
	exits 0
	weir2 -q trigger t/t
	timeout 600 "$WEIR" -q worker --once
	weir2 runs parent:none -o json
	json 'len(d) == 1 and d[0]["state_name"] == "Completed"'
	weir2 runs -n 0 -o json
	json 'sorted(r["platform"] for r in d if r["parent_run_id"]) == ["linux-64", "linux-aarch64", "osx-64", "win-64"]'
	json '[r["state_name"] for r in d if r["platform"] == "osx-64"] == ["Failed"]'
	weir2 logs "$(python3 -c 'import json, sys; print([r["id"] for r in json.load(open(sys.argv[1])) if not r["parent_run_id"]][0])' "$T/out")"
	has "last said 3"
}
