"""Keys, prompts and the mouse in a real pty."""
import contextlib
import glob
import os
import select
import signal
import sqlite3
import time

from terminal import order, test


@test
def a_prompt_recalls_what_was_entered_in_another_use(start):
    for _ in range(2):
        t = start()
        t.send(":messages\r")
        t.wait_for(rb"nothing was said")
        t.read()
        t.send("Q")
        assert t.wait() == 0, "exit status"
    t = start()
    t.send(":\x1b[A")
    t.wait_for(rb"essages")
    t.send("\r")
    t.wait_for(rb"nothing was said")
    t.send("\x1b")
    t.read()
    t.send("q")
    assert t.wait() == 0, "exit status"


def click(t, x, y):
    t.send(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")


@test
def the_mouse_is_off_unless_asked(start):
    t = start()
    assert b"\x1b[?1000h" not in t.out and b"\x1b[?1006h" not in t.out, "it is on"
    t.send("q")
    assert t.wait() == 0, "exit status"


@test
def the_mouse_selects_opens_and_is_given_back(start):
    t = start("runs", "state:failed", WEIR_MOUSE="yes")
    assert t.out.count(b"\x1b[?1000h\x1b[?1006h") == 1, "it is not asked for"
    before = len(t.out)
    click(t, 10, 5)
    click(t, 10, 5)
    t.wait_for(rb"show [0-9a-f]{8}")
    t.send("\x1b[<65;3;5M\x1b[<64;3;5M")
    t.read()
    assert b"\x1b[<" not in t.out[before:], "echoed"
    t.send("Q")
    assert t.wait() == 0, "exit status"
    assert t.out.rfind(b"\x1b[?1006l\x1b[?1000l") > t.out.rfind(b"\x1b[?1000h"), "still on"
    t.restored()


@test
def the_mouse_is_given_back_to_the_shell_and_by_a_crash(start):
    t = start(WEIR_MOUSE="1", SHELL="/bin/sh", PAGER="cat")
    t.send("!")
    t.wait_for(rb"any key goes back")
    assert t.out.rfind(b"\x1b[?1000l") > t.out.rfind(b"\x1b[?1000h"), "on in the shell"
    t.send("x")
    t.wait_for(rb"(?s)\x1b\[\?1000l.*\x1b\[\?1000h")
    t.read()
    os.kill(t.pid, signal.SIGSEGV)
    assert t.wait() != 0, "a crash is no success"
    assert t.out.rfind(b"\x1b[?1000l") > t.out.rfind(b"\x1b[?1000h"), "on after a crash"
    t.restored()


def off_at_the_end(t):
    assert t.out.rfind(b"\x1b[?1004l") > t.out.rfind(b"\x1b[?1004h"), "the focus is told on"
    assert t.out.rfind(b"\x1b[?2026l") > t.out.rfind(b"\x1b[?2026h"), "a frame is still open"


@test
def frames_are_whole_where_the_terminal_can(start):
    """Mode 2026 is asked for, used after yes, and left; few bytes a key all the same."""
    t = start(rows=40, cols=120)
    assert b"\x1b[?2026h" not in t.out, "used before the terminal has answered"
    assert t.out.count(b"\x1b[?2026$p") == 1, "not asked"
    t.send("\x1b[?2026;2$y")
    assert t.read() == b"", "the answer is taken for a key"
    for key in "?", "q", "G", "g":
        t.send(key)
        frame = t.read()
        assert frame.startswith(b"\x1b[?2026h") or key in "Gg", f"{key}: {frame[:40]!r}"
        assert frame.count(b"\x1b[?2026h") == frame.count(b"\x1b[?2026l"), "open and closed"
    for _ in range(20):
        t.send("j")
        step = t.read(0.1)
        assert b"?2026" not in step and len(step) <= 300, f"{len(step)} bytes for a key"
    t.send("q")
    assert t.wait() == 0, "exit status"
    off_at_the_end(t)
    t.restored()


@test
def frames_are_left_as_they_are_where_the_terminal_cannot(start):
    for answer in "\x1b[?2026;0$y", "\x1b[?2026;4$y", "":
        t = start()
        t.send(answer + "?")
        t.read()
        assert b"\x1b[?2026h" not in t.out, f"used after {answer!r}"
        t.send("Q")
        assert t.wait() == 0, "exit status"
    for term in "vt100", "linux":
        t = start(TERM=term)
        assert b"?2026" not in t.out and b"?1004" not in t.out, f"sent to {term}"
        t.send("Q")
        assert t.wait() == 0, "exit status"
        assert b"?2026" not in t.out and b"?1004" not in t.out, f"sent to {term} at the end"


@test
def an_answer_that_comes_late_is_not_typed_into_the_shell(start):
    for _ in range(5):  # it waits for 300 ms, which a busy machine needs to say it
        t = start.fresh()
        t.wait_for(rb"\x1b\[\?2026\$p")
        t.send("q")
        time.sleep(0.1)
        t.send("\x1b[?2026;2$y")
        assert t.wait() == 0, "exit status"
        if not select.select([t.tty], [], [], 0)[0] or not os.read(t.tty, 100):
            return
    raise AssertionError("it is typed")


@test
def frames_and_focus_end_in_a_crash_and_in_the_shell(start):
    t = start(PAGER="cat", SHELL="/bin/sh")
    t.send("\x1b[?2026;2$y!")
    t.wait_for(rb"any key goes back")
    off_at_the_end(t)
    t.send("x")
    t.wait_for(rb"(?s)\x1b\[\?1004l.*\x1b\[\?1004h")
    t.read()
    os.kill(t.pid, signal.SIGSEGV)
    assert t.wait() != 0, "a crash is no success"
    off_at_the_end(t)
    t = start(shell=True)
    t.send("\x1a")
    t.wait_for(rb"Stopped[^\n]*weir")
    off_at_the_end(t)


@test
def a_window_without_focus_is_still_and_looks_when_it_has_it(start):
    t = start("runs", "name:seen-later", online=True)
    t.send("\x1b[O")
    t.wait_for(rb"as of \d\d:\d\d:\d\d")
    time.sleep(6)  # what was due before it was left
    order(start.env["PREFECT_API_URL"], ["make", {"name": "seen-later"}])
    time.sleep(6)  # with the focus it is asked every 5 s
    t.read()
    assert b"Running" not in t.out, "it asks as often as if someone looked"
    t.send("\x1b[I")
    t.wait_for(rb"Running", 3)  # at once
    t.send("Q")
    assert t.wait() == 0, "exit status"


def kept(env):
    """Is the list that was narrowed written down, as the last one and as that of runs?"""
    rows = []
    for path in glob.glob(f"{env['XDG_STATE_HOME']}/weir/default-*.db"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
            rows += db.execute("SELECT text FROM texts WHERE space = 'view'")
    return sum("state:failed" in text for text, in rows) == 2


@test
def what_is_shown_is_kept_though_it_is_killed(start):
    t = start()
    t.send("/state:failed\r")
    t.wait_for(rb"state:failed")
    end = time.time() + 60
    while time.time() < end and not kept(start.env):  # 4 s after the last key
        t.read(0.1, 0.1)
    os.kill(t.pid, signal.SIGKILL)
    t.wait()
    t = start()
    t.wait_for(rb"weir runs state:failed")
    t.send("Q")
    assert t.wait() == 0, "exit status"
