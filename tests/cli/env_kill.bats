#!/usr/bin/env bats
# A writer of conda_v2.cnd killed at every system call.
load helper

setup()
{
	world
}

teardown()
{
	weir_cleanup
}

killed()
{
	strace -o "$T/log" true || skip "strace may not trace here"
	python3 "$ROOT/tests/cli/killed_writer.py" "$WEIR" "$1"
}

@test "select-resolved: killed at any point, the old file or the new one" {
	killed select
}

@test "select-resolved from the cache, where there is no file: killed at any point, none or the new one" {
	killed cache
}

@test "undo: killed at any point, the old file or the new one" {
	killed undo
}
