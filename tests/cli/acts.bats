#!/usr/bin/env bats
# Cancel, retrigger, history: what is sent, what is said, what is left when it goes wrong.
load helper

setup()
{
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 60 --days 3
	world
	"$WEIR" sync -q
}

teardown()
{
	weir_cleanup
	fake_stop
}

# run_of QUERY: the id of the first run that it finds.
run_of()
{
	"$WEIR" runs --offline -n 1 -o name "$1"
}

# Some failed run that has a deployment.
failed()
{
	control '{"do": [["make", {"state": "FAILED", "name": "broken"}]]}' >"$T/made"
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["done"][0][0])' "$T/made"
}

# Runs that came of a run, at the server.
made_of()
{
	control '{"take": "runs"}' >"$T/runs"
	python3 - "$T/runs" "$1" <<'P'
import json, sys
print(sum((r["idempotency_key"] or "").startswith("weir-retrigger-" + sys.argv[2])
          for r in json.load(open(sys.argv[1]))["runs"]))
P
}

writes()
{
	[ "$TEST_BACKEND" != embedded ] || { store_changed; return; }
	control '{"take": "requests"}' >"$T/requests"
	python3 - "$T/requests" <<'P'
import json, re, sys
print(sum(bool(re.search("set_state|create_flow_run", r["path"]))
          for r in json.load(open(sys.argv[1]))["requests"]))
P
}

@test "cancel: a late run is cancelled, and the store has it at once" {
	id=$(run_of state:late)
	weir2 cancel "$id"
	exits 0
	silent
	[ "$(cut -f1,3,4 "$T/out")" = "$id	done	cancelled" ]
	weir2 runs --offline --columns state_name "id:$id"
	is "Cancelled"
	weir2 cancel "$id"
	exits 0
	has "is cancelled already"
}

@test "cancel: what has ended is refused, and nothing is sent" {
	id=$(run_of state:completed)
	writes
	weir2 cancel "$id"
	exits 1
	says "has ended already (Completed)"
	[ "$(writes)" = 0 ]
}

@test "cancel: several are asked for; without a terminal --yes is needed" {
	writes
	weir2 cancel --query state:running,late,pending
	exits 2
	says "nobody to be asked"
	[ "$(writes)" = 0 ]
	weir2 cancel --yes --query state:running,late,pending
	exits 0
	[ "$(wc -l <"$T/out")" -ge 2 ]
	[ "$(cut -f3 "$T/out" | sort -u)" = "done" ]
	weir2 cancel --yes --query 'state:running -state:running'
	exits 0
	says "no run matches"
}

@test "cancel: on a terminal the answer is no unless it is y" {
	a=$(run_of state:late)
	b=$(run_of state:running)
	python3 - "$WEIR" "$a" "$b" <<'P'
import os, pty, sys, time
def ask(answer):
    pid, fd = pty.fork()
    if not pid:
        os.execv(sys.argv[1], [sys.argv[1], "cancel", *sys.argv[2:]])
    out = b""
    while b"[y/N]" not in out:
        out += os.read(fd, 4096)
    os.write(fd, answer + b"\n")
    try:
        while True:
            more = os.read(fd, 4096)
            if not more:
                break
            out += more
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), out.decode()
for no in (b"", b"n", b"x"):
    code, out = ask(no)
    assert code == 1 and "nothing was done" in out, (code, out)
    lines = [l for l in out.splitlines() if l.startswith("  ")]
    assert len(lines) == 2 and "set_state" not in out, out
    assert sum(" due " in l for l in lines) == 1, out
    assert sum(" started " in l for l in lines) == 1, out
code, out = ask(b"y")
assert code == 0 and "cancelled" in out, (code, out)
P
}

