#!/usr/bin/env python3
"""Press keys in a program on a terminal of its own; its bytes go to standard output.

Usage: tty_keys.py KEYS COMMAND [ARGUMENT...]    KEYS: from 0.3 s after its first bytes on, one
each 0.3 s; exit status: 0, or 1 when the program did not end by itself
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

keys = list(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
parts, due, end = [], 0, time.monotonic() + 60
while time.monotonic() < end:
    if keys and parts and not due:
        due = time.monotonic() + 0.3
    if keys and due and time.monotonic() > due:
        os.write(fd, keys.pop(0).encode())
        due = time.monotonic() + 0.3
    if select.select([fd], [], [], 0.05)[0]:
        try:
            parts.append(os.read(fd, 65536))
        except OSError:
            break
else:
    os.kill(pid, 9)
os.waitpid(pid, 0)
sys.stdout.buffer.write(b"".join(parts))
sys.exit(time.monotonic() >= end)
