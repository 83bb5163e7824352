"""A terminal program driven and timed from outside, through a pseudo-terminal.

A key is timed from the write to the byte that answers it (`first`), and to the last byte before
`quiet` seconds of silence (`last`).
"""
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import termios
import time


class Menu:
    def __init__(self, argv, env, cols=120, rows=40):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, env)
        self.began = time.monotonic()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.seen = 0
        self.tail = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def listen(self, began, quiet, most=20.0):
        """(seconds to the first byte, to the last one, bytes) until so long nothing comes."""
        first = last = None
        count = 0
        # of the last burst that is more than an echo or counts: rows come after what
        # the key itself repaints
        self.first_paint = 0.0
        burst = 0
        while True:
            wait = most - (time.monotonic() - began) if last is None else quiet
            ready, _, _ = select.select([self.fd], [], [], max(wait, 0))
            if not ready:
                break
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            now = time.monotonic()
            burst = 0 if last and now - last > 0.01 else burst
            last = now
            first = first or last
            count += len(data)
            if burst < 1000 <= burst + len(data):
                self.first_paint = last - began
            burst += len(data)
            self.tail = (self.tail + data)[-65536:]
        if first is None:
            raise RuntimeError("nothing was drawn")
        self.first_paint = self.first_paint or last - began
        return first - began, last - began, count

    def start(self, quiet=0.25):
        return self.listen(self.began, quiet)

    def key(self, keys, quiet=0.03, most=20.0):
        began = time.monotonic()
        os.write(self.fd, keys)
        return self.listen(began, quiet, most)

    def until(self, keys, pattern, most=10.0):
        """Seconds until what is drawn after the keys has the pattern."""
        seen = b""
        began = time.monotonic()
        os.write(self.fd, keys)
        while time.monotonic() - began < most:
            if not select.select([self.fd], [], [], 0.05)[0]:
                continue
            seen += os.read(self.fd, 65536)
            if re.search(pattern, seen):
                return time.monotonic() - began
        raise RuntimeError(f"{keys!r}: {pattern!r} did not come")

    def status(self, name):
        """A number of /proc/PID/status, of all threads."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task") if name.endswith("switches") else [None]:
            path = f"/proc/{self.pid}/task/{task}/status" if task else f"/proc/{self.pid}/status"
            with open(path) as f:
                total += int(re.search(rf"^{name}:\s+(\d+)", f.read(), re.M)[1])
        return total


def keys(menu, key, times, quiet=0.03):
    """Medians over so many keys: first byte, last byte, bytes."""
    found = [menu.key(key, quiet) for _ in range(times)]
    return [statistics.median(f[i] for f in found) for i in range(3)]


def typed(menu, word, quiet=0.25):
    """Each letter of a word: [(first, last, bytes)]."""
    return [menu.key(c.encode(), quiet) for c in word]
