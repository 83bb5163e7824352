#!/usr/bin/env bats
# Lists of runs, flows, deployments and pools, in each form of output.
load synced

@test "runs: a pipe gets tabs, full ids, RFC 3339, no header, no colour" {
	weir2 runs --offline -n 5
	exits 0
	[ "$(wc -l <"$T/out")" = 5 ]
	re='^[0-9a-f-]{36}	[A-Z]+	[A-Z][A-Za-z]+	[^	]+	[^	]+	(|[0-9T:.-]+Z)	'
	[ "$(grep -cE "$re" "$T/out")" = 5 ] || die "not the columns of a pipe"
	[ "$(awk -F'\t' '{print NF}' "$T/out" | sort -u)" = 9 ]
	no_match $'\033' "$T/out"
}

@test "runs: 50 unless told, and how many there are" {
	weir2 runs --offline
	[ "$(wc -l <"$T/out")" = 50 ]
	says "weir: 50 of "
	says "shown, -n 0 for all"
	weir2 runs --offline -q
	silent
	weir2 runs --offline -n 7
	silent
}

@test "runs: --tree puts children below their parents in a table, and only there" {
	weir2 runs --offline --tree -o table --columns id,parent_run_id -n 0
	exits 0
	python3 - "$T/out" <<-'EOF' || die "not a tree"
		import sys
		above, seen, children = None, set(), 0
		for line in open(sys.argv[1], encoding="utf-8").read().split("\n")[1:]:
		    if not line:
		        continue
		    words = line.split()
		    if words[0] == "│":
		        assert words[1] not in seen and words[2] == above, line
		        children += 1
		    else:
		        above = words[0]
		        assert len(words) == 1 or words[1] not in seen, line
		    seen.add(words[-1] if words[0] != "│" else words[1])
		assert children > 5, children
	EOF
	weir2 runs --offline --tree -o ndjson -n 0
	cp "$T/out" "$T/tree"
	weir2 runs --offline -o ndjson -n 0
	cmp "$T/tree" "$T/out"
	weir2 flows --tree
	exits 2
}

@test "runs: json is one array with every run, ndjson an object a line" {
	weir2 runs --offline -o json -n 0
	exits 0
	json 'len(d) > 50 and all(isinstance(x, dict) for x in d)'
	json 'len({x["id"] for x in d}) == len(d)'
	json 'all("parameters" in x and "state" in x and "tags" in x for x in d)'
	n=$(python3 -c 'import json,sys; print(len(json.load(open(sys.argv[1]))))' "$T/out")
	weir2 runs --offline -o ndjson -n 0
	[ "$(wc -l <"$T/out")" = "$n" ]
	python3 -c 'import json,sys; [json.loads(l) for l in open(sys.argv[1])]' "$T/out"
}

@test "runs: json has what the server said, member by member" {
	weir2 runs --offline -o json -n 0
	control '{"take":"runs"}' >"$T/server"
	python3 - "$T/out" "$T/server" <<'P'
import json, re, sys
from datetime import datetime
ours = {r["id"]: r for r in json.load(open(sys.argv[1]))}
def norm(v):
    if isinstance(v, str) and re.match(r"\d{4}-\d\d-\d\dT", v):
        return datetime.fromisoformat(re.sub("Z$", "+00:00", v))
    return v
theirs = [r for r in json.load(open(sys.argv[2]))["runs"] if r["state_type"] == "COMPLETED"]
assert len(theirs) > 100
for r in theirs:
    for k, v in r.items():
        if not k.startswith("estimated_"):
            assert norm(ours[r["id"]][k]) == norm(v), (k, ours[r["id"]][k], v)
P
}

@test "empty results: nothing, and [] as json" {
	weir2 runs --offline name:there_is_no_such_run
	exits 0
	is ""
	weir2 runs --offline name:there_is_no_such_run -o json
	is "[]"
	weir2 runs --offline name:there_is_no_such_run -o ndjson
	is ""
	weir2 runs --offline name:there_is_no_such_run --header --columns id,name
	is "id	name"
}

@test "name: ids alone, each of which can be shown again" {
	weir2 runs --offline -o name -n 3
	[ "$(grep -cE '^[0-9a-f-]{36}$' "$T/out")" = 3 ]
	id=$(head -1 "$T/out")
	weir2 runs --offline "id:$id" -o name
	is "$id"
}

@test "csv: quoted as RFC 4180" {
	weir2 runs --offline -o csv --header --columns id,name,tags,parameters -n 20
	exits 0
	python3 - "$T/out" <<'P'
import csv, json, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
assert rows[0] == ["id", "name", "tags", "parameters"]
assert len(rows) == 21 and all(len(r) == 4 for r in rows)
assert all(isinstance(json.loads(r[3]), dict) for r in rows[1:])
P
}

