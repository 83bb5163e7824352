#!/usr/bin/env bats
# weir logs: what a terminal, a pipe and a file get; following; searching.
load helper

setup_file()
{
	fake_start --runs 200
}

teardown_file()
{
	fake_stop
}

setup()
{
	world
	# a real one may need more than the second that a reading command has for it
	[ "$TEST_BACKEND" = fake ] || "$WEIR" sync -q
}

teardown()
{
	weir_cleanup
}

failed()
{
	"$WEIR" runs -q -o name state:failed -n 1
}

@test "a pipe gets the bytes of the messages, one newline each, in the server's order" {
	id=$(failed)
	weir2 logs "$id"
	exits 0
	silent
	control "{\"take\":\"logs\",\"id\":\"$id\"}" >"$T/server"
	python3 - "$T/out" "$T/server" <<'P'
import json, sys
logs = json.load(open(sys.argv[2]))["logs"]
logs.sort(key=lambda l: (l["timestamp"], l["created"], l["id"]))
want = "".join(l["message"] + "\n" for l in logs).encode("utf-8", "surrogatepass")
got = open(sys.argv[1], "rb").read()
assert len(logs) > 20 and got == want, (len(got), len(want))
P
}

@test "a log that was read is here without the server" {
	id=$(failed)
	weir2 logs "$id"
	cp "$T/out" "$T/online"
	export PREFECT_API_URL=http://127.0.0.1:9/api
	weir2 logs "$id" --offline
	# another address is another store
	exits 5
	export PREFECT_API_URL=$FAKE_URL
	weir2 logs "$id" --offline
	exits 0
	cmp "$T/out" "$T/online"
}

@test "offline, a log that was never read: exit 5" {
	id=$(failed)
	weir2 logs "$id" --offline
	exits 5
	says "was not fetched yet"
	says "try: weir logs $id"
}

@test "loggers: these, or all but these" {
	id=$(failed)
	"$WEIR" logs "$id" -o ndjson >"$T/all"
	count() {
		grep -c "\"name\":\"prefect.$1\"" "$T/all"
	}
	[ "$(count flow_runs)" -gt 0 ]
	[ "$(count task_runs)" -gt 0 ]
	for name in flow_runs task_runs; do
		weir2 logs "$id" -o ndjson --logger "prefect.$name"
		exits 0
		is "$(grep "\"prefect.$name\"" "$T/all")"
	done
	weir2 logs "$id" -o ndjson --logger '!prefect.flow_runs,other'
	exits 0
	is "$(grep '"prefect.task_runs"' "$T/all")"
	weir2 logs "$id" -o ndjson --logger 'other,prefect.task_runs,prefect.flow_runs'
	exits 0
	is "$(cat "$T/all")"
	weir2 logs "$id" -o ndjson --logger prefect.flow
	is ""
}

@test "level, tail, task, grep, invert, ignore case" {
	id=$(failed)
	weir2 logs "$id" -o ndjson --level error
	exits 0
	python3 -c 'import json,sys
d = [json.loads(l) for l in open(sys.argv[1])]
assert d and all(x["level"] >= 40 for x in d)' "$T/out"
	"$WEIR" logs "$id" -o ndjson >"$T/all"
	weir2 logs "$id" -n 3 -o ndjson
	is "$(tail -3 "$T/all")"
	weir2 logs "$id" --grep 'no such text as this'
	exits 1
	is ""
	silent
	word=error
	weir2 logs "$id" --grep "${word^^}"
	exits 1
	weir2 logs "$id" --grep "${word^^}" -i -o ndjson
	exits 0
	[ "$(wc -l <"$T/out")" = "$(grep -ci "\"message\":.*$word" "$T/all")" ]
	weir2 logs "$id" --grep "$word" -v
	exits 0
	no_match "$word" "$T/out"
	weir2 logs "$id" --grep '(('
	exits 2
	says "weir: logs: --grep"
	weir2 logs "$id" --level loud
	exits 2
	says "critical"
	weir2 logs "$id" --since nonsense
	one_error 2
}

@test "context: the lines around, groups apart" {
	id=$(failed)
	"$WEIR" logs "$id" >"$T/all"
	line=$(sed -n 10p "$T/all")
	weir2 logs "$id" --grep "^\\Q$line\\E\$" -C 2
	exits 0
	grep -qxF -- "$line" "$T/out"
	grep -qxF -- "$(sed -n 9p "$T/all")" "$T/out"
	grep -qxF -- "$(sed -n 12p "$T/all")" "$T/out"
}

@test "timestamps: columns before each line" {
	id=$(failed)
	weir2 logs "$id" --timestamps
	exits 0
	re='^[0-9]{4}-[0-9-]+T[0-9:.]+Z	(DEBUG|INFO|WARNING|ERROR|CRITICAL)	'
	[ "$(grep -cE "$re" "$T/out")" = "$(wc -l <"$T/out")" ]
}

