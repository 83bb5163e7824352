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

@test "select-resolved: killed at any point, the old file or the new one" {
	strace -o "$T/log" true || skip "strace may not trace here"
	python3 "$ROOT/tests/cli/killed_writer.py" "$WEIR"
}
