#!/usr/bin/env bats
# weir task where there is no run, and what worker and task refuse at once. What they do on a
# server is in tests/real/working.py.
load helper

setup()
{
	world
	unset PREFECT_API_URL
}

teardown()
{
	weir_cleanup
}

# status N COMMAND...: it exits with N.
status()
{
	local want=$1 got=0
	shift
	"$@" >"$T/out" 2>"$T/err" || got=$?
	[ "$got" = "$want" ] || die "exit $got: $(cat "$T/err")"
}

@test "task: outside of a run the command is just run" {
	status 0 "$WEIR" task hello -- echo "a  b"
	[ "$(cat "$T/out")" = "a  b" ]
	status 7 "$WEIR" task fails -- sh -c 'echo no >&2; exit 7'
	[ "$(cat "$T/err")" = no ]
	status 137 "$WEIR" task killed -- sh -c 'kill -9 $$'
	echo from stdin | "$WEIR" task reads -- cat >"$T/out"
	[ "$(cat "$T/out")" = "from stdin" ]
}

@test "task: what cannot be run says so" {
	status 127 "$WEIR" task none -- no-such-program
	grep -q "command 'no-such-program': not found" "$T/err"
	status 126 "$WEIR" task file -- /etc/passwd
	status 2 "$WEIR" task
	status 2 "$WEIR" task name
	status 2 "$WEIR" task --retries -1 name -- true
	status 2 "$WEIR" task --timeout soon name -- true
	status 2 "$WEIR" task --timeout 15250000w name -- true
	grep -q "'15250000w': at most 3650d" "$T/err"
}

@test "task: retries and a time limit, outside of a run too" {
	status 3 "$WEIR" task --retries 2 again -- sh -c "echo x >>'$T/tries'; exit 3"
	[ "$(wc -l <"$T/tries")" = 3 ]
	status 0 "$WEIR" task --retries 2 once -- sh -c "echo x >>'$T/once'"
	[ "$(wc -l <"$T/once")" = 1 ]
	status 124 "$WEIR" task --timeout 200ms slow -- sleep 30
	status 124 "$WEIR" task --retries 1 --timeout 2s slow -- sh -c "echo x >>'$T/slow'; exec sleep 30"
	[ "$(wc -l <"$T/slow")" = 2 ]
	status 137 "$WEIR" task --retries 1 killed -- sh -c "echo x >>'$T/killed'; kill -9 \$\$"
	[ "$(wc -l <"$T/killed")" = 1 ]
}

@test "task: told to end, it ends its command" {
	"$WEIR" task x -- sh -c "echo >'$T/there'; exec sleep 60" 3>&- &
	until_true [ -e "$T/there" ]
	kill -TERM $!
	got=0
	wait $! || got=$?
	[ "$got" = 143 ] || die "exit $got"
}

@test "task: a long wait for the next try is as long as was said" {
	cat >"$T/nap.c" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <poll.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <time.h>
		static long slept_ms;
		int
		poll(struct pollfd *fds, nfds_t n, int ms)
		{
			int (*real)(struct pollfd *, nfds_t, int);
			FILE *f;

			*(void **)&real = dlsym(RTLD_NEXT, "poll");
			if (fds || ms < 1000)
				return real(fds, n, ms);
			slept_ms += ms;
			f = fopen(getenv("NAPS"), "a");
			fprintf(f, "%d\n", ms);
			fclose(f);
			return 0;
		}
		int
		clock_gettime(clockid_t id, struct timespec *ts)
		{
			int (*real)(clockid_t, struct timespec *), rc;

			*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
			rc = real(id, ts);
			if (id == CLOCK_REALTIME)
				ts->tv_sec += slept_ms / 1000;
			return rc;
		}
	END
	cc -shared -fPIC -o "$T/nap.so" "$T/nap.c" -ldl 2>"$T/err" || skip "no shared library can be made"
	! sanitized || skip "not beside ASan"
	export NAPS=$T/naps
	LD_PRELOAD=$T/nap.so status 1 timeout 60 "$WEIR" task --retries 1 --retry-delay 40m late -- false
	# 40 minutes in naps, after each of which the clock is asked
	awk '{ n += $1 } $1 > 61000 { exit 1 } END { exit !(n > 2390000 && n < 2470000) }' "$NAPS" ||
		die "$(cat "$NAPS")"
}

@test "task: a server that is away does not keep the command from running" {
	export PREFECT_API_URL=http://127.0.0.1:9/api
	export PREFECT__FLOW_RUN_ID=11111111-1111-1111-1111-111111111111
	status 4 "$WEIR" task away -- sh -c 'echo done; exit 4'
	[ "$(cat "$T/out")" = "done" ]
	grep -q "task away: not recorded" "$T/err"
}

@test "worker: what it refuses at once" {
	status 2 "$WEIR" worker --limit 0
	status 2 "$WEIR" worker --limit 1000
	status 2 "$WEIR" worker extra
	export PREFECT_API_URL=http://127.0.0.1:9/api
	status 1 "$WEIR" --read-only worker
	grep -q "read-only" "$T/err"
}
