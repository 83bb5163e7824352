# Loaded by the bats files: a farm for the file, a world and a store for the test.
#
# TEST_BACKEND says where the farm of tests/lib/seed lies: on the fake server (that is what
# is meant when it is not set), in an `embedded` store, or on a real server, by its version:
# then TEST_SERVER is its address and TEST_DATABASE its file. A test that a backend cannot
# pass stands in tests/lib/differences with the reason, or is seen to need what only the
# fake server and those in front of a real one have: faults, and what was asked of them.
TEST_BACKEND=${TEST_BACKEND:-fake}

# Of env.sh, which a test that is skipped has not come to.
weir_cleanup()
{
	:
}

# Start what has the farm; its address is in FAKE_URL, its process in FAKE_PID.
fake_start()
{
	local out=$BATS_FILE_TMPDIR/fake.$RANDOM where
	known_difference
	case $TEST_BACKEND in
	fake) where=(fake) ;;
	embedded)
		[[ " $* " != *" --flavour 2"* ]] || skip "embedded: it is as Prefect 3 is"
		export FAKE_DATA=$out.data
		where=(embedded --store "$FAKE_DATA/weir/embedded.db")
		;;
	2.*) where=(real --server "$TEST_SERVER" --database "$TEST_DATABASE" --flavour 2.20) ;;
	*)
		[[ " $* " != *" --flavour 2"* ]] || skip "Prefect $TEST_BACKEND: it is of Prefect 2"
		where=(real --server "$TEST_SERVER" --database "$TEST_DATABASE")
		;;
	esac
	"$ROOT/tests/lib/seed" "${where[@]}" "$@" >"$out" 2>"$out.err" 3>&- &
	export FAKE_PID=$!
	until [ -s "$out" ] || ! kill -0 "$FAKE_PID" 2>/dev/null; do sleep 0.05; done
	FAKE_URL=$(cat "$out")
	[ -n "$FAKE_URL" ] || cat "$out.err" >&2
	export FAKE_URL
}

# It is gone when this returns, whoever is to reap it.
fake_stop()
{
	[ -n "$FAKE_PID" ] && kill "$FAKE_PID" 2>/dev/null || return 0
	while [[ $(ps -o stat= -p "$FAKE_PID") == [!Z]* ]]; do sleep 0.02; done
}

# until_true COMMAND...: within a minute, or more.
until_true()
{
	for _ in $(seq 1200); do
		"$@" && return
		sleep 0.05
	done
	die "never: $*: $(cat "$T"/worker* 2>/dev/null)"
}