@test "ndjson: every field of the server" {
	id=$(failed)
	weir2 logs "$id" -o ndjson
	control "{\"take\":\"logs\",\"id\":\"$id\"}" >"$T/server"
	python3 - "$T/out" "$T/server" <<'P'
import json, re, sys
from datetime import datetime
def time(t):
    return datetime.fromisoformat(re.sub("Z$", "+00:00", t))
logs = json.load(open(sys.argv[2]))["logs"]
logs.sort(key=lambda l: (l["timestamp"], l["created"], l["id"]))
ours = [json.loads(l) for l in open(sys.argv[1])]
assert len(ours) == len(logs)
for a, b in zip(ours, logs):
    assert time(a["timestamp"]) == time(b["timestamp"])
    for k in ("level", "name", "message", "flow_run_id", "task_run_id"):
        assert a[k] == b[k], (k, a, b)
P
}

@test "a terminal: time, level, task, text; nothing that acts on it" {
	id=$(failed)
	on_tty 100x50 "$WEIR" logs "$id" --no-menu
	exits 0
	harmless "$T/tty"
	re='[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} (.\[[0-9;]*m)?[DIWEC]'
	grep -qE "$re" "$T/tty"
	NO_COLOR=1 on_tty 100x50 "$WEIR" logs "$id" --no-menu
	no_match $'\033' "$T/tty"
}

@test "one log on a terminal: texts stand in one column, from the first line on" {
	id=$(failed)
	weir2 logs "$id" -o ndjson
	NO_COLOR=1 PAGER=cat on_tty 400x50 "$WEIR" logs "$id" --no-menu
	exits 0
	python3 - "$T" <<'P'
import json, re, sys
t = sys.argv[1]
logs = [json.loads(l) for l in open(f"{t}/out", encoding="utf-8")]
shown = open(f"{t}/tty", encoding="utf-8").read().replace("\r", "").split("\n")
first = [l for l in shown if re.match(r"[0-9-]*( ?)[0-9:]{8}[.][0-9]{3} [DIWEC] ", l)]
assert len(first) == len(logs) > 3, (len(first), len(logs))
plain = [(f, l["message"].split("\n")[0]) for f, l in zip(first, logs)]
plain = [(f, m) for f, m in plain if m and m.isprintable() and m.isascii()]
at = {f.rindex(m) for f, m in plain}
assert len(plain) > 3 and len(at) == 1, at
for line in shown:
    if line and line not in first:
        assert line.startswith(" " * min(at)), line
P
}

@test "follow: from the first line to the end of the run" {
	control '{"do":[["make",{"name":"followed"}]]}' >/dev/null
	"$WEIR" sync -q
	id=$("$WEIR" runs -q -o name name:followed -n 1)
	control "{\"do\":[[\"log\",{\"id\":\"$id\",\"lines\":[\"first\"]}]]}" >/dev/null
	"$WEIR" logs -f "$id" >"$T/out" 2>"$T/err" 3>&- &
	pid=$!
	until_true grep -q first "$T/out"
	control "{\"do\":[[\"log\",{\"id\":\"$id\",\"lines\":[\"second\",\"third\"]}]]}" >/dev/null
	until_true grep -q third "$T/out"
	# within a second of the server having it; slow machines get two, and three tries
	for n in 1 2 3; do
		control "{\"do\":[[\"log\",{\"id\":\"$id\",\"lines\":[\"try $n\"]}]]}" >/dev/null
		began=${EPOCHREALTIME/./}
		until_true grep -q "try $n" "$T/out"
		took=$((${EPOCHREALTIME/./} - began))
		[ $took -gt 2000000 ] || break
	done
	[ $took -le 2000000 ] || sanitized || die "$took us"
	control "{\"do\":[[\"end\",{\"id\":\"$id\"}]]}" >/dev/null
	wait $pid
	[ "$(grep -cx first "$T/out")" = 1 ]
	[ "$(grep -cx second "$T/out")" = 1 ]
	[ "$(sed -n '/first/,$p' "$T/out" | grep -xE 'first|second|third' | tr '\n' ' ')" = \
		"first second third " ]
}

@test "follow: ^C ends it with 130" {
	control '{"do":[["make",{"name":"interrupted"}]]}' >/dev/null
	"$WEIR" sync -q
	id=$("$WEIR" runs -q -o name name:interrupted -n 1)
	control "{\"do\":[[\"log\",{\"id\":\"$id\",\"lines\":[\"first\"]}]]}" >/dev/null
	# a background job of a script would ignore SIGINT: Python gives it back
	python3 - "$WEIR" logs -f "$id" 3>&- <<'P'
import signal, subprocess, sys
p = subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
assert p.stdout.readline() and p.poll() is None, p.stderr.read()
p.send_signal(signal.SIGINT)
assert p.wait(60) == 130, p.returncode
assert p.stderr.read() == b""
P
}

@test "tree: the children's lines by time, each with its run" {
	"$WEIR" sync -q
	id=$("$WEIR" runs --columns parent 'platform:linux-64 -parent:none' -n 1)
	weir2 logs --tree "$id" -o ndjson
	exits 0
	python3 - "$T/out" <<'P'
import json, sys
d = [json.loads(l) for l in open(sys.argv[1])]
assert len({x["flow_run_id"] for x in d}) > 1
assert [x["timestamp"][:19] for x in d] == sorted(x["timestamp"][:19] for x in d)
P
	weir2 logs --tree "$id"
	[ "$(cut -f1 "$T/out" | grep -cE '^[0-9a-f-]{36}$')" = "$(wc -l <"$T/out")" ]
}