# asked LINES COLUMNS ARGUMENT...: what a terminal so large shows; it answers no.
asked()
{
	python3 - "$1" "$2" "$WEIR" "${@:3}" <<'P'
import fcntl, os, pty, struct, sys, termios
lines, columns = map(int, sys.argv[1:3])
pid, fd = pty.fork()
if not pid:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    os.environ["NO_COLOR"] = "1"
    os.execv(sys.argv[3], sys.argv[3:])
out = b""
try:
    while not out.rpartition(b"\n")[2].endswith((b"] ", b": ")):
        out += os.read(fd, 4096)
    os.write(fd, b"n\n")
    while more := os.read(fd, 4096):
        out += more
except OSError:
    pass
sys.stdout.write(out.decode().replace("\r\n", "\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
}

@test "retrigger --query on a terminal: a screen of them, by what one decides by" {
	n=$("$WEIR" runs --offline -n 0 -o name state:completed | wc -l)
	[ "$n" -gt 22 ]
	writes
	run asked 24 80 retrigger --all --query state:completed
	printf '%s\n' "$output" >&2
	[ "$status" = 1 ]
	[ "$(grep -c '^  [^ ]* Completed  .* \(ended\|nothing:\) ' <<<"$output")" = 20 ]
	more=$((n - 20))
	grep -qxF "  and $more more: $more Completed  (all: --dry-run, or -v)" <<<"$output"
	grep -q "^retrigger these $n runs? type $n: " <<<"$output"
	grep -q "  nothing: has no " <<<"$output"
	python3 -c 'import sys; assert all(len(l) <= 80 for l in sys.stdin.read().splitlines())' <<<"$output"
	! grep -q "POST" <<<"$output" || die "requests are for --dry-run and -v"
	run asked 200 80 retrigger --all --query state:completed
	[ "$(grep -c '^  [^ ]* Completed  .* \(ended\|nothing:\) ' <<<"$output")" = "$n" ]
	run asked 24 80 -v retrigger --all --query state:completed
	[ "$(grep -c "^  .*: \(POST /\|nothing: \)" <<<"$output")" = "$n" ]
	[ "$(writes)" = 0 ]
}

@test "runs that a screen does not hold are counted by their states" {
	strange=01234567-89ab-4cde-8f01-23456789abcd
	mapfile -t ids < <("$WEIR" runs --offline -n 6 -o name state:completed)
	"$WEIR" runs --offline -n 0 -o tsv -c state_name state:failed,crashed,late >"$T/states"
	want=$(python3 - "$T/states" <<'P'
import collections, sys
states = open(sys.argv[1]).read().split("\n")[:-1]
counts = collections.Counter(states)
assert len(counts) > 2, counts
print(f"{len(states) + 1} more: " + ", ".join(f"{n} {s}" for s, n in counts.items()))
P
	)
	run asked 10 100 cancel "${ids[@]}" "$strange" --query state:failed,crashed,late
	printf '%s\n' "$output" >&2
	[ "$status" = 1 ]
	[ "$(grep -c '^  [^ ]* Completed  ' <<<"$output")" = 6 ]
	grep -qxF "  and $want, 1 others  (all: --dry-run, or -v)" <<<"$output"
}

@test "cancel --dry-run: prints the request, sends none, in read-only mode too" {
	id=$(run_of state:running)
	writes
	weir2 cancel --read-only --dry-run "$id"
	exits 0
	has "POST /flow_runs/$id/set_state"
	has '"type":"CANCELLING"'
	has '"force":false'
	[ "$(writes)" = 0 ]
	weir2 history
	[ ! -s "$T/out" ]
}

@test "read-only: flag, weir.conf, environment, profile: refused before anything is sent" {
	id=$(run_of state:running)
	mkdir -p "$XDG_CONFIG_HOME/weir"
	conf=$XDG_CONFIG_HOME/weir/weir.conf
	writes
	for verb in cancel "retrigger --same" "retrigger --defaults" retrigger; do
		weir2 $verb --read-only "$id"
		one_error 1
		says "read-only mode (--read-only)"
		WEIR_READ_ONLY=1 weir2 $verb "$id"
		one_error 1
		says "WEIR_READ_ONLY"
		echo 'read_only = true' >"$conf"
		weir2 $verb "$id"
		one_error 1
		says "weir.conf"
		printf '[profiles.prod]\nread_only = true\napi_url = "%s"\n' "$FAKE_URL" >"$conf"
		weir2 $verb --profile prod "$id"
		one_error 1
		says "prod"
		rm "$conf"
	done
	weir2 history --read-only --resend 1
	exits 1
	[ "$(writes)" = 0 ]
}

@test "cancel: not there, ambiguous, offline, no server" {
	weir2 cancel 00000000-0000-4000-8000-000000000001
	exits 1
	says "no such run"
	weir2 cancel
	one_error 2
	weir2 cancel --offline "$(run_of state:late)"
	exits 5
	fake_stop
	weir2 cancel "$(run_of state:late)"
	exits 5
}

@test "retrigger: a new run with the parameters, tags and a key; it can be seen at once" {
	id=$(failed)
	weir2 retrigger "$id"
	exits 0
	new=$(cut -f5 "$T/out")
	[ "$(made_of "$id")" = 1 ]
	weir2 runs --offline -o json "id:$new"
	json 'd[0]["state_type"] == "SCHEDULED" and d[0]["labels"]["weir.retrigger-of"] == "'"$id"'"'
	weir2 history -o json
	json 'd[0]["result"] == "done" and d[0]["new_id"] == "'"$new"'"'
	json 'd[0]["reverse"] == "weir cancel '"$new"'" and d[0]["who"]'
	weir2 retrigger -o name "$id"
	[ "$(made_of "$id")" = 2 ]
	weir2 runs --offline -n 0 -o name "id:$output"
	exits 0
	[ -n "$output" ]
}

@test "retrigger: nobody will take it up: said at once" {
	weir2 sync -q
	id=$(failed)
	sqlite3 "$(store)" "UPDATE workers SET doc = replace(doc, 'ONLINE', 'OFFLINE')"
	weir2 retrigger "$id"
	exits 0
	has "it will wait: workers: none of 2 is online"
}

@test "retrigger --same: the same run, once more" {
	id=$(failed)
	weir2 retrigger --same "$id"
	exits 0
	has "runs once more (AwaitingRetry)"
	weir2 runs --offline --columns id,state_name "id:$id"
	is "$id	AwaitingRetry"
	weir2 retrigger --same "$id"
	exits 1
	says "has not ended (AwaitingRetry)"
	[ "$(made_of "$id")" = 0 ]
}

@test "retrigger: the server refuses: 409, 422, 401, 403, 404 in its own words, in the history" {
	id=$(failed)
	for code in 409 422 401 403; do
		control '{"faults": [{"kind": "status", "match": "create_flow_run", "status": '$code',
			"body": {"detail": "no: x is \u001b[31m7\u0007"}, "times": 1}]}'
		weir2 retrigger "$id"
		case $code in
		40[13]) exits 4 ;;
		*) exits 1 ;;
		esac
		says "no: x is 7"
		harmless "$T/err"
		weir2 history -n 1 -o json
		json 'd[0]["result"] == "refused"'
	done
	control '{"faults": [], "do": [["drop_deployment", {"name": "pr"}], ["drop_deployment", {"name": "nightly"}]]}'
	weir2 retrigger "$id"
	one_error 1
	says "its deployment is gone"
	[ "$(made_of "$id")" = 0 ]
}

