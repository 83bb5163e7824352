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
def another_program_gets_what_the_menu_shows(start):
    """The store of this profile is empty; that of the others is not."""
    conf = os.path.join(start.env["HOME"], "other")
    kept = os.path.join(conf, "list.tsv")
    os.makedirs(f"{conf}/weir")
    with open(f"{conf}/weir/weir.conf", "w", encoding="utf-8") as f:
        f.write(f'[profiles.other]\napi_url = "{start.env["PREFECT_API_URL"]}"\n')
    t = start("--profile", "other", "runs", "-state:late", SHELL="/bin/sh", XDG_CONFIG_HOME=conf)
    t.send("S")
    t.send(kept + "\r")
    t.wait_for(rb"ended with status|list is in")
    with open(kept, encoding="utf-8") as f:
        assert f.read().count("\n") < 2, "rows of another profile"
    t.send("!")
    t.wait_for(rb"any key goes back")
    assert b"Completed" not in t.out, "rows of another profile"
    assert b"unknown" not in t.out and b"--offline'" not in t.out, "options became words of the query"
    t.send("x")
    t.read()
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