# rests N: there are 3 s in which the worker wakes up N times, at most.
rests()
{
	local before after
	for _ in $(seq 20); do
		before=$(sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$WORKER/status")
		sleep 3
		after=$(sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$WORKER/status")
		[ $((after - before)) -gt "$1" ] || return 0 # what is to be done first may be slow
	done
	die "$((after - before)) wake-ups"
}

# server_has N WHAT: so many requests are kept waiting by a fault (held), or have no answer
# yet (in_flight).
server_has()
{
	control '{"take": "stats"}' | grep -q "\"$2\": $1[,}]"
}

# The body of a function, and of those of the same file that it calls, but for those that
# look at TEST_BACKEND: they ask an embedded store in another way.
calls()
{
	local word
	declare -f "$1" | grep -q TEST_BACKEND && return 0
	declare -f "$1" || return 0
	for word in $(declare -f "$1" | grep -o '[a-z_][a-z_0-9]*' | sort -u); do
		[[ " $called " != *" $word "* ]] || continue
		grep -q "^$word()" "$BATS_TEST_FILENAME" || continue
		called+=" $word"
		calls "$word"
	done
}

# Nothing breaks an answer of the embedded store, nothing is sent to it.
SERVER_ONLY="faults\\\\?\": ?\\[.?[{\$'\"]|take\\\\?\": ?\\\\?\"(requests|stats)|set\\\\?\": ?\\{"
SERVER_ONLY+='|^ *fake_stop|_API_URL=["$h]'

# Skip the test where it stands in the table or needs a server that this is not.
known_difference()
{
	local called="$BATS_TEST_NAME setup teardown" why
	[ "$TEST_BACKEND" != fake ] && [ -n "$BATS_TEST_DESCRIPTION" ] || return 0
	why=$(awk -F'\t+' -v suite="cli/$(basename "$BATS_TEST_FILENAME" .bats)" \
		-v name="$BATS_TEST_DESCRIPTION" -v backend="$TEST_BACKEND" \
		'$1 == suite && ($2 == name || $2 == "*") && index(" " $3 " ", " " backend " ") { print $4; exit }' \
		"$ROOT/tests/lib/differences")
	[ -z "$why" ] || skip "$TEST_BACKEND: $why"
	[ "$TEST_BACKEND" = embedded ] || return 0
	if calls "$BATS_TEST_NAME" | grep -qE "$SERVER_ONLY"; then
		skip "embedded: no server to be asked, broken or looked at"
	fi
}

# control JSON: the fake's own door.
control()
{
	curl -sf -X POST -d "$1" "${FAKE_URL%/api}/_control"
}

# A world of its own with the server configured.
world()
{
	known_difference
	source "$ROOT/tests/lib/env.sh"
	if [ "$TEST_BACKEND" = embedded ]; then
		export XDG_DATA_HOME=$FAKE_DATA WEIR_PROFILE=embedded
	else
		export PREFECT_API_URL=$FAKE_URL
	fi
}

# The variable and the secret that a server of the tests has, where there is none.
local_values()
{
	[ "$TEST_BACKEND" = embedded ] || return 0
	mkdir -p "$XDG_CONFIG_HOME/weir/secrets"
	printf '[variables]\nchannel = "main"\njobs = 4\n' >"$XDG_CONFIG_HOME/weir/weir.conf"
	(umask 077 && printf s3cret-of-tests >"$XDG_CONFIG_HOME/weir/secrets/token")
}

# The file of weir's store, to be looked into or changed.
store()
{
	if [ "$TEST_BACKEND" = embedded ]; then
		echo "$XDG_DATA_HOME/weir/embedded.db"
	else
		echo "$XDG_CACHE_HOME"/weir/*.db
	fi
}

# 0 while the embedded store has what it had when this was last called, else 1.
store_changed()
{
	local now
	now=$(sqlite3 "$(store)" .dump | cksum)
	[ "$now" = "$(cat "$T/dump" 2>/dev/null)" ] && echo 0 || echo 1
	echo "$now" >"$T/dump"
}

# A store for all tests of a file: sync_once in setup_file, synced_world in setup.
sync_once()
{
	world
	"$WEIR" sync -q
	[ ! -e "$XDG_CACHE_HOME" ] || cp -r "$XDG_CACHE_HOME" "$BATS_FILE_TMPDIR/cache"
	"$WEIR" runs --offline -n 0 -o json >"$BATS_FILE_TMPDIR/runs"
	weir_cleanup
}

synced_world()
{
	world
	[ ! -e "$BATS_FILE_TMPDIR/cache" ] || cp -r "$BATS_FILE_TMPDIR/cache" "$XDG_CACHE_HOME"
}

# weir with its two outputs apart: $T/out, $T/err, status in $status.
weir2()
{
	status=0
	"$WEIR" "$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
	output=$(tr -d '\0' <"$T/out")
	errors=$(cat "$T/err")
}

# On a terminal of its own; the bytes it got are in $T/tty.
on_tty()
{
	status=0
	PAGER='cat' python3 "$ROOT/tests/cli/on_tty.py" "$@" >"$T/tty" </dev/null || status=$?
	output=$(tr -d '\0' <"$T/tty")
}

# The folder $T/flow, its file $FILE and a copy of weir, $open/weir, where another user can
# reach them; by setpriv, which root alone may use, `nobody WORDS` runs the copy as one.
open_to_nobody()
{
	[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || skip "needs root and setpriv"
	open=$(mktemp -d /tmp/weir-nobody.XXXXXX)
	cp -a "$T/flow" "$WEIR" "$open"
	mkdir -m 777 "$open/nobody"
	chmod 755 "$open" "$open/flow" "$open/flow/.metaflow"
	cd "$open/flow" || return 1
	export METAFLOW_DATASTORE_SYSROOT_LOCAL=$open/flow
	# shellcheck disable=SC2034 # tests read it
	FILE=$open/flow/.metaflow/conda_v2.cnd
}

nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$open/nobody" XDG_CACHE_HOME="$open/nobody" \
		XDG_STATE_HOME="$open/nobody" XDG_CONFIG_HOME="$open/nobody" XDG_DATA_HOME="$open/nobody" "$open/weir" "$@"
}

die()
{
	printf '%s\n' "$*" "status: $status" "output: $output" "errors: $errors"
	return 1
}

# is WANT: standard output is exactly that.
is()
{
	[ "$output" = "$1" ] || die "expected: $1"
}

has()
{
	[[ $output == *"$1"* ]] || die "lacks: $1"
}

lacks()
{
	[[ $output != *"$1"* ]] || die "has: $1"
}

# says TEXT: standard error has it.
says()
{
	[[ $errors == *"$1"* ]] || die "stderr lacks: $1"
}

silent()
{
	[ -z "$errors" ] || die "stderr is not empty"
}

exits()
{
	[ "$status" = "$1" ] || die "exit status $status, not $1"
}

# One clear line, and what to try.
one_error()
{
	exits "$1"
	[ "$(grep -c '^weir: ' "$T/err")" = 1 ] || die "not one line"
	grep -q '^try: ' "$T/err" || die "nothing to try"
}

# Nothing that acts on a terminal is in the file: controls, C1, bidi, malformed UTF-8.
# sgr: colours of ours are allowed.
harmless()
{
	python3 - "$1" <<'P'
import re, sys
data = open(sys.argv[1], "rb").read()
data = re.sub(rb"\x1b\[[0-9;]*m", b"", data)
text = data.decode("utf-8")
bad = sorted({hex(ord(c)) for c in text if c != "\n" and (
    ord(c) < 32 or 0x7f <= ord(c) < 0xa0 or ord(c) in (0x61c, 0x200e, 0x200f, 0xfeff)
    or 0x202a <= ord(c) <= 0x202e or 0x2060 <= ord(c) <= 0x206f)})
assert not bad, bad
P
}

# json EXPRESSION: Python, of d, what standard output is as JSON.
json()
{
	python3 - "$T/out" "$1" <<'P' || die "not so: $1"
import json, sys
d = json.load(open(sys.argv[1]))
assert eval(sys.argv[2]), sys.argv[2]
P
}

# no_match PATTERN FILE: `! grep` would not fail a test.
no_match()
{
	if grep -q "$@"; then
		die "found: $*"
	fi
}

# Was weir built with ASan, which must be loaded before anything that a test preloads?
sanitized()
{
	nm "$WEIR" 2>/dev/null | grep -qw __asan_init
}

# documented NAME [EXPRESSION]: what the expression makes of d, standard output as JSON or
# as a line an object, has the members that weir-json(5) lists below `.\" members of NAME`,
# all of them and no others.
documented()
{
	python3 - "$ROOT/man/weir-json.5" "$T/out" "$1" "${2:-d}" <<'P' || die "not as documented: $*"
import json, re, sys
page, out, name, expression = sys.argv[1:]
listed = open(page).read().split('.\\" members of %s\n' % name)
assert len(listed) == 2, "the page lists no %s" % name
want = set()
for line in re.findall(r"^\.Cm (.*)$", listed[1].split('.\\" end\n')[0], re.M):
    want |= set(re.findall(r"\w+", line.split(" P")[0]))
text = open(out).read()
try:
    d = json.loads(text)
except ValueError:
    d = [json.loads(line) for line in text.splitlines()]
got = eval(expression)
got = got if isinstance(got, list) else [got]
assert got, "nothing there"
for o in got:
    assert set(o) == want, (name, sorted(set(o) ^ want))
P
}