@test "retrigger: an answer that is lost after the run was made makes one run" {
	id=$(failed)
	control '{"faults": [{"kind": "lost", "match": "create_flow_run", "times": 2}]}'
	weir2 retrigger "$id"
	exits 0
	[ "$(made_of "$id")" = 1 ]
	control '{"faults": [{"kind": "late", "status": 502, "match": "create_flow_run", "times": 1}]}'
	weir2 retrigger "$id"
	exits 0
	[ "$(made_of "$id")" = 2 ]
	control '{"faults": [{"kind": "status", "status": 429, "headers": {"Retry-After": 1},
		"match": "create_flow_run", "times": 1}]}'
	weir2 retrigger "$id"
	exits 0
	[ "$(made_of "$id")" = 3 ]
	control '{"faults": [{"kind": "cut", "match": "create_flow_run", "times": 1}]}'
	weir2 retrigger --same "$id"
	exits 0
	weir2 history -o json
	json '[r["result"] for r in d] == ["done"] * 4'
}

# die_at FAULT: weir is killed while it waits for the answer to a retrigger of $id.
die_at()
{
	control '{"faults": ['"$1"']}'
	"$WEIR" retrigger "$id" >/dev/null 2>&1 </dev/null 3>&- &
	pid=$!
	until_true server_has 1 held
	kill -9 "$pid"
	wait "$pid" || true
	control '{"faults": [], "release": true}'
	until_true server_has 0 held
}

@test "retrigger: killed after the server made the run: found by the next weir" {
	id=$(failed)
	die_at '{"kind": "lost", "ms": 60000, "match": "create_flow_run"}'
	[ "$(made_of "$id")" = 1 ]
	weir2 --read-only history -o json
	json 'd[0]["result"] == "unanswered"'
	weir2 runs --refresh -n 1
	exits 0
	says "retrigger of broken"
	says "started again as"
	[ "$(made_of "$id")" = 1 ]
	weir2 history -o json
	json 'd[0]["result"] == "done" and d[0]["new_id"]'
	weir2 runs --refresh -n 1
	silent
}

@test "retrigger: killed before the server got it: sent once by the next weirs, all at once" {
	id=$(failed)
	die_at '{"kind": "stall", "ms": 60000, "match": "create_flow_run"}'
	[ "$(made_of "$id")" = 0 ]
	pids=
	for i in 1 2 3 4; do
		"$WEIR" history >"$T/$i" 2>&1 3>&- &
		pids="$pids $!"
	done
	wait $pids
	[ "$(made_of "$id")" = 1 ]
	weir2 history -o json
	json 'len(d) == 1 and d[0]["result"] == "done"'
}

