"""Other programs on the terminal while the menu waits."""
import glob
import os
import re
import shutil
import sqlite3
import tempfile

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
    assert not os.path.exists(kept), "rows of another profile"
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
def a_saved_list_is_replaced_only_when_asked(start):
    kept = os.path.join(start.env["HOME"], "list.tsv")
    with open(kept, "w", encoding="utf-8") as f:
        f.write("mine\n")
    t = start("runs", "state:failed", SHELL="/bin/sh")
    for key, saved in [("n", False), ("\r", False), ("y", True)]:
        t.send("S")
        t.send(kept + "\r")
        t.wait_for(rb"replace it\?")
        t.send(key)
        t.out = b""
        t.wait_for(rb"list is in" if saved else rb"as it was")
        t.out = b""
        with open(kept, encoding="utf-8") as f:
            assert (f.read() != "mine\n") == saved, key
    t.send("S")
    t.send("/nowhere/x\r")
    t.wait_for(rb"'/nowhere/x': No such file")
    t.send("q")
    assert t.wait() == 0, "exit status"


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


def program(folder, name, text):
    path = f"{folder}/{name}"
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"#!/bin/sh\n{text}\n")
    os.chmod(path, 0o755)
    return path


@test
def log_goes_to_the_pager_and_the_editor(start):
    """What is shown, nothing else; $VISUAL before $EDITOR; the copy is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        got = f"{folder}/got"
        pager = program(folder, "pager", f"cat > {got}.pager; echo paged")
        visual = program(folder, "visual", f'cp "$1" {got}.visual; echo "$1" > {got}.name; echo seen')
        wrong = program(folder, "editor", f"touch {got}.wrong")
        t = start("runs", "state:failed", PAGER=pager, VISUAL=visual, EDITOR=wrong)
        t.send("L")
        t.wait_for(rb"line \d+ of \d+")
        t.send("|")
        t.wait_for(rb"paged")
        t.read()
        with open(f"{got}.pager", encoding="utf-8") as f:
            whole = f.read().split("\n")
        t.send("4")
        t.read()
        t.send("\x1be")
        t.wait_for(rb"seen")
        t.read()
        with open(f"{got}.visual", encoding="utf-8") as f:
            errors = f.read().split("\n")
        with open(f"{got}.name", encoding="utf-8") as f:
            name = f.read().strip()
        assert len(whole) > len(errors) > 1, f"{len(whole)} lines, {len(errors)} of them errors"
        heads = [line for line in errors if re.match(r"\d\d:\d\d:\d\d", line)]
        assert heads and all(line[13] in "EC" for line in heads), f"not what the level lets: {heads}"
        assert not os.path.exists(f"{got}.wrong"), "$EDITOR in spite of $VISUAL"
        assert not os.path.exists(name), f"{name} was left behind"
        t.send("Q")
        assert t.wait() == 0, "exit status"
        t.restored()


@test
def log_is_saved_to_any_name_and_asks_before_it_replaces(start):
    with tempfile.TemporaryDirectory() as folder:
        hostile = f"{folder}/a $(touch made) `touch made`; 'b' \"c\" \u00e4"
        t = start("runs", "state:failed")
        t.send("L")
        t.wait_for(rb"line \d+ of \d+")
        t.send(f"S{hostile}\r")
        t.wait_for(rb"lines are in")
        with open(hostile, encoding="utf-8") as f:
            first = f.read()
        assert first.count("\n") > 3 and "\x1b" not in first, "not the log"
        t.send("4")
        t.read()
        for answer, replaced in (("n", False), ("\r", False), ("y", True)):
            seen = len(t.out)
            t.send(f"S{hostile}\r")
            t.read()
            assert b"[y/N]" in t.out[seen:], "it did not ask"
            t.send(answer)
            t.read()
            with open(hostile, encoding="utf-8") as f:
                assert (f.read() != first) == replaced, f"after {answer!r}"
        seen = len(t.out)
        t.send(f"S{folder}/none/x\r")
        t.read()
        assert b"No such file" in t.out[seen:], "no reason"
        assert len(os.listdir(folder)) == 1, os.listdir(folder)
        t.send("Q")
        assert t.wait() == 0, "exit status"
        t.restored()


@test
def a_replaced_file_keeps_its_mode_and_its_link(start):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/mine", "w", encoding="utf-8") as f:
            f.write("mine\n")
        os.chmod(f"{folder}/mine", 0o640)
        os.symlink("mine", f"{folder}/link")
        t = start("runs", "state:failed")
        t.send("L")
        t.wait_for(rb"line \d+ of \d+")
        t.send(f"S{folder}/link\r")
        t.wait_for(rb"replace it\?")
        t.send("y")
        t.wait_for(rb"lines are in")
        with open(f"{folder}/mine", encoding="utf-8") as f:
            assert f.read() != "mine\n", "not replaced"
        assert os.stat(f"{folder}/mine").st_mode & 0o7777 == 0o640, "another mode"
        assert os.readlink(f"{folder}/link") == "mine", "the link is gone"
        assert sorted(os.listdir(folder)) == ["link", "mine"], os.listdir(folder)
        t.send("Q")
        assert t.wait() == 0, "exit status"


@test
def a_log_is_saved_whole_or_not_at_all(start):
    """All lines, counted; with a block that cannot be read no file and the reason."""
    with tempfile.TemporaryDirectory() as folder:
        cache = f"{folder}/cache"
        shutil.copytree(start.env["XDG_CACHE_HOME"], cache)
        t = start("runs", "state:failed", XDG_CACHE_HOME=cache)
        t.send("L")
        t.wait_for(rb"line \d+ of \d+")
        lines = int(re.search(rb"line \d+ of (\d+)", t.out)[1])
        t.send(f"S{folder}/whole\r")
        t.wait_for(rb"%d lines are in" % lines)
        with open(f"{folder}/whole", encoding="utf-8") as f:
            saved = re.findall(r"(?m)^\d\d:\d\d:\d\d", f.read())
        assert len(saved) == lines, f"{len(saved)} of {lines} lines"
        t.send("Q")
        assert t.wait() == 0, "exit status"
        db = sqlite3.connect(glob.glob(f"{cache}/weir/default-*.db")[0])
        db.execute("UPDATE log_text SET lines = x'01ff'")
        db.commit()
        db.close()
        t = start("runs", "state:failed", XDG_CACHE_HOME=cache)
        t.send("L")
        t.wait_for(rb"lines")
        t.send(f"S{folder}/damaged\r")
        t.wait_for(rb"line 1 cannot be read: nothing was saved")
        assert not any(name.startswith("damaged") for name in os.listdir(folder)), os.listdir(folder)
        t.send("Q")
        assert t.wait() == 0, "exit status"
