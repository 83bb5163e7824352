#!/usr/bin/env bats
# weir watch: until the last run has ended; what is told meanwhile and after; the status.
load helper

setup_file()
{
	fake_start --runs 60
}

teardown_file()
{
	fake_stop
}

setup()
{
	control '{"faults":[],"do":[["end",{}]]}' >/dev/null
	world
}

teardown()
{
	[ -z "${pid:-}" ] || kill "$pid" 2>/dev/null || true
	weir_cleanup
}

# make N NAME: as many runs; their ids in $ids, an array.
make()
{
	mapfile -t ids < <(control "{\"do\":[[\"make\",{\"n\":$1,\"name\":\"$2\"}]]}" |
		python3 -c 'import json, sys; print(*json.load(sys.stdin)["done"][0], sep="\n")')
}

# end TYPE ID
end()
{
	control "{\"do\":[[\"end\",{\"id\":\"$2\",\"type\":\"$1\"}]]}" >/dev/null
}

# watch ARGS...: beside the test; $pid
watch()
{
	"$WEIR" watch "$@" >"$T/out" 2>"$T/err" </dev/null 3>&- &
	pid=$!
}

# ended: it ends by itself; $status
ended()
{
	gone()
	{
		! kill -0 "$pid" 2>/dev/null
	}
	until_true gone
	status=0
	wait "$pid" || status=$?
	# shellcheck disable=SC2034
	output=$(cat "$T/out") errors=$(cat "$T/err") pid=''
}

# told TEXT: it comes on standard error
told()
{
	until_true grep -qF -- "$1" "$T/err" || die "$(cat "$T/err")"
}

# once_on_tty TEXT COMMAND...: beside the test, when on_tty has shown that
once_on_tty()
{
	rm -f "$T/tty"
	(
		until_true grep -aqF -- "$1" "$T/tty"
		"${@:2}"
	) >"$T/beside" 2>&1 3>&- &
}

@test "all completed: 0, a row a run, a line a change" {
	make 3 good
	watch "${ids[@]}"
	told "good ${ids[2]:0:8}: Running"
	end COMPLETED "${ids[0]}"
	end COMPLETED "${ids[1]}"
	told "good ${ids[1]:0:8}: Completed"
	kill -0 "$pid"
	end COMPLETED "${ids[2]}"
	ended
	exits 0
	[ "$(cut -f 1-3 <<<"$output")" = "$(printf '%s\tCOMPLETED\tCompleted\n' "${ids[@]}")" ]
	[ "$(grep -c "Running" "$T/err")" = 3 ]
	grep -qE '^weir: [0-9]{2}:[0-9]{2}:[0-9]{2} good [0-9a-f]{8}: Completed$' "$T/err"
}

@test "failed, crashed, cancelled, deleted: 3, and which" {
	for end in FAILED CRASHED CANCELLED; do
		make 2 bad
		watch "${ids[@]}"
		told "bad ${ids[1]:0:8}: Running"
		end COMPLETED "${ids[0]}"
		end $end "${ids[1]}"
		ended
		exits 3
		says "1 of 2 runs did not complete"
		says "try: weir why ${ids[1]}"
		has "${ids[1]}	$end"
	done
	make 1 bad
	watch "${ids[0]}"
	told "Running"
	control "{\"do\":[[\"delete\",{\"id\":\"${ids[0]}\"}]]}" >/dev/null
	ended
	exits 3
	says "gone from the server"
}

@test "why it failed is told" {
	make 1 broken
	control "{\"do\":[[\"log\",{\"id\":\"${ids[0]}\",\"level\":40,\"lines\":[\"ld: cannot find -lz\"]}]]}" >/dev/null
	watch "${ids[0]}" -o json
	told Running
	end FAILED "${ids[0]}"
	ended
	exits 3
	says "ld: cannot find -lz"
	python3 - "$T/out" <<'P'
import json, sys
run, = json.load(open(sys.argv[1]))
assert run["why"].endswith("ld: cannot find -lz") and run["state_type"] == "FAILED", run
assert run["dur"] >= 0 and run["end_time"] > run["start_time"], run
P
}

@test "the time is over: 8; the runs go on" {
	make 2 long
	end COMPLETED "${ids[0]}"
	weir2 watch --timeout 1s "${ids[@]}"
	exits 8
	says "1 of 2 runs have not ended"
	weir2 watch --timeout 500ms "${ids[1]}"
	exits 8
	says "long ${ids[1]:0:8}: still Running"
}

@test "the first that fails ends it with --fail-fast" {
	make 3 quick
	watch --fail-fast "${ids[@]}"
	told "${ids[2]:0:8}: Running"
	end FAILED "${ids[1]}"
	ended
	exits 3
	has "${ids[0]}	RUNNING"
}

@test "a query takes what lives; nothing lives: says so" {
	make 2 asked
	end COMPLETED "${ids[0]}"
	watch name:asked
	told "asked ${ids[1]:0:8}: Running"
	end COMPLETED "${ids[1]}"
	ended
	exits 0
	[ "$(wc -l <"$T/out")" = 1 ]
	weir2 watch name:asked --refresh
	exits 0
	says "nothing to watch"
	is ""
	weir2 watch no-such-run
	exits 1
	weir2 watch
	exits 2
	says "which run?"
}

@test "not offline" {
	weir2 watch --offline @latest
	exits 5
}