@test "retrigger: dead right after each commit: one run, or none and nothing written down" {
	for n in 1 2 3 4 5 6 7 8; do
		id=$(failed)
		status=0
		WEIR_FAULT=commit:$n "$WEIR" retrigger "$id" >"$T/out" 2>"$T/err" </dev/null || status=$?
		[ "$status" = 0 ] || [ "$status" = 99 ] || die "commit $n"
		weir2 history -o json
		json 'all(r["result"] == "done" for r in d)'
		asked=$(grep -c "weir-retrigger-$id" "$T/out" || true)
		[ "$(made_of "$id")" = "$([ "$asked" -gt 0 ] && echo 1 || echo 0)" ] || die "commit $n"
	done
	[ "$asked" -gt 0 ] # the last ones came as far as that
}

@test "retrigger: killed at any moment, then the next weir: never two" {
	for ms in 5 10 15 20 25 30 40 50; do
		id=$(failed)
		control '{"set": {"delay_ms": 8}}'
		"$WEIR" retrigger "$id" >/dev/null 2>&1 </dev/null 3>&- &
		pid=$!
		sleep "$(printf '0.%03d' "$ms")"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		control '{"set": {"delay_ms": 0}}'
		weir2 history -o json
		json 'all(r["result"] == "done" for r in d)'
		asked=$(grep -c "weir-retrigger-$id" "$T/out" || true)
		[ "$(made_of "$id")" = "$([ "$asked" -gt 0 ] && echo 1 || echo 0)" ] || die "$ms ms"
	done
}

@test "retrigger: too old to be sent again is told, until --resend" {
	id=$(failed)
	die_at '{"kind": "stall", "ms": 60000, "match": "create_flow_run"}'
	sqlite3 "$XDG_STATE_HOME"/weir/*.db 'UPDATE acts SET at_us = at_us - 700000000'
	weir2 history -o json
	says "too old to be sent again"
	says "weir history --resend 1"
	json 'd[0]["result"] == "not known"'
	[ "$(made_of "$id")" = 0 ]
	weir2 history --resend 1
	exits 0
	[ "$(made_of "$id")" = 1 ]
	weir2 history --resend 1
	exits 1
	says "has its answer"
	weir2 history --resend 99
	one_error 1
	says "weir: history: no action has the number 99"
}

@test "retrigger: what a living weir waits for is left alone" {
	id=$(failed)
	control '{"faults": [{"kind": "lost", "ms": 60000, "match": "create_flow_run", "times": 1}]}'
	"$WEIR" retrigger "$id" >"$T/first" 2>&1 </dev/null 3>&- &
	pid=$!
	until_true server_has 1 held
	weir2 history -o json
	json 'd[0]["result"] == "unanswered"'
	silent
	weir2 history --resend 1
	exits 1
	says "lives and waits"
	control '{"release": true}'
	wait "$pid"
	[ "$(made_of "$id")" = 1 ]
	weir2 history -o json
	json 'd[0]["result"] == "done"'
}

@test "retrigger: interrupted: not sent again behind the back of who broke it off" {
	id=$(failed)
	control '{"faults": [{"kind": "stall", "ms": 60000, "match": "create_flow_run"}]}'
	"$WEIR" retrigger "$id" >"$T/first" 2>&1 </dev/null 3>&- &
	pid=$!
	until_true server_has 1 held
	kill -INT "$pid"
	wait "$pid" || status=$?
	exits 130
	control '{"faults": []}'
	weir2 history -o json
	says "broken off"
	json 'd[0]["result"] == "not known"'
	[ "$(made_of "$id")" = 0 ]
}

@test "history: nothing was done: an empty list in every form" {
	weir2 history -o json
	exits 0
	json 'd == []'
	for form in ndjson tsv csv name; do
		weir2 history -o $form
		exits 0
		[ ! -s "$T/out" ]
	done
	[ ! -e "$XDG_STATE_HOME/weir" ]
}

@test "a journal that cannot be written: nothing is sent" {
	id=$(failed)
	mkdir -p "$XDG_STATE_HOME/weir"
	"$WEIR" history >/dev/null
	writes
	XDG_STATE_HOME=/proc/none weir2 retrigger "$id"
	exits 1
	XDG_STATE_HOME=/proc/none weir2 cancel "$id"
	exits 1
	[ "$(writes)" = 0 ]
	[ "$(made_of "$id")" = 0 ]
}

@test "2.20: no labels, what was cancelled stays so, and that is said" {
	fake_stop
	BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR fake_start --runs 60 --days 3 --flavour 2.20
	export PREFECT_API_URL=$FAKE_URL
	"$WEIR" sync -q
	id=$(failed)
	weir2 retrigger "$id"
	exits 0
	control '{"do": [["state", {"id": "'"$id"'", "type": "CANCELLED"}]]}'
	weir2 retrigger --same "$id"
	one_error 1
	says "Cannot transition flows that are cancelling"
	weir2 cancel "$(run_of state:running)"
	has "if "
	has "it stays Cancelling"
}
