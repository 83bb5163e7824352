"""Logs that grow while they are looked at, and lines that no screen was made for."""
import itertools
import os
import re
import subprocess
import tempfile
import time

from terminal import PATIENCE, order, test

BASE = 1795255200 + 7200  # behind the lines that any run has


def make(start, name):
    order(start.env["PREFECT_API_URL"], ["make", {"name": name}])
    subprocess.run([start.weir, "sync"], env=start.env, capture_output=True, check=True)
    return subprocess.run([start.weir, "runs", "-o", "name", f"name:{name}"], env=start.env,
                          capture_output=True, text=True, check=True).stdout.split()[0]


def write(start, run, at, *lines):
    order(start.env["PREFECT_API_URL"],
          ["log", {"id": run, "at": int(at * 1000000), "lines": list(lines)}])


def shows(t, folder, pattern, limit=60):
    """What is on the screen, once it has the pattern. Keys are read before what came from a
    server: it is asked again when it has answered."""
    end, text = time.time() + limit * PATIENCE, ""
    while time.time() < end:
        path = f"{folder}/{len(os.listdir(folder))}"
        t.send(f":dump {path}\r")
        again = time.time() + 5 * PATIENCE
        while not os.path.exists(path) and time.time() < again:
            t.read(0.05, 0.1)
        t.read(0.2, 1)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                text = f.read()
            if re.search(pattern, text):
                return text
    raise AssertionError(f"{pattern!r} never came:\n{text}")


def saved(t, folder, name):
    """The texts of all lines as they are exported."""
    t.send(f"S{folder}/{name}\r")
    end = time.time() + 20 * PATIENCE
    while time.time() < end and not os.path.exists(f"{folder}/{name}"):
        t.read(0.1, 0.5)  # it gets its name when it is whole
    with open(f"{folder}/{name}", encoding="utf-8") as f:
        return f.read().splitlines()


