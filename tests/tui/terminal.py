"""weir in a real pty: what is sent to a terminal, and how it is left behind."""
import base64
import contextlib
import fcntl
import glob
import itertools
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import urllib.request

TESTS = []
COLOUR = rb"\x1b\[(?:\d+;)*[349][0-8](?:;\d+)*m"
MUX = {}  # what tests in a multiplexer start
# A sanitiser makes all of it slow.
PATIENCE = 1 if os.path.basename(os.environ.get("B", "build")) == "build" else 4


def test(fn):
    TESTS.append((fn.__name__.replace("_", " "), fn))
    return fn


class Terminal:
    def __init__(self, argv, env, rows=24, cols=80):
        self.out = b""
        self.status = None
        self.main, self.tty = pty.openpty()
        self.resize(rows, cols)
        self.before = termios.tcgetattr(self.tty)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.tty, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.tty, fd)
            os.closerange(3, 64)
            os.execve(argv[0], argv, env)

    def resize(self, rows, cols):
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def busy(self):
        """Has it keys to read, or does it work or wait for its turn on a processor or a disk?"""
        if struct.unpack("i", fcntl.ioctl(self.tty, termios.FIONREAD, bytes(4)))[0]:
            return True
        states = ""
        for pid in {self.pid, os.tcgetpgrp(self.main)}:
            for path in glob.glob(f"/proc/{pid}/task/*/stat"):
                with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as f:
                    states += f.read().rpartition(")")[2].split()[0]
        return "R" in states or "D" in states

    def read(self, quiet=0.4, limit=20.0):
        """Everything until nothing came for `quiet` seconds, and it has nothing to do."""
        end = time.time() + limit
        start = len(self.out)
        while time.time() < end:
            if not select.select([self.main], [], [], quiet)[0]:
                if self.busy():
                    continue
                break
            try:
                data = os.read(self.main, 65536)
            except OSError:
                break
            if not data:
                break
            self.out += data
        return self.out[start:]

    def wait_for(self, pattern, limit=20.0, since=0):
        end = time.time() + limit * PATIENCE
        while time.time() < end and not re.search(pattern, self.out[since:]):
            self.read(0.05, 0.2)
        assert re.search(pattern, self.out[since:]), f"{pattern!r} never came: {self.out[-300:]!r}"

    def send(self, text):
        os.write(self.main, text.encode())

    def wait(self, limit=20.0, stopped=False):
        end = time.time() + limit * PATIENCE
        while time.time() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG | (os.WUNTRACED if stopped else 0))
            if pid:
                if not os.WIFSTOPPED(status):
                    self.status = status
                self.read(0.1)
                return status
            self.read(0.05, 0.2)
        raise AssertionError("it does not end")

    def restored(self):
        after = termios.tcgetattr(self.tty)
        assert after[:4] == self.before[:4], "the settings of the terminal are not as before"
        for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?1h", b"\x1b[?1l"),
                        (b"\x1b[?2004h", b"\x1b[?2004l"), (b"\x1b[?25l", b"\x1b[?25h")):
            assert on in self.out, f"{on!r} was never sent"
            assert self.out.rfind(off) > self.out.rfind(on), f"{off!r} was not sent at the end"

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.main)
        os.close(self.tty)


def run(fn, weir, env):
    """Why fn failed, or None. Each test begins with a state of its own."""
    # A weir that lost its terminal may yet save its view there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as state:
        env = {k: v for k, v in env.items() if k != "WEIR_NOW"}
        return run_in({**env, "XDG_STATE_HOME": state}, fn, weir)


def run_in(env, fn, weir):
    MUX.update(weir=weir, env=env, folder=env["HOME"])
    made = []

    def fresh(*args):
        """Not waited for."""
        made.append(Terminal([weir, "--offline", *args], env))
        return made[-1]

    def start(*args, rows=24, cols=80, shell=False, online=False, **more):
        argv = ["/bin/bash", "--norc", "-i"] if shell else [weir, "--offline", *args]
        if online:
            argv.remove("--offline")
        t = Terminal(argv, {**env, **more}, rows, cols)
        made.append(t)
        if shell:
            t.read()
            t.send(f"{weir} --offline\n")
        t.wait_for(rb"runs")
        t.read()
        return t

    start.env, start.weir, start.fresh = env, weir, fresh
    try:
        fn(start)
    except AssertionError as e:
        return str(e) or "failed"
    finally:
        for t in made:
            t.close()
    return None


@test
def starts_and_leaves(start):
    t = start()
    t.send("q")
    assert t.wait() == 0, "exit status"
    t.restored()


@test
def sigterm_restores(start):
    t = start()
    os.kill(t.pid, signal.SIGTERM)
    assert os.WTERMSIG(t.wait()) == signal.SIGTERM, "not ended by SIGTERM"
    t.restored()


