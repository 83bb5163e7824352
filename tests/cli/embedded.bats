# Without a server: the embedded store of this machine.

load helper

setup()
{
	source "$ROOT/tests/lib/env.sh"
	unset PREFECT_API_URL CI
	mkdir "$T/project"
	cd "$T/project" || return
	cat >flows.py <<-'END'
		from prefect import flow
		@flow
		def build(package: str, platform: str = "linux-64"):
		    pass
	END
	cat >prefect.yaml <<-'END'
		name: x
		deployments:
		- name: nightly
		  entrypoint: flows.py:build
		  work_pool: {name: farm}
		  parameters: {package: zlib}
		  schedules:
		  - {cron: "0 3 * * *", slug: night}
	END
}

teardown()
{
	weir_cleanup
}

farm()
{
	weir2 -q pools create farm
	exits 0
	weir2 -q register
	exits 0
}

@test "what acts says where; with --profile embedded it need not" {
	weir2 pools create farm
	exits 0
	says "no server is configured: this is the embedded store of this machine"
	weir2 --profile embedded register
	exits 0
	no_match 'no server' "$T/err"
	[ "$(stat -c %a "$XDG_DATA_HOME/weir/embedded.db")" = 600 ]
	[ "$(stat -c %a "$XDG_DATA_HOME/weir")" = 700 ]
}

@test "a long name is whole in what is said, tried and kept" {
	long=build-of-all-packages-日本語-for-every-platform-that-there-is
	cat >prefect.yaml <<-END
		name: x
		deployments:
		- name: nightly-of-the-whole-world
		  flow_name: $long
		  work_pool: {name: farm, job_variables: {command: "true"}}
		  parameter_openapi_schema: schema.json
	END
	echo '{"type": "object", "required": ["p"], "properties": {"p": {"type": "string"}}}' >schema.json
	farm
	weir2 trigger "$long/nightly-of-the-whole-world"
	exits 1
	says "try: weir trigger '$long/nightly-of-the-whole-world' -p p="
	weir2 trigger "$long/nightly-of-the-whole-world" -p p=1 --name "$long-run" -o name
	exits 0
	weir2 cancel "$(cat "$T/out")" --yes -o tsv
	exits 0
	[ "$(cut -f 2 <"$T/out")" = "$long-run" ]
	weir2 history -o json
	json "sorted({a['name'] for a in d if a['action'] in ('trigger', 'cancel')}) == \
		['$long-run', '$long/nightly-of-the-whole-world']"
}

@test "in CI it is asked for by name" {
	CI=1 weir2 pools create farm
	one_error 2
	says "try: export PREFECT_API_URL=..., or weir --profile embedded pools"
	[ ! -e "$XDG_DATA_HOME/weir/embedded.db" ]
	CI=1 weir2 --profile embedded pools create farm
	exits 0
	CI=1 WEIR_PROFILE=embedded weir2 register
	exits 0
	CI=1 weir2 runs
	exits 0
}

@test "who only looks makes none" {
	weir2 runs
	one_error 2
	says "no server is configured"
	[ ! -e "$XDG_DATA_HOME/weir" ]
	weir2 --profile embedded runs
	exits 0
	[ ! -s "$T/out" ]
}

@test "register, trigger, cancel, retrigger: as on a server" {
	farm
	weir2 register
	exits 0
	has "unchanged  build/nightly"
	weir2 register --check
	exits 0
	weir2 trigger build/nightly -p package=numpy
	exits 0
	weir2 runs -o json
	exits 0
	has '"state_type":"SCHEDULED"'
	has '"package":"numpy"'
	weir2 runs package:numpy -o name || true
	weir2 cancel @latest
	exits 0
	weir2 runs state:cancelled -o name
	exits 0
	[ "$(wc -l <"$T/out")" = 1 ]
	weir2 retrigger @latest
	exits 0
	weir2 runs -n 0 -o name
	[ "$(wc -l <"$T/out")" = 2 ]
	weir2 trigger build/nightly -p nonsense=1 -p platform=3
	[ "$status" -ne 0 ] || has "done"
}

@test "a parameter that is too great a number is named" {
	farm
	weir2 trigger build/nightly --unchecked -p 'package:={"a": [1, 9223372036854775808]}'
	exits 1
	has "refused: parameters.package.a[1]: 9223372036854775808: whole numbers of more than 64 bits"
	weir2 trigger build/nightly --unchecked -p 'package:={"a": [1, 9223372036854775807]}'
	exits 0
	weir2 runs -o json
	has '"package":{"a":[1,9223372036854775807]}'
}