@test "--new: also what begins later" {
	make 1 fresh
	local time=12s # it looks for others each 5 s
	! sanitized || time=40s
	watch --new --timeout $time name:fresh
	told "fresh ${ids[0]:0:8}: Running"
	end COMPLETED "${ids[0]}"
	make 1 fresh
	told "fresh ${ids[0]:0:8}: Running"
	end COMPLETED "${ids[0]}"
	ended
	exits 0
	[ "$(wc -l <"$T/out")" = 2 ]
}

@test "a run that has ended is told at once" {
	make 1 old
	end CRASHED "${ids[0]}"
	weir2 watch -q "${ids[0]}"
	exits 3
	is ""
	weir2 watch -q -o name "${ids[0]}"
	is "${ids[0]}"
}

@test "--logs: lines as they come, with the run of each" {
	make 2 chatty
	watch --logs "${ids[@]}"
	told Running
	control "{\"do\":[[\"log\",{\"id\":\"${ids[0]}\",\"lines\":[\"line of one\"]}]]}" >/dev/null
	control "{\"do\":[[\"log\",{\"id\":\"${ids[1]}\",\"lines\":[\"line of two\"]}]]}" >/dev/null
	until_true grep -q "line of two" "$T/out"
	end COMPLETED "${ids[0]}"
	end COMPLETED "${ids[1]}"
	ended
	exits 0
	grep -q "^${ids[0]}	line of one$" "$T/out"
	[ "$(grep -c "line of" "$T/out")" = 2 ]
	weir2 watch --logs -o json "${ids[0]}"
	exits 2
}

@test "a server that is away is waited for" {
	make 1 away
	watch "${ids[0]}"
	told Running
	control '{"faults":[{"kind":"status","status":503,"match":"flow_runs/filter"}]}' >/dev/null
	told OFFLINE
	end COMPLETED "${ids[0]}"
	control '{"faults":[]}' >/dev/null
	ended
	exits 0
	says "the server answers again"
}

@test "one request a look for all; details only for a terminal" {
	make 20 cheap
	watch --timeout 6s "${ids[@]}"
	told Running
	control '{"take":"requests"}' >/dev/null
	ended
	exits 8
	control '{"take":"requests"}' >"$T/requests"
	python3 - "$T/requests" <<'P'
import json, sys
paths = [r["path"] if isinstance(r, dict) else r for r in json.load(open(sys.argv[1]))["requests"]]
assert 2 <= len(paths) <= 14, paths
assert all("flow_runs/filter" in str(p) for p in paths), paths
P
}

@test "^C leaves the runs running and says so: 130" {
	make 1 alive
	python3 - "$WEIR" watch "${ids[0]}" 3>&- <<'P'
import signal, subprocess, sys
p = subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
said = p.stderr.readline()
assert b"Running" in said and p.poll() is None, said + p.stderr.read()
p.send_signal(signal.SIGINT)
out, err = p.communicate(timeout=60)
assert p.returncode == 130, p.returncode
assert b"no longer watched; 1 run goes on as before" in err and out == b"", (out, err)
P
}

@test "on a terminal: painted in place, rows at the end; ACCESSIBLE and CI: lines" {
	make 1 shown
	once_on_tty Running end FAILED "${ids[0]}"
	CI='' TERM=xterm on_tty 80x24 "$WEIR" watch "${ids[0]}"
	exits 3
	has $'\e['
	has "Running"
	has "weir logs ${ids[0]:0:8}"
	lacks $'\e[?1049h'
	lacks $'\a'
	CI='' TERM=xterm on_tty 80x24 "$WEIR" watch --bell "${ids[0]}"
	has $'\a'
	CI='' TERM=xterm NO_COLOR=1 on_tty 80x24 "$WEIR" watch "${ids[0]}"
	lacks $'\e[3'
	for set in ACCESSIBLE=1 CI=true TERM=dumb; do
		on_tty 80x24 env TERM=xterm NO_COLOR=1 $set "$WEIR" watch "${ids[0]}"
		has "shown ${ids[0]:0:8}: Failed"
		lacks $'\e'
	done
}

@test "names, states and lines of the server cannot act on the terminal" {
	make 1 'bad\u001b]0;title\u0007\u001b[2Jname'
	control "{\"do\":[[\"state\",{\"id\":\"${ids[0]}\",\"type\":\"RUNNING\",\"name\":\"Run\\u001b[5mning\"}],
		[\"log\",{\"id\":\"${ids[0]}\",\"at\":$(($(date +%s) + 3600))000000,\"lines\":[\"one\\u001b[7mline\\u009b1m\"]}]]}" >/dev/null
	once_on_tty oneline control "{\"do\":[[\"state\",{\"id\":\"${ids[0]}\",\"type\":\"FAILED\",\"name\":\"Fai\\u001b[5mled\"}]]}"
	CI='' TERM=xterm on_tty 80x24 "$WEIR" watch "${ids[0]}"
	exits 3
	has "Failed"
	has "oneline"
	lacks title
	lacks $'\e[2J'
	lacks $'\e[5m'
	lacks $'\e[7m'
}

@test "a server that stays away: said, tried again, 5 when the time is over" {
	PREFECT_API_URL=http://127.0.0.1:9/api weir2 watch --timeout 1s 04fda3be-98e9-4f38-868c-d12f0d04473a
	exits 5
	says "OFFLINE, it is tried again"
	says "the server does not answer"
	is ""
}