@test "columns: by name and short name, any order, parameters too" {
	weir2 runs --offline --columns flow,id --header -n 1
	[ "$(head -1 "$T/out")" = "flow_name	id" ]
	weir2 runs --offline --columns param.package,name -n 1 -o json
	exits 0
	json 'list(d[0])[1] == "name"'
	# where it is text it has no quotes but in JSON
	weir2 runs --offline -c param.package -n 0 -o json
	mv "$T/out" "$T/json"
	weir2 runs --offline -c param.package -n 0
	python3 - "$T" <<'P'
import json, sys
t = sys.argv[1]
want = [r["param.package"] for r in json.load(open(f"{t}/json"))]
got = open(f"{t}/out").read().split("\n")[:-1]
pairs = [(w, g) for w, g in zip(want, got) if isinstance(w, str) and "\\" not in g]
assert len(want) == len(got) and pairs and all(w == g for w, g in pairs), pairs[:5]
P
	weir2 runs --columns nmae
	exits 2
	says "weir: column 'nmae'"
	says "start_time"
	says "try: name"
}

@test "sort: by a column, reversed, and more than one" {
	weir2 runs --offline --sort name --columns name -n 0
	LC_ALL=C sort -c <(tr A-Z a-z <"$T/out")
	weir2 runs --offline --sort name:desc --columns name -n 0
	LC_ALL=C sort -rc <(tr A-Z a-z <"$T/out")
	weir2 runs --sort nonsense
	exits 2
}

@test "table: fits the terminal, has colour and word, no byte that acts" {
	weir2 runs --offline -o table -n 5
	[ "$(head -1 "$T/out" | awk '{print $1}')" = STATE ]
	on_tty 80x24 "$WEIR" runs --offline --no-menu -n 10
	exits 0
	harmless "$T/tty"
	python3 - "$T/tty" <<'P'
import re, sys
lines = re.sub(r"\x1b\[[0-9;]*m", "", open(sys.argv[1]).read()).split("\n")
assert len([x for x in lines if x]) >= 11, lines
assert max(map(len, lines)) <= 80, max(lines, key=len)
P
	grep -q $'\033\\[' "$T/tty"
	NO_COLOR=1 on_tty 80x24 "$WEIR" runs --offline --no-menu -n 10
	no_match $'\033' "$T/tty"
	on_tty 80x24 "$WEIR" runs --offline --no-menu --color never -n 10
	no_match $'\033' "$T/tty"
	weir2 runs --offline -o table --color always -n 10
	grep -q $'\033\\[3' "$T/out"
}

@test "a list longer than the screen goes through the pager, a short one does not" {
	printf '#!/bin/sh\necho paged "$@"\ncat\n' >"$T/pager"
	chmod +x "$T/pager"
	status=0
	WEIR_PAGER="$T/pager -x y" python3 "$ROOT/tests/cli/on_tty.py" 80x10 "$WEIR" runs -q --offline \
		--no-menu -n 30 >"$T/tty" </dev/null
	[ "$(head -1 "$T/tty")" = "paged -x y" ]
	WEIR_PAGER="$T/pager" python3 "$ROOT/tests/cli/on_tty.py" 80x10 "$WEIR" runs -q --offline \
		--no-menu -n 3 >"$T/tty" </dev/null
	no_match paged "$T/tty"
	printf '#!/bin/sh\necho "LESS=$LESS"\ncat >/dev/null\n' >"$T/says"
	chmod +x "$T/says"
	WEIR_PAGER="$T/says" on_tty 80x10 "$WEIR" runs -q --offline --no-menu -n 0
	grep -q 'LESS=FRX' "$T/tty" || die "less would show colours as they are written"
	LESS=S WEIR_PAGER="$T/says" on_tty 80x10 "$WEIR" runs -q --offline --no-menu -n 0
	grep -q 'LESS=S' "$T/tty" || die "the user's LESS is lost"
	WEIR_PAGER="$T/pager" weir2 runs --offline -n 0
	lacks paged
}

@test "a pager that is left ends the command quietly" {
	status=0
	WEIR_PAGER="head -2" python3 "$ROOT/tests/cli/on_tty.py" 80x10 "$WEIR" runs -q --offline \
		--no-menu -n 0 >"$T/tty" </dev/null || status=$?
	exits 0
	no_match weir: "$T/tty"
}