@test "an idempotency key is good for one run" {
	farm
	weir2 trigger build/nightly --idempotency-key k
	exits 0
	weir2 trigger build/nightly --idempotency-key k
	exits 0
	weir2 runs -n 0 -o name
	[ "$(wc -l <"$T/out")" = 1 ]
}

@test "a kill right after a commit loses nothing that was said" {
	farm
	for n in 1 2 3 4 5 6; do
		WEIR_FAULT=commit:$n weir2 trigger build/nightly --idempotency-key "k$n" || true
	done
	weir2 runs -n 0 -o name
	exits 0
	n=$(wc -l <"$T/out")
	[ "$n" -le 6 ]
	[ "$(sqlite3 "$XDG_DATA_HOME/weir/embedded.db" 'PRAGMA integrity_check')" = ok ]
	# what was left without an answer is settled with its own key
	weir2 trigger build/nightly --idempotency-key k6
	exits 0
	weir2 runs -n 0 -o name
	[ "$(wc -l <"$T/out")" -le 6 ]
}

@test "backup and restore" {
	farm
	weir2 trigger build/nightly
	exits 0
	weir2 backup "$T/b.db"
	exits 0
	[ "$(stat -c %a "$T/b.db")" = 600 ]
	weir2 backup "$T/b.db"
	one_error 1
	says "is there already"
	weir2 -q trigger build/nightly
	weir2 backup "$T/none/b.db"
	one_error 1
	says "backup: $T/none/b.db: No such file"
	# what cannot be restored is not asked about
	weir2 restore "$T/none.db"
	one_error 1
	says "restore: $T/none.db: No such file"
	weir2 restore "$T/b.db"
	one_error 2
	says "try: weir restore --yes"
	weir2 restore --yes "$T/b.db"
	exits 0
	weir2 runs -n 0 -o name
	[ "$(wc -l <"$T/out")" = 1 ]
	echo nonsense >"$T/no.db"
	weir2 restore --yes "$T/no.db"
	one_error 1
	weir2 restore --yes "$T/none.db"
	one_error 1
	sqlite3 "$T/other.db" 'CREATE TABLE x(y)'
	weir2 restore --yes "$T/other.db"
	one_error 1
	weir2 runs -n 0 -o name
	[ "$(wc -l <"$T/out")" = 1 ]
}

@test "backup: what one that was killed left is in nobody's way" {
	farm
	weir2 backup "$T/old.db"
	exits 0
	# before its first page, in the middle, and with its name already
	for left in "$T/empty" "$T/half"; do
		: >"$left"
	done
	head -c 40000 "$T/old.db" >"$T/half"
	for left in "$T/empty" "$T/half"; do
		rm -f "$T/b.db"
		mv "$left" "$T/b.db.part"
		: >"$T/b.db.part-journal"
		weir2 backup "$T/b.db"
		exits 0
		[ "$(sqlite3 "$T/b.db" 'PRAGMA integrity_check')" = ok ]
		[ ! -e "$T/b.db.part" ]
		[ ! -e "$T/b.db.part-journal" ]
	done
	ln "$T/old.db" "$T/b.db.part"
	before=$(cksum <"$T/old.db")
	rm "$T/b.db"
	weir2 -q trigger build/nightly
	exits 0
	weir2 backup "$T/b.db"
	exits 0
	[ "$(cksum <"$T/old.db")" = "$before" ]
	[ ! -e "$T/b.db.part" ]
}

@test "backup: what is another's is not taken" {
	farm
	echo mine >"$T/b.db.part"
	weir2 backup "$T/b.db"
	one_error 1
	says "b.db.part: is there already, and is no backup"
	[ "$(cat "$T/b.db.part")" = mine ]
	: >"$T/b.db.part"
	# without descriptor 3, as bats waits for its end
	flock "$T/b.db.part" sh -c "echo >'$T/held'; exec sleep 1000" 3>&- &
	holder=$!
	for _ in $(seq 600); do
		[ -e "$T/held" ] && break
		sleep 0.1
	done
	weir2 backup "$T/b.db"
	pkill -P "$holder"
	one_error 1
	says "b.db.part: another backup is writing it"
	[ -e "$T/b.db.part" ]
	[ ! -e "$T/b.db" ]
}