@test
def sighup_restores(start):
    t = start()
    os.kill(t.pid, signal.SIGHUP)
    assert os.WTERMSIG(t.wait()) == signal.SIGHUP, "not ended by SIGHUP"
    t.restored()


@test
def crash_restores(start):
    t = start()
    os.kill(t.pid, signal.SIGSEGV)
    assert t.wait() != 0, "a crash is no success"
    t.restored()


@test
def control_c_leaves(start):
    t = start()
    t.send("\x03")
    t.wait()
    t.restored()


@test
def control_c_ends_it_wherever_it_is_while_it_starts(start):
    """None is lost between the handler of the command and that of the menu: one at each file that is opened."""
    strace = shutil.which("strace")
    if not strace or subprocess.run([strace, "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        return  # it may not trace here
    # Leaks cannot be looked for under strace.
    env = {**start.env, "ASAN_OPTIONS": start.env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    log = env["XDG_STATE_HOME"] + "/strace"
    for n in range(1, 1000):
        t = Terminal([strace, "-qq", "-o", log, "-e", "trace=openat", "-e", f"inject=openat:signal=INT:when={n}",
                      start.weir, "--offline"], env)
        try:
            sent = ended = False
            end = time.time() + 20 * PATIENCE
            while time.time() < end and not ended and (sent or b"runs" not in t.out):
                t.read(0.01, 0.1)
                ended = os.waitid(os.P_PID, t.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                with open(log, "a+", encoding="utf-8", errors="replace") as f:
                    f.seek(0)
                    sent = "SIGINT" in f.read()
            assert ended or time.time() < end, f"a ^C at its file {n} was lost"
            if not ended:  # its list is there: all were tried
                t.send("q")
                t.wait()
                assert n > 10, f"only {n} files"
                return
        finally:
            t.close()
    raise AssertionError("there is no end of files")


@test
def stops_and_comes_back(start):
    """As a job of a shell: a lone process group cannot be stopped by ^Z."""
    t = start(shell=True)
    seen = len(t.out)
    t.send("\x1a")
    t.wait_for(rb"Stopped[^\n]*weir[^\n]*\n[^\n]*[#$] ")  # before its prompt the shell drops what is typed
    for off in (b"\x1b[?1049l", b"\x1b[?1l", b"\x1b[?2004l", b"\x1b[?25h"):
        assert off in t.out[seen:], f"{off!r} was not sent"
    seen = len(t.out)
    t.send("fg\n")
    t.wait_for(rb"(?s)\x1b\[\?1049h.*STATE", since=seen)
    t.read()
    seen = len(t.out)
    t.send("q")
    t.wait_for(rb"(?s)\x1b\[\?1049l.*[#$] ", since=seen)
    t.send("echo status=$?\n")
    t.wait_for(rb"status=0\r")


@test
def survives_a_storm_of_sizes(start):
    t = start()
    for rows, cols in [(3, 12), (1, 1), (60, 200), (5, 20), (2, 300), (24, 80)] * 5:
        t.resize(rows, cols)
        t.read(0.02, 0.1)
    t.read()
    t.send("jjj\x0c")
    assert b"runs" in t.read(), "no picture after the storm"
    t.send("q")
    assert t.wait() == 0, "exit status"
    t.restored()


@test
def nothing_hostile_reaches_it(start):
    """Names and logs of the farm hold escapes, bells and controls; none may come through."""
    t = start("runs", "state:failed")
    for key in "jjjjjjj", "L", "Ggww", "G", "q", "\r", "G", "q", "/esc\r", "\r", "q", "?", "q":
        t.send(key)
        t.read(0.3)
    t.send("Q")
    t.wait()
    rest = re.sub(rb"\x1b\[[0-9;?]*\$?[A-Za-z@`]", b"", t.out)  # what ncurses itself sends
    rest = re.sub(rb"\x1b[()][0AB]|\x1b[=>78M]", b"", rest)
    bad = re.findall(rb"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f].{0,20}", rest)
    assert not bad, f"controls came through: {bad[:3]!r}"
    assert b"\x1b[31mred" not in t.out, "an escape came through"
    assert b"esc" in t.out, "the hostile name was never shown"
    text = t.out.decode("utf-8", "replace")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0080-\u009f]", text), "bidi or C1"


@test
def is_still_when_idle(start):
    """No byte is sent and nothing wakes up when nothing happens."""
    t = start()
    t.send("j")
    t.read()
    path = f"/proc/{t.pid}/status"
    if not os.path.exists(path):
        return

    def switches():
        with open(path, encoding="ascii") as f:
            return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)[1])

    for _ in range(10):  # what it has to do first may be slow
        before = switches()
        drawn = t.read(2.0, 3.0)
        woken = switches() - before
        if not drawn and woken <= 2:
            return
    raise AssertionError(f"while nothing happens it draws {drawn!r}, it wakes up {woken} times")


@test
def many_keys_are_few_bytes(start):
    t = start()
    seen = len(t.out)
    t.send("jk" * 100 + "j")
    t.read()
    assert len(t.out) - seen < 20000, f"{len(t.out) - seen} bytes for 201 keys"


@test
def works_on_old_terminals_and_without_colour(start):
    for more in ({"NO_COLOR": "1"}, {"TERM": "vt100"}, {"TERM": "linux"},
                 {"TERM": "screen-256color"}, {"TERM": "tmux-256color"}, {"LC_ALL": "C"}):
        t = start(**more)
        if "NO_COLOR" in more or more.get("TERM") == "vt100":
            assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", t.out), f"colour with {more}"
        if more.get("LC_ALL") == "C":
            assert not re.search(rb"[\x80-\xff]", t.out), "bytes that are not ASCII"
        t.send("q")
        assert t.wait() == 0, f"exit status with {more}"


@test
def accessible_keeps_the_screen_and_shows_the_cursor(start):
    t = start(ACCESSIBLE="1")
    assert not termios.tcgetattr(t.tty)[3] & termios.ECHO, "keys are echoed"
    t.send("jjj")
    t.read()
    assert b"\x1b[?1049" not in t.out and b"\x1b[?47" not in t.out, "an alternate screen"
    # The cursor is on the selected row, in its first column, and can be seen.
    assert re.search(rb"\x1b\[6d[^\n]*$|\x1b\[6;1H[^\n]*$|\r\n[^\n]*$", t.out), t.out[-80:]
    assert t.out.rfind(b"\x1b[?25h") > t.out.rfind(b"\x1b[?25l") or b"?12l\x1b[?25h" in t.out
    t.send("q")
    assert t.wait() == 0, "exit status"
    after = termios.tcgetattr(t.tty)
    assert after[:4] == t.before[:4], "the settings of the terminal are not as before"
    assert b"\x1b[?1049" not in t.out, "an alternate screen at the end"


def with_colours(text):
    folder = tempfile.mkdtemp()
    os.mkdir(f"{folder}/weir")
    with open(f"{folder}/weir/weir.conf", "w", encoding="utf-8") as f:
        f.write("[colours]\n" + text)
    return folder


@test
def colours_are_as_wished_where_the_terminal_has_them(start):
    """256 and direct colours, the nearest of eight, none."""
    conf = with_colours('title = "#ff8800 on black"\nheader = "underline colour208"\n')
    try:
        for term, want in (("xterm-256color", rb"38;5;(208|214)"), ("xterm-direct", rb"38[:;]2"),
                           ("linux", rb"\x1b\[[0-9;]*3[13]"), ("vt100", None)):
            t = start(XDG_CONFIG_HOME=conf, TERM=term)
            if b"not known here" in t.out:
                continue  # its description is not installed
            if want:
                assert re.search(want, t.out), f"{term}: {t.out[:300]!r}"
            else:
                assert not re.search(COLOUR, t.out), f"{term}: a colour"
            t.send("q")
            assert t.wait() == 0, f"exit status with {term}"
        t = start(XDG_CONFIG_HOME=conf, NO_COLOR="1")
        assert not re.search(COLOUR, t.out), "a colour in spite of NO_COLOR"
    finally:
        shutil.rmtree(conf)


@test
def themes_change_the_colours_of_states(start):
    seen = set()
    for theme in "terminal", "light", "dark", "mono":
        conf = with_colours(f'theme = "{theme}"\n')
        t = start("runs", "state:failed", XDG_CONFIG_HOME=conf)
        t.send("j")
        t.read()
        seen.add(frozenset(re.findall(rb"\x1b\[[0-9;]*m", t.out)))
        assert b"\xe2\x9c\x97" in t.out and b"Failed" in t.out, "no glyph or no word"
        if theme == "mono":
            assert not re.search(COLOUR, t.out), "mono has colours"
            assert b"\x1b[7m" in t.out or b";7m" in t.out, "no selected row"
        shutil.rmtree(conf)
    assert len(seen) == 4, "themes look the same"


@test
def keys_come_in_pieces_over_a_slow_line(start):
    """300 ms of ssh: an arrow split in two is no Esc; Esc alone is one."""
    for _ in range(10):
        t = start("runs", "state:failed")
        began = time.monotonic()
        t.send("\x1b")
        time.sleep(0.02)
        t.send("[B")
        if time.monotonic() - began < 0.05:  # else the test was slower than a line may be
            break
    t.read()
    t.send("\r")
    t.wait_for(rb"parameters")
    t.send("\x1b")
    assert b"search" in t.read(), "Esc does not go back"
    t.send("q")
    assert t.wait() == 0, "exit status"


@test
def works_in_tmux_and_screen(start):
    """What a multiplexer shows is what the mock shows; resized; left clean."""
    del start
    for program in ("tmux", "screen"):
        if shutil.which(program):
            in_multiplexer(program)


def in_multiplexer(program):
    name = f"weir-test-{os.getpid()}"
    weir, env = MUX["weir"], {k: v for k, v in MUX["env"].items() if k != "TMUX"}
    env["SCREENDIR"] = env["TMUX_TMPDIR"] = MUX["folder"]
    tmux = ["tmux", "-L", name, "-f", "/dev/null"]

    def call(*args):
        return subprocess.run(args, env=env, capture_output=True, text=True, timeout=60 * PATIENCE,
                              check=False).stdout

    if program == "tmux":
        call(*tmux, "new-session", "-d", "-x", "90", "-y", "20", f"{weir} --offline runs; cat")
        show = lambda: call(*tmux, "capture-pane", "-p")  # noqa: E731
        send = lambda k: call(*tmux, "send-keys", k)  # noqa: E731
    else:
        call("screen", "-U", "-dmS", name, "sh", "-c", f"{weir} --offline runs; cat")
        path = f"{MUX['folder']}/hardcopy"

        def show():
            call("screen", "-S", name, "-X", "hardcopy", path)
            time.sleep(0.1)
            return open(path, "rb").read().decode("utf-8", "replace") if os.path.exists(path) else ""
        send = lambda k: call("screen", "-S", name, "-X", "stuff", k)  # noqa: E731
    try:
        for key, want in ((None, "weir runs"), ("?", "weir-keys"), ("q", "weir runs")):
            if key:
                send(key)
            end = time.time() + 20 * PATIENCE
            while want not in show() and time.time() < end:
                time.sleep(0.1)
            assert want in show(), f"{program}: no {want!r} after {key}: {show()}"
        if program == "tmux":
            call(*tmux, "resize-window", "-x", "60", "-y", "15")
            end = time.time() + 20 * PATIENCE
            while len(show().rstrip("\n").split("\n")) != 15 and time.time() < end:
                time.sleep(0.1)
            assert len(show().rstrip("\n").split("\n")) == 15, "not as high as the window"
        send("q")
        end = time.time() + 20 * PATIENCE
        while "weir runs" in show() and time.time() < end:
            time.sleep(0.1)
        assert "weir runs" not in show(), f"{program}: the screen was not given back"
    finally:
        if program == "tmux":
            call(*tmux, "kill-server")
        else:
            call("screen", "-S", name, "-X", "quit")


def order(address, *do):
    """What the fake server shall do now; the id of what it made."""
    url = re.sub(r"/api/?$", "", address) + "/_control"
    body = json.dumps({"do": do}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST")) as r:
        return json.load(r)


@test
def a_scrolled_log_stays_while_it_grows(start):
    """FOLLOW, then scrolled away: nothing moves, new lines are counted, G goes on; the end is said."""
    address = start.env["PREFECT_API_URL"]
    order(address, ["make", {"name": "slow-run"}])
    t = start("runs", "name:slow-run", online=True)
    t.wait_for(rb"Running")
    clock = itertools.count(1795255200 + 3600)  # behind the lines that any run has

    def at():
        return next(clock) * 1000000

    run = subprocess.run([start.weir, "runs", "-o", "name", "name:slow-run"], env=start.env,
                         capture_output=True, text=True, check=True).stdout.split()[0]
    order(address, ["log", {"id": run, "at": at(), "lines": [f"line {i}" for i in range(60)]}])
    t.send("L")
    t.wait_for(rb"FOLLOW")
    t.wait_for(rb"line 59")
    t.send("g")
    t.read(0.6)
    seen = len(t.out)
    order(address, ["log", {"id": run, "at": at(), "lines": [f"late {i}" for i in range(7)]}])
    t.wait_for(rb"7.*new|new")
    assert b"late" not in t.out[seen:], "a scrolled log was moved"
    t.send("G")
    t.wait_for(rb"late 6")
    order(address, ["log", {"id": run, "at": at(), "lines": ["the last one"]}])
    t.wait_for(rb"the last one")
    order(address, ["end", {"id": run}])
    t.wait_for(rb"has ended")
    t.send("Q")
    t.wait()


@test
def copies_by_osc_52(start):
    t = start("runs", "state:failed")
    for key, want in (("y", rb"^[0-9a-f-]{36}$"), ("Y", rb"^weir runs state:failed$")):
        seen = len(t.out)
        t.send(key)
        t.read()
        copied = re.search(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", t.out[seen:])
        assert copied, f"nothing was copied by {key}"
        assert re.match(want, base64.b64decode(copied[1])), base64.b64decode(copied[1])
    t.send("q")
    assert t.wait() == 0, "exit status"
