# Loaded by the bats files: a server for the file, a store for the test.
#
# WEIR_TEST_BACKEND (an API address with builds on it) takes the place of the fake server;
# tests that need what only the fake can do call fake_only first.

# Start the fake server; its address is in FAKE_URL, its process in FAKE_PID.
fake_start()
{
	if [ -n "$WEIR_TEST_BACKEND" ]; then
		# REAL_BACKEND outlives env.sh, which takes WEIR_* away
		export FAKE_URL=$WEIR_TEST_BACKEND FAKE_PID='' REAL_BACKEND=1
		return
	fi
	local out=$BATS_FILE_TMPDIR/fake.$RANDOM
	python3 "$ROOT/tests/lib/fake_prefect.py" "$@" >"$out" 2>"$out.err" 3>&- &
	export FAKE_PID=$!
	for _ in $(seq 100); do
		[ -s "$out" ] && break
		sleep 0.1
	done
	FAKE_URL=$(cat "$out")
	export FAKE_URL
}

fake_stop()
{
	[ -z "$FAKE_PID" ] || kill "$FAKE_PID" 2>/dev/null || true
}

fake_only()
{
	[ -z "$WEIR_TEST_BACKEND$REAL_BACKEND" ] || skip "needs the fake server"
}

# control JSON: the fake's own door.
control()
{
	curl -sf -X POST -d "$1" "${FAKE_URL%/api}/_control"
}

# A world of its own with the server configured.
world()
{
	source "$ROOT/tests/lib/env.sh"
	export PREFECT_API_URL=$FAKE_URL
}

# A store for all tests of a file: sync_once in setup_file, synced_world in setup.
sync_once()
{
	world
	"$WEIR" sync -q
	cp -r "$XDG_CACHE_HOME" "$BATS_FILE_TMPDIR/cache"
	"$WEIR" runs --offline -n 0 -o json >"$BATS_FILE_TMPDIR/runs"
	weir_cleanup
}

synced_world()
{
	world
	cp -r "$BATS_FILE_TMPDIR/cache" "$XDG_CACHE_HOME"
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
