"""A conda channel and an index of wheels that a real Metaflow resolves from and runs in.

Its packages are conda_world's; its `python` behaves as a virtual environment around a Python of
this machine, and what Metaflow needs in an environment (requests, pip, ...) is taken from an
installed Metaflow. It is served by http.
"""
import hashlib
import http.server
import importlib.metadata
import json
import os
import re
import socketserver
import subprocess
import threading

import conda_world
from conda_world import PLACEHOLDER, T0, Package, text

NAME = "conda-forge"  # the extension wants to see these letters
LINUX = ("linux-64", "linux-aarch64")
WRAPPER = """#!/bin/bash
export PYTHONPATH={0}/lib/python{1}/site-packages${{PYTHONPATH:+:$PYTHONPATH}}
exec -a {0}/bin/python {2} "$@"
"""


def python_facts(python):
    """Version and path of the Python behind a venv's."""
    code = "import os, sys; print('%d.%d.%d' % sys.version_info[:3], os.path.realpath(sys.executable))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.split()


def python(version, real):
    """bin/python is a script, run with the name of the environment's: pyvenv.cfg does the rest."""
    mm = version.rsplit(".", 1)[0]
    return Package("python", [
        text("bin/python" + mm, WRAPPER.format(PLACEHOLDER, mm, real), 0o755),
        ("bin/python", "l", "python" + mm, 0o777), ("bin/python3", "l", "python" + mm, 0o777),
        ("pyvenv.cfg", "f", f"home = {os.path.dirname(real)}\ninclude-system-site-packages = false\n".encode(), 0o644),
        (f"lib/python{mm}/site-packages/README", "f", b"", 0o644)], version=version)


def noarch(name, version, files, entries=(), depends=("python >=3.8",)):
    p = Package(name, [("site-packages/" + n, "f", d, 0o644) for n, d in sorted(files.items())],
                version=version, build="py_0", noarch="python")
    p.entries, p.index["depends"] = list(entries), list(depends)
    return p


def module(name, version, depends=("python >=3.8",)):
    """A package with a version to import and a program that prints it."""
    body = f"__version__ = '{version}'\n\n\ndef main():\n    print('{name}', __version__)\n"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return noarch(name, version, {f"{name}/__init__.py": body.encode(),
                                  f"{name}-{version}.dist-info/METADATA": meta.encode(),
                                  f"{name}-{version}.dist-info/INSTALLER": b"conda\n"},
                  [f"{name}-tool = {name}:main"], depends)


def installed(site, name):
    """What pip installed, as a package."""
    dist = next(iter(importlib.metadata.distributions(name=name, path=[site])))
    files = {}
    for f in dist.files:
        if ".." not in f.parts and "__pycache__" not in f.parts and os.path.isfile(os.path.join(site, f)):
            with open(os.path.join(site, f), "rb") as data:
                files[str(f)] = data.read()
    needs = [re.match(r"[\w.-]+", r)[0].lower().replace("_", "-") for r in dist.requires or [] if ";" not in r]
    return noarch(name, dist.version, files, depends=["python >=3.8"] + needs)


def roomy(package):
    """A placeholder as long as those of real packages, for the long names of Metaflow's folders."""
    long = PLACEHOLDER.ljust(255, "_")
    package.files = [
        (path, kind, data.replace(PLACEHOLDER.encode(), long.encode()) if kind == "f" else data, mode,
         *({**m, "prefix_placeholder": long} if "prefix_placeholder" in m else m for m in more))
        for path, kind, data, mode, *more in package.files]
    return package


class Channel:
    """FOLDER/conda-forge/<subdir> and FOLDER/simple; `index` after `add`."""

    def __init__(self, folder):
        self.folder, self.records = folder, {s: {} for s in (*LINUX, "noarch")}
        os.makedirs(folder + "/simple")

    def add(self, package, ending=".conda", subdirs=("linux-64",)):
        for subdir in ["noarch"] if "noarch" in package.index else subdirs:
            package.index["subdir"] = subdir
            folder = f"{self.folder}/{NAME}/{subdir}"
            os.makedirs(folder, exist_ok=True)
            path = package.write(folder, ending)
            with open(path, "rb") as f:
                data = f.read()
            self.records[subdir][os.path.basename(path)] = dict(
                package.index, size=len(data), md5=hashlib.md5(data).hexdigest(),
                sha256=hashlib.sha256(data).hexdigest(),
                timestamp=(T0 + sum(map(len, self.records.values()))) * 1000)

    def wheel(self, path):
        """A wheel that lies somewhere, in the index."""
        name = re.sub(r"[-_.]+", "-", os.path.basename(path).split("-")[0]).lower()
        os.makedirs(f"{self.folder}/simple/{name}", exist_ok=True)
        os.link(path, f"{self.folder}/simple/{name}/{os.path.basename(path)}")

    def index(self):
        for subdir, records in self.records.items():
            os.makedirs(f"{self.folder}/{NAME}/{subdir}", exist_ok=True)
            old, new = ({n: r for n, r in records.items() if n.endswith(e)} for e in (".tar.bz2", ".conda"))
            with open(f"{self.folder}/{NAME}/{subdir}/repodata.json", "w", encoding="utf-8") as f:
                json.dump({"info": {"subdir": subdir}, "packages": old, "packages.conda": new, "removed": [],
                           "repodata_version": 1}, f)
        for name in os.listdir(self.folder + "/simple"):
            folder, lines = f"{self.folder}/simple/{name}", ""
            for wheel in sorted(n for n in os.listdir(folder) if n.endswith(".whl")):
                with open(f"{folder}/{wheel}", "rb") as f:
                    lines += f'<a href="{wheel}#sha256={hashlib.sha256(f.read()).hexdigest()}">{wheel}</a>\n'
            with open(folder + "/index.html", "w", encoding="utf-8") as f:
                f.write(f"<!DOCTYPE html><html><body>\n{lines}</body></html>\n")


def for_metaflow(folder, venv, uv=None):
    """A channel in which the Metaflow of a venv can run; (channel, version of its python)."""
    version, real = python_facts(venv + "/bin/python")
    site = f"{venv}/lib/python{version.rsplit('.', 1)[0]}/site-packages"
    c = Channel(folder)
    c.add(python(version, real), subdirs=LINUX)
    for i, name in enumerate(("requests", "urllib3", "idna", "certifi", "charset-normalizer", "packaging", "pip")):
        c.add(installed(site, name), (".conda", ".tar.bz2")[i % 2])
    for name, of in (("wheel", "0.42.0"), ("tomli", "2.0.1"), ("setuptools", "69.0.3")):
        c.add(module(name, of))
    if uv:
        run = f'#!/bin/sh\nexec "{uv}" "$@"\n'.encode()
        c.add(Package("uv", [("bin/uv", "f", run, 0o755)], version="0.5.4"), subdirs=LINUX)
    for i, p in enumerate(conda_world.odd()):
        if p.index["name"] != "python":
            c.add(roomy(p), (".conda", ".tar.bz2")[i % 2])
    c.index()
    return c, version


class Server:
    """Serves a folder on 127.0.0.1 till the end; `requests` are the paths that were asked for."""

    def __init__(self, folder):
        requests = self.requests = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *args):
                super().__init__(*args, directory=folder)

            def log_message(self, *_):
                requests.append(self.path)

        class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
