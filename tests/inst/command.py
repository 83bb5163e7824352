#!/usr/bin/env python3
"""`weir env create-local`, the whole command: archives and a web that must be refused or borne.

Usage: tests/inst/command.py; B is the build folder. Speaks TAP. What the installer makes of each
kind of archive is tests/inst/run's; here they are packages of environments of a conda_v2.cnd.
"""
import hashlib
import http.server
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import conda_world  # noqa: E402
from weir_world import Checks  # noqa: E402

B = os.path.abspath(os.environ.get("B", os.path.join(HERE, "..", "..", "build")))
ARCH = {"x86_64": "linux-64"}.get(platform.machine(), "linux-" + platform.machine())
REQ, FULL = "1" * 40, "a" * 40
check = Checks()


def package(path, url=None, wrong=False):
    """As conda_v2.cnd has it; url: another address than the file's."""
    name = os.path.basename(path)
    kind, ending = ("pypi", ".whl") if name.endswith(".whl") else (
        "conda", ".conda" if name.endswith(".conda") else ".tar.bz2")
    with open(path, "rb") as f:
        data = f.read() + b"x" * wrong
    return {"_type": kind, "filename": name[:-len(ending)], "url": url or "file://" + path, "url_format": ending,
            "hashes": {ending: hashlib.new("sha256" if kind == "pypi" else "md5", data).hexdigest()}}


class World:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="weir-command-")
        for name in ("home", "envs", "pkgs", "ds/.metaflow", "src"):
            os.makedirs(f"{self.dir}/{name}")
        self.src = self.dir + "/src"
        self.target = f"{self.dir}/envs/metaflow_{REQ}_{FULL}"
        self.env = {k: v for k, v in os.environ.items()
                    if not re.match(r"(METAFLOW|CONDA|MAMBA|PREFECT|WEIR|XDG)_|.*_proxy$", k, re.I)}
        self.env.update(HOME=self.dir + "/home", TMPDIR=self.dir, CONDA_ENVS_DIRS=self.dir + "/envs",
                        CONDA_PKGS_DIRS=self.dir + "/pkgs", METAFLOW_DATASTORE_SYSROOT_LOCAL=self.dir + "/ds")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def create(self, packages, *options, under=()):
        """(status, what was printed) for an environment of these packages; under: words before weir's."""
        with open(self.dir + "/ds/.metaflow/conda_v2.cnd", "w", encoding="utf-8") as f:
            json.dump({"version": 1, "mappings": {}, "aliases": {}, "environments": {ARCH: {REQ: {FULL: {
                "deps": ["conda::x"], "sources": ["conda::local"], "packages": packages, "resolved_by": "alice",
                "resolved_on": "2023-01-01T10:00:00", "resolved_archs": [ARCH]}, "_default": FULL}}}}, f)
        p = subprocess.run([*under, B + "/weir", "env", "create-local", "--own", f"{REQ}:{FULL}", *options], env=self.env,
                           cwd=self.dir, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                           check=False)
        return p.returncode, p.stdout + p.stderr

    def left(self):
        """What a refusal must not leave: environments, packages, temporary files."""
        kept = {"home", "envs", "pkgs", "ds", "src"}
        return [*os.listdir(self.dir + "/envs"), *(n for n in os.listdir(self.dir) if n not in kept),
                *(n for n in os.listdir(self.dir + "/pkgs") if n != "urls.txt" and not n.startswith("python-"))]

    def clear(self):
        for name in ("envs", "pkgs"):
            shutil.rmtree(f"{self.dir}/{name}")
            os.mkdir(f"{self.dir}/{name}")


def bad_archives():
    with World() as w:
        python = conda_world.python().write(w.src, ".conda")
        for name, ending, of, change in conda_world.bad():
            folder = f"{w.src}/{name}"
            os.mkdir(folder)
            path = of.write(folder, ending)
            if change:
                with open(path, "rb") as f:
                    data = change(f.read())
                with open(path, "wb") as f:
                    f.write(data)
            stem = os.path.basename(path)[:-len(ending)]
            refused(w, name, stem, [package(python), package(path)])
            if name.startswith("truncated"):
                refused(w, "wrong hash" + ending, stem, [package(python), package(path, wrong=True)], "hash")
            shutil.rmtree(folder)


def refused(w, what, stem, packages, *words):
    status, out = w.create(packages, "-q")
    left = w.left()
    errors = out.splitlines()
    check(status not in (0, 2) and stem in errors[0] and all(x in out for x in words) and len(errors) <= 2 and
          not left, f"refused, with nothing left: {what}", status, out, left)
    shutil.rmtree(w.dir + "/envs", ignore_errors=True)
    os.mkdir(w.dir + "/envs")