@test
def merged_logs_that_grow_stay_in_order(start):
    """Two live runs by turns, after the 30 lines that each has, late lines too: FOLLOW shows the last one, order is by time."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [make(start, f"grows-{i}") for i in range(2)]
        for i in range(40):
            write(start, runs[i % 2], BASE + i, f"first {i}")
        t = start("logs", *runs, online=True, cols=120)
        shows(t, folder, r"first 39(?s:.*)of 100(?s:.*)FOLLOW")
        for i in range(6):
            write(start, runs[i % 2], BASE + 100 + i, f"more {i}")
        write(start, runs[0], BASE + 104.5, "late one")
        shows(t, folder, r"more 5(?s:.*)line 107 of 107(?s:.*)FOLLOW")
        t.send("g")
        before = shows(t, folder, "line 1 of 107").split("\n")[1:21]
        for i in range(3):
            write(start, runs[i % 2], BASE + 200 + i, f"unseen {i}")
        after = shows(t, folder, "3 new").split("\n")[1:21]
        assert [line[:90].rstrip() for line in before] == [line[:90].rstrip() for line in after], "it was moved"
        texts = saved(t, folder, "all")
        want = [f"first {i}" for i in range(40)] + [f"more {i}" for i in range(5)]
        want += ["late one", "more 5"] + [f"unseen {i}" for i in range(3)]
        got = [w for text in texts for w in want if text.endswith(w)]
        assert got == want, f"{got}"
        for run in runs:
            order(start.env["PREFECT_API_URL"], ["end", {"id": run}])
        shows(t, folder, "ended: Completed")
        t.send("Q")
        t.wait()


@test
def a_run_that_waits_has_no_line_yet(start):
    """It is followed, so its log is never fetched to the end: that is not what one waits for."""
    run = subprocess.run([start.weir, "runs", "-o", "name", "state_name:scheduled"], env=start.env,
                         capture_output=True, text=True, check=True).stdout.split()[0]
    with tempfile.TemporaryDirectory() as folder:
        t = start("logs", run, cols=120, online=True)
        shows(t, folder, "No line is here yet(?s:.*)FOLLOW")
        t.send("Q")
        t.wait()


@test
def following_goes_on_and_new_lines_are_counted(start):
    """G and f go on; what came while one was away is counted from there each time."""
    run = make(start, "counts-new")
    clock = itertools.count(BASE)

    def add(n, word):
        # at most 50 of one instant: more than a page of such are read again and again
        lines = [f"{word} {i}" for i in range(n)]
        order(start.env["PREFECT_API_URL"], *[["log", {"id": run, "at": next(clock) * 1000000, "lines": lines[i:i + 50]}]
                                              for i in range(0, n, 50)])

    with tempfile.TemporaryDirectory() as folder:
        add(60, "line")
        t = start("logs", run, online=True)
        shows(t, folder, r"line 59(?s:.*)FOLLOW")
        for resume in ("G", "f"):
            t.send("g")
            shows(t, folder, "line 1 of")
            add(7, "some")
            shows(t, folder, " 7 new")
            add(305, "many")
            text = shows(t, folder, " 312 new")
            assert "many" not in text and "some" not in text, "it was moved"
            t.send(resume)
            text = shows(t, folder, "many 304(?s:.*)FOLLOW")
            assert " new" not in text, "still counted"
            add(1, f"after {resume}")
            shows(t, folder, f"after {resume} 0(?s:.*)FOLLOW")
        t.send("f")
        t.wait_for(rb"staying here")
        add(1, "unwatched")
        t.read(2.5)
        assert "unwatched" not in shows(t, folder, "after f 0"), "not following, and it moved"
    order(start.env["PREFECT_API_URL"], ["end", {"id": run}])
    t.send("Q")
    t.wait()


@test
def lines_of_a_megabyte_and_of_any_bytes(start):
    """Long and binary lines are shown, wrapped, searched and saved; nothing of them acts."""
    run = make(start, "wide-load")
    long = "start " + "x" * 1000000 + " the-end"
    binary = "bin \u0000\u0001\u001b[2J\u001b]0;title\u0007\u009b31m\u202e\ufffe tail"
    write(start, run, BASE, "before", long, binary, "after")
    with tempfile.TemporaryDirectory() as folder:
        t = start("logs", run, online=True)
        t.wait_for(rb"after")
        t.wait_for(rb"tail")
        t.send("g")
        t.read()
        for key in ("w", "G", "g", "l", "l", "h", "w", "G", "g"):
            t.send(key)
            t.read(0.2)
        t.send("/the-end\r")
        t.wait_for(rb"1 of 1")
        t.send("S")
        t.send(f"{folder}/all\r")
        t.wait_for(rb"4 lines are in")
        with open(f"{folder}/all", "rb") as f:
            text = f.read()
        assert b"x" * 1000000 + b" the-end" in text, "the long line was cut"
        for bad in (b"\x1b[2J\x1b]", b"\x1b]0;title", b"\xc2\x9b31m"):
            assert bad not in t.out and bad not in text, f"{bad!r} came through"
        assert b"\x00" not in text, "a NUL in the file"
        t.send("Q")
        assert t.wait() == 0, "exit status"
        t.restored()
        raw = subprocess.run([start.weir, "--offline", "logs", run], env=start.env, capture_output=True,
                             check=True).stdout
        assert long.encode() in raw, "weir logs cut it"
    order(start.env["PREFECT_API_URL"], ["end", {"id": run}])


@test
def tracebacks_fold_and_open(start):
    """Of one message and of a line each: folded, this one opened, all opened, found inside."""
    run = make(start, "falls-down")
    frames = [line for i in range(9) for line in (f'  File "deep.py", line {i}, in f{i}', f"    f{i + 1}()")]
    write(start, run, BASE, "before", "\n".join(["Traceback (most recent call last):", *frames, "KeyError: 'a'"]),
          "between", "Traceback (most recent call last):", *frames, "ValueError: 'b'", "after")
    with tempfile.TemporaryDirectory() as folder:
        t = start("logs", run, online=True, rows=60)
        shows(t, folder, "after(?s:.*)FOLLOW")  # the end is told only where it was seen to live
        order(start.env["PREFECT_API_URL"], ["end", {"id": run}])
        text = shows(t, folder, "after(?s:.*)ended:")
        assert len(re.findall("lines folded", text)) == 2, f"not both are folded:\n{text}"
        assert "deep.py" not in text and "KeyError" in text and "ValueError" in text, text
        t.send(":31\rjz")
        text = shows(t, folder, "line 8, in f8")
        assert len(re.findall("deep.py", text)) == 9, f"not this one:\n{text}"
        t.send("zgzG")
        text = shows(t, folder, "deep.py(?s:.*)after")
        assert "lines folded" not in text, f"not all are open:\n{text}"
        t.send("z")
        shows(t, folder, "lines folded(?s:.*)lines folded")
        t.send("/in f7\r")
        text = shows(t, folder, "line 7, in f7")
        assert "lines folded" in text, f"others were opened too:\n{text}"
        t.send("Q")
        t.wait()


@test
def a_log_in_the_terminals_of_long_ago(start):
    """vt100 and the C locale: plain ASCII, no colours, the strip and the marks too."""
    for term, more in (("vt100", {"LC_ALL": "C"}), ("linux", {"LC_ALL": "C"}), ("vt100", {})):
        t = start("runs", "state:failed", TERM=term, **more)
        t.send("L")
        t.wait_for(rb"line 1 of")
        t.send("]")
        t.send("z")
        t.send("4")
        t.read()
        if "LC_ALL" in more:
            assert max(t.out) < 0x80, f"{term}: not ASCII"
        if term == "vt100":
            assert not re.search(rb"\x1b\[(?:\d+;)*[349][0-7]m", t.out), "colours on a vt100"
        t.send("Q")
        assert t.wait() == 0, f"{term}: exit status"