@test "a task that has no line is said" {
	weir2 runs -o name -n 1 state:failed
	weir2 logs "$output" --task no-such
	exits 0
	is ""
	says "weir: logs: of a task 'no-such' there is no such line"
}

@test "several ids: their lines by time, each once" {
	weir2 runs -o name -n 2 state:failed
	mapfile -t two <"$T/out"
	weir2 logs "${two[@]}" "${two[0]}" -o ndjson
	exits 0
	cp "$T/out" "$T/both"
	for id in "${two[@]}"; do "$WEIR" logs "$id" -o ndjson; done | wc -l >"$T/sum"
	[ "$(wc -l <"$T/both")" = "$(cat "$T/sum")" ]
	python3 - "$T/both" <<'P'
import json, sys
d = [json.loads(l) for l in open(sys.argv[1])]
assert len({x["flow_run_id"] for x in d}) == 2
assert [x["timestamp"][:19] for x in d] == sorted(x["timestamp"][:19] for x in d)
P
}

@test "many runs: searched like ripgrep, with ids in a pipe, headings on a terminal" {
	weir2 runs -o name -n 3 state:failed
	ids=$(paste -sd, "$T/out")
	weir2 logs --runs "id:$ids" --level error
	exits 0
	[ "$(cut -f1 "$T/out" | sort -u | wc -l)" -ge 2 ]
	n=$(wc -l <"$T/out")
	weir2 logs --runs "id:$ids" --level error --offline
	exits 0
	[ "$(wc -l <"$T/out")" = "$n" ]
	# of a real server's runs, one that ended just now may still get late lines
	silent
	weir2 logs --runs 'state:failed,completed' --grep 'zzz nothing' --offline
	exits 1
	says "no whole log here"
	on_tty 100x50 "$WEIR" logs --runs "id:$ids" --level error --offline --no-menu
	exits 0
	harmless "$T/tty"
	grep -q "${ids:0:8}" "$T/tty"
}

@test "a file: written whole, never over another, with --force replaced" {
	id=$(failed)
	weir2 logs "$id" --output-file "$T/log"
	exits 0
	is ""
	"$WEIR" logs "$id" | cmp - "$T/log"
	echo mine >"$T/log"
	weir2 logs "$id" --output-file "$T/log"
	one_error 1
	[ "$(cat "$T/log")" = mine ]
	weir2 logs "$id" --output-file "$T/log" --force -o ndjson
	exits 0
	python3 -c 'import json,sys; [json.loads(l) for l in open(sys.argv[1])]' "$T/log"
	weir2 logs "$id" --output-file "$T/no/such/folder"
	exits 1
	[ -z "$(find "$T" -name 'log.*')" ]
}

@test "wrong combinations are said, with what to do" {
	for args in '' '--runs x id' '--runs x -f' '-f -C 2 id' '-v id'; do
		# shellcheck disable=SC2086
		weir2 logs $args
		one_error 2
	done
}

@test "follow: not offline" {
	weir2 logs -f id --offline
	one_error 2
}

@test "hostile messages: raw in a pipe, harmless on a terminal" {
	control '{"do":[["make",{"name":"hostile"}]]}' >/dev/null
	"$WEIR" sync -q
	id=$("$WEIR" runs -q -o name name:hostile -n 1)
	python3 - "$id" >"$T/order" <<'P'
import json, sys
lines = ["\x1b[2J\x1b]0;title\x07red \x1b[31mtext\x1b[0m", "c1 \x9b31m \x85",
         "bidi \u202egnp.exe\u202c \u2066x\u2069", "tab\tand\rreturn\x08\x7f", "two\nlines",
         "10 kB " + "x" * 10240]
print(json.dumps({"do": [["log", {"id": sys.argv[1], "lines": lines}],
                         ["end", {"id": sys.argv[1]}]]}))
P
	control "$(cat "$T/order")" >/dev/null
	weir2 logs "$id"
	exits 0
	grep -qF $'\033[2J\033]0;title\007red' "$T/out"
	grep -qF $'\u202egnp.exe' "$T/out"
	grep -qF $'tab\tand\rreturn\010\177' "$T/out"
	on_tty 80x50 "$WEIR" logs "$id" --no-menu
	exits 0
	harmless "$T/tty"
	# its colours, and nothing else that it wanted from the terminal
	grep -qF $'red \033[0;31mtext\033[0m' "$T/tty"
	NO_COLOR=1 on_tty 80x50 "$WEIR" logs "$id" --no-menu
	grep -q 'red text' "$T/tty"
	on_tty 80x50 "$WEIR" logs "$id" --no-menu -o ndjson
	harmless "$T/tty"
	python3 -c 'import json,sys
d = [json.loads(l)["message"] for l in open(sys.argv[1])]
assert any("\u202e" in m for m in d) and any("\x1b[2J" in m for m in d)' "$T/tty"
}