@test "flows, deployments, pools, queues, workers: as the server has them" {
	for what in flows deployments pools 'pools --queues' 'pools --workers'; do
		# shellcheck disable=SC2086
		weir2 $what --offline -o json -n 0
		exits 0
		json 'len(d) > 0 and all(x["id"] and x["name"] and x["created"] for x in d)'
		# shellcheck disable=SC2086
		weir2 $what --offline -n 2
		exits 0
		[ -n "$output" ]
		# shellcheck disable=SC2086
		weir2 $what --offline -o table
		exits 0
	done
}

@test "pools: on a terminal with queues and workers inside" {
	on_tty 100x40 "$WEIR" pools --offline --no-menu
	exits 0
	has POOL
	has QUEUE
	has WORKER
	has ONLINE
}

@test "pools --why: what is in the way of a run" {
	id=$("$WEIR" runs --offline -q -o name state:late -n 1)
	weir2 pools --why "$id" --offline
	exits 0
	has state
	has deployment
	id=$("$WEIR" runs --offline -q -o name state:completed -n 1)
	weir2 pools --why "$id" --offline -o json
	json 'd[0]["check"] == "state" and "ended" in d[0]["text"]'
	weir2 pools --why "$id" --offline -o ndjson
	json 'd["check"] == "state" and d["result"] == "note"'
	weir2 pools --why "$id" --offline --header
	[ "$(head -2 "$T/out" | cut -f 1,2)" = "$(printf 'check\tresult\nstate\tnote')" ]
	weir2 pools --why "$id" --offline -o table
	has "○ state"
}

@test "a wrong query points at the column and suggests, without a server" {
	weir2 runs stat:failed
	exits 2
	says "weir: query: unknown field 'stat' at column 1"
	says "  ^~~~"
	says "try: state:failed"
}

@test "a term that begins with - is part of a query" {
	weir2 runs --offline -n 0 -platform:win-64 --columns platform
	exits 0
	no_match win-64 "$T/out"
	weir2 runs --offline -platform:win-64 -n0 -o json
	json 'd and all(x["platform"] != "win-64" for x in d)'
}

@test "a width: tables are as wide as asked, pipes are not cut" {
	weir2 runs --offline -n 3 -o table --columns name:8,state:12
	exits 0
	[ "$(head -n 1 "$T/out")" = 'RUN       STATE' ] || die "header"
	[ "$(grep -cE '^.{8}  [A-Z][a-z]+$' "$T/out")" = 3 ] || die "widths"
	weir2 runs --offline -n 3 -o tsv --columns name:2
	exits 0
	[ "$(grep -c '^....' "$T/out")" = 3 ] || die "cut in a pipe"
	weir2 runs --offline --columns name:0
	exits 2
	says "column 'name': a width is a number from 1 to 999"
}

@test "--count-by: groups of what the query finds, each as the query would find it" {
	weir2 runs --offline --count-by flow -o tsv -n 0
	exits 0
	awk -F'\t' '{ print $1 "\t" $2 }' "$T/out" | sort >"$T/groups"
	"$WEIR" --offline runs --columns flow -n 0 | sort | uniq -c |
		awk '{ print $2 "\t" $1 }' | sort >"$T/counted"
	cmp "$T/groups" "$T/counted" || die "$(diff "$T/groups" "$T/counted")"
	# most first
	awk -F'\t' 'NR > 1 && $2 > last { exit 1 } { last = $2 }' "$T/out"
	while IFS=$'\t' read -r flow n; do
		weir2 runs --offline "flow:$flow" -o name -n 0
		[ "$(wc -l <"$T/out")" = "$n" ]
	done <"$T/groups"
}

@test "--count-by: json, states, order, tags, and what cannot be" {
	weir2 runs --offline state:failed --count-by platform -o json -n 1 --sort value
	exits 0
	python3 - "$T/out" <<-'E'
		import json, sys
		(g,) = json.load(open(sys.argv[1]))
		assert list(g)[:3] == ["platform", "count", "failed"], g
		assert g["count"] == g["failed"] and g["completed"] == 0, g
		assert g["newest"].endswith("Z"), g
	E
	weir2 runs --offline --count-by tag --sort newest:desc -n 0
	exits 0
	weir2 flows --offline --count-by name -o csv --header
	exits 0
	[ "$(head -1 "$T/out")" = name,count,newest ]
	weir2 runs --offline --count-by nosuch
	exits 2
	says "there is none"
	weir2 runs --offline --count-by flow --sort dur
	exits 2
	weir2 runs --offline --count-by flow --columns id
	exits 2
	says "columns of their own"
}
