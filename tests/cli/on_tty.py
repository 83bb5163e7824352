#!/usr/bin/env python3
"""Run a command on a terminal of its own and copy what reaches it to standard output.

Usage: on_tty.py [COLUMNSxLINES] COMMAND [ARGUMENT...]    exit status: the command's
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

SECONDS = 120


kept = b""


def show(data, last=False):
    """At once; the line discipline ends lines with CR LF, a CR of the program stays one."""
    global kept
    data = kept + data
    kept = b"\r" if data.endswith(b"\r") and not last else b""
    sys.stdout.buffer.write(data[:len(data) - len(kept)].replace(b"\r\n", b"\n"))
    sys.stdout.buffer.flush()


def main():
    args, size = sys.argv[1:], (24, 80)
    if re.fullmatch(r"\d+x\d+", args[0]):
        size = tuple(map(int, args.pop(0).split("x")))[::-1]
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        os.execvp(args[0], args)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        show(data)
    else:
        os.kill(pid, 9)
    show(b"", True)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) & 0xff


sys.exit(main())