class Web(http.server.BaseHTTPRequestHandler):
    """/HOW/FILE: ok, cut (a quarter each time), wrong (a byte), huge (it says), 404."""

    protocol_version = "HTTP/1.1"
    folder, seen = "", []

    def log_message(self, *_):
        pass

    def do_GET(self):  # noqa: N802
        _, how, name = self.path.split("/")
        start = int(re.sub(r"\D", "", self.headers.get("Range", "")) or 0)
        self.seen.append((how, start))
        with open(f"{self.folder}/{name}", "rb") as f:
            data = f.read()
        if how == "wrong":
            data = data[:-1] + bytes([data[-1] ^ 1])
        if how == "huge":
            return self.huge()
        if how == "404":
            data = b"no"
        self.send_response(404 if how == "404" else 206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = start + max(len(data) // 4, 1) if how == "cut" else len(data)
        self.wfile.write(data[start:end])
        self.close_connection = end < len(data)
        return None

    def huge(self):
        """More than any package has."""
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 45))
        self.close_connection = True
        self.end_headers()
        try:
            for _ in range(64):
                self.wfile.write(bytes(1 << 20))
        except OSError:
            pass  # it was enough for the other side


def web():
    with World() as w:
        http.server.ThreadingHTTPServer.handle_error = lambda *a: None
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
        Web.folder = w.src
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        noise = random.Random(1).randbytes(400000)
        for ending in (".conda", ".tar.bz2"):
            big = conda_world.Package("big", [("share/big", "f", noise, 0o644)]).write(w.src, ending)
            name = os.path.basename(big)
            for how in ("wrong", "404", "huge"):
                refused(w, f"{how} on the web, {ending}", "big-1.0-0", [package(big, f"{base}/{how}/{name}")])
            Web.seen.clear()
            status, out = w.create([package(big, f"{base}/cut/{name}")])
            starts = [start for _, start in Web.seen]
            with open(w.target + "/share/big", "rb") as f:
                whole = f.read() == noise
            check(status == 0 and whole and len(starts) >= 4 and starts == sorted(set(starts)),
                  f"gone on with where the web broke off, {ending}", out, starts)
            w.clear()
        wheel = conda_world.wheels(w.src)
        status, out = w.create([package(wheel[0]), package(wheel[1], f"{base}/cut/{os.path.basename(wheel[1])}")])
        check(status == 0, "a wheel that broke off", out)
        ran = subprocess.run([w.target + "/bin/demo"], capture_output=True, text=True, check=False)
        check(ran.stdout == "demo runs\n", "its program runs", ran.stderr)
        server.shutdown()


# A file system of so many bytes in place of the folder, seen by what is run alone; then what is left there.
SMALL = ["unshare", "-rm", "sh", "-c", """mount -t tmpfs -o "size=$0" none "$1" || exit 99
at=$1; shift; "$@"; s=$?; find "$at" -mindepth 1 | sed "s|^|left: |"; exit $s"""]


def full():
    with World() as w:
        if not shutil.which("unshare") or subprocess.run([*SMALL, "1m", w.dir + "/pkgs", "true"], check=False,
                                                         stderr=subprocess.DEVNULL).returncode:
            check(True, "a full disk # SKIP cannot mount one")
            return
        noise = random.Random(2).randbytes(3000000)
        big = conda_world.Package("big", [("share/big", "f", noise, 0o644)]).write(w.src, ".conda")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
        Web.folder = w.src
        threading.Thread(target=server.serve_forever, daemon=True).start()
        web_address = f"http://127.0.0.1:{server.server_port}/ok/{os.path.basename(big)}"
        for what, folder, address, wanted in (
                ("the packages are fetched to", "pkgs", web_address, ""),
                ("they are unpacked in", "pkgs", None, ", and at least 3.0 MB are wanted"),
                ("the environment is to be in", "envs", None, ", and at least 3.0 MB are wanted")):
            at = f"{w.dir}/{folder}"
            status, out = w.create([package(big, address)], "-q", under=[*SMALL, "2m", at])
            why, hint, *left = out.splitlines()
            check(status == 1 and f": No space left on device: the file system of {at}, at {at}, has " in why and
                  why.endswith(" MB free" + wanted) and hint.startswith("try: make room there, or ") and
                  hint.endswith(f" CONDA_{folder.upper()}_DIRS=DIR") and not left and not os.listdir(w.dir + "/envs"),
                  f"a full disk, where {what}", status, out)
            w.clear()
        server.shutdown()


def names():
    """What a shell would run in the paths that scripts have."""
    with World() as w:
        path = conda_world.Package("x", [("share/x", "f", b"x", 0o644)]).write(w.src, ".conda")
        for name in ("a $(touch ran)", "a`touch ran`", "a\\x", "x\ny"):
            for options in ((), ("--dry-run",)):
                status, out = w.create([package(path)], "--name", name, *options)
                check(status == 2 and "scripts cannot carry" in out
                      and f"environment: {w.target.rpartition('/')[0]}/" in out and not w.left(),
                      f"not a name: {name!r} {options}", status, out, w.left())


if __name__ == "__main__":
    names()
    bad_archives()
    web()
    full()
    sys.exit(check.end())