@test "backup: a disk without links" {
	farm
	cat >"$T/nolink.c" <<-'END'
		#include <errno.h>
		int
		link(const char *from, const char *to)
		{
			(void)from;
			(void)to;
			errno = EPERM;
			return -1;
		}
	END
	cc -shared -fPIC -o "$T/nolink.so" "$T/nolink.c" 2>"$T/err" || skip "no shared library can be made"
	! sanitized || skip "not beside ASan"
	LD_PRELOAD=$T/nolink.so weir2 backup "$T/b.db"
	exits 0
	[ "$(stat -c %a "$T/b.db")" = 600 ]
	[ ! -e "$T/b.db.part" ]
	[ "$(sqlite3 "$T/b.db" 'PRAGMA integrity_check')" = ok ]
	rm "$T/b.db"
	touch "$T/b.db"
	LD_PRELOAD=$T/nolink.so weir2 backup "$T/b.db"
	one_error 1
	says "is there already"
	[ ! -s "$T/b.db" ]
}

@test "restore: refused while a worker lives" {
	farm
	weir2 -q backup "$T/b.db"
	mkdir -p "$XDG_DATA_HOME/weir/embedded.db.worker"
	flock -x "$XDG_DATA_HOME/weir/embedded.db.worker/77" -c "
		'$WEIR' restore --yes '$T/b.db' 2>'$T/err'; echo \$? >'$T/rc'" 3>&-
	[ "$(cat "$T/rc")" = 1 ]
	grep -q 'a worker is at work on it (process 77)' "$T/err"
	# what a dead one left is no worker
	weir2 restore --yes "$T/b.db"
	exits 0
	[ ! -e "$XDG_DATA_HOME/weir/embedded.db.worker/77" ]
}

@test "damage and newer files: told, never set aside" {
	farm
	db=$XDG_DATA_HOME/weir/embedded.db
	weir2 -q backup "$T/b.db"
	version=$(sqlite3 "$db" 'PRAGMA user_version')
	sqlite3 "$db" 'PRAGMA user_version = 99' >/dev/null
	weir2 runs
	one_error 1
	says "made by a newer weir"
	sqlite3 "$db" "PRAGMA user_version = $version" >/dev/null
	weir2 runs
	exits 0
	printf 'not a database at all' | dd of="$db" conv=notrunc status=none
	rm -f "$db-wal" "$db-shm"
	weir2 runs
	one_error 1
	says "try: weir restore FILE"
	weir2 trigger build/nightly
	[ "$status" = 1 ]
	[ -e "$db" ]
	weir2 restore --yes "$T/b.db"
	exits 0
	weir2 -q trigger build/nightly
	exits 0
	ls "$db".damaged-*
}

@test "backup is of the embedded store alone" {
	PREFECT_API_URL=http://127.0.0.1:1/api weir2 backup "$T/b.db"
	one_error 2
	says "only the embedded store is backed up"
	[ ! -e "$T/b.db" ]
}

@test "doctor: no server is needed" {
	farm
	weir2 doctor
	exits 0
	has "this is the embedded store of this machine"
	no_match '^fail' "$T/out"
}

@test "prune is not undone by a sync: it wants to be sure" {
	farm
	weir2 -q trigger build/nightly
	weir2 -q cancel @latest
	weir2 -q trigger build/nightly
	sleep 1.1
	weir2 sync --prune 1s
	one_error 2
	says "try: weir sync --prune 1s --yes"
	weir2 sync --prune 1s --yes
	exits 0
	weir2 runs -n 0 -o name
	[ "$(wc -l <"$T/out")" = 1 ]
	[ "$(sqlite3 "$XDG_DATA_HOME/weir/embedded.db" 'SELECT count(*) FROM keys')" = 1 ]
}

@test "what is due and has no worker is Late, and keeps all else" {
	farm
	weir2 -q trigger build/nightly -p platform=linux-aarch64
	exits 0
	WEIR_NOW=$(date -u -d '+1 min' +%FT%TZ) weir2 runs --columns state_name,platform -o tsv
	exits 0
	has $'Late\tlinux-aarch64'
}

@test "without a server: no web pages, and no network to be offline from" {
	farm
	weir2 -q --offline trigger build/nightly
	exits 0
	weir2 open @latest
	one_error 2
	says "open: without a server there are no web pages"
	weir2 --profile embedded trigger build/none
	one_error 1
	says "'build/none': there is no such deployment"
}
