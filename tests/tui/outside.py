"""Other programs on the terminal while the menu waits."""
import os

from terminal import test


@test
def shell_runs_the_command_of_the_view(start):
    t = start("runs", "state:failed", SHELL="/bin/sh")
    t.send("!")
    t.wait_for(rb"any key goes back")
    printed = t.out[t.out.rfind(b"\x1b[?1049l"):]
    assert b"Failed" in printed and b"Completed" not in printed, f"not what the view shows: {printed!r}"
    assert b"STATE" in printed, "no table"
    t.send("x")
    t.wait_for(rb"\x1b\[\?1049h[^\x07]*\x1b\[\?1049h")
    t.read()
    t.send("q")
    assert t.wait() == 0, "exit status"
    t.restored()


@test
def shell_is_given_quoted_words(start):
    name = f"weir-test-{os.getpid()}"
    hostile = f"$(touch {name}) `touch {name}`; touch {name} & '\\''"
    t = start("runs", f"name:\"{hostile}\"", SHELL="/bin/sh")
    t.send("!")
    t.wait_for(rb"any key goes back")
    t.send("x")
    t.read()
    made = os.path.exists(name)
    if made:
        os.unlink(name)
    assert not made, "a part of the query was run"
    assert b"ended with" not in t.out, "the command was not understood"
    t.send("q")
    t.send("q")
    assert t.wait() == 0, "exit status"
    t.restored()


@test
def interrupting_the_other_program_does_not_end_the_menu(start):
    t = start(SHELL="/bin/sh", PAGER="sleep 60; true")
    t.send("!")
    t.wait_for(rb"1049l")
    t.read()
    t.send("\x03")
    t.wait_for(rb"any key goes back")
    t.send("\x03")
    t.read()
    t.send("q")
    assert t.wait() == 0, "exit status"
    t.restored()
