#!/usr/bin/env python3
"""Environments made by weir's own installer and by py-rattler's, from the same archives.

Usage: tests/real/installing.py; B is the build folder
Compared are every file, its mode, its link, its content, whether it is a hard link, and of
conda-meta what the two must agree on. Packages are tests/lib/conda_world.py's, and those of
the local channel of ../shared/tools/conda-channel where it is. Where py-rattler cannot be
had (a venv in build/real), all is skipped.
"""
import csv
import glob
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import conda_world  # noqa: E402

B = os.path.abspath(os.environ.get("B", os.path.join(ROOT, "build")))
VENVS = os.path.join(ROOT, "build", "real")
OTHER = """
import asyncio, os, sys, rattler
async def main(prefix, cache, *files):
    records = []
    for f in files:
        r = await rattler.RepoDataRecord.from_package_archive(f)
        r.url, r.channel = "file://" + f, "file://" + os.path.dirname(os.path.dirname(f))
        records.append(r)
    await rattler.install(records, prefix, cache_dir=cache, platform=rattler.Subdir.current(),
                          show_progress=False, execute_link_scripts=False)
asyncio.run(main(*sys.argv[1:]))
os._exit(0)
"""
WORK = tempfile.mkdtemp(prefix="weir-installing-")
count = failed = 0


def check(what, why):
    global count, failed
    count += 1
    for line in list(why)[:20]:
        print("# " + line)
    failed += bool(why)
    print(f"{'not ok' if why else 'ok'} {count} - {what}", flush=True)


def venv():
    done = subprocess.run([HERE + "/venvs", VENVS, "rattler"], stderr=subprocess.DEVNULL, check=False)
    return None if done.returncode else VENVS + "/venv-rattler/bin/python"


def tree(prefix):
    """name -> what must be the same."""
    out = {}
    for folder, folders, files in os.walk(prefix):
        for name in folders + files:
            path = os.path.join(folder, name)
            st, rel = os.lstat(path), os.path.relpath(path, prefix)
            # py-rattler leaves empty folders of what it had there for a while
            if rel == ".metaflowenv" or rel.startswith("__clobbers__") and stat.S_ISDIR(st.st_mode):
                continue
            what = [stat.filemode(st.st_mode)]
            if stat.S_ISLNK(st.st_mode):
                what.append(os.readlink(path))
            elif stat.S_ISREG(st.st_mode) and not rel.startswith("conda-meta/"):
                with open(path, "rb") as f:
                    what.append(hashlib.sha256(f.readline() if rel == "CACHEDIR.TAG" else f.read()).hexdigest())
                what.append("hard link" if st.st_nlink > 1 else "alone")
            out[rel] = " ".join(what)
    return out


def record(path):
    with open(path) as f:
        r = json.load(f)
    out = {k: r.get(k) for k in ("name", "version", "build", "build_number", "subdir", "noarch", "depends", "license",
                                 "timestamp", "fn", "size", "sha256", "url", "requested_spec", "requested_specs")}
    out["files"] = sorted(r["files"])
    out["paths"] = sorted(r["paths_data"]["paths"], key=lambda p: p["_path"])
    out["paths_version"] = r["paths_data"]["paths_version"]
    out["link"] = [r["link"]["type"], os.path.basename(r["link"]["source"])]
    out["extracted"] = os.path.basename(r["extracted_package_dir"])
    out["constrains"] = r.get("constrains") or []
    return out


def differences(ours, theirs):
    a, b = tree(ours), tree(theirs)
    out = [f"{n}: weir: {a.get(n)}; rattler: {b.get(n)}" for n in sorted({*a, *b}) if a.get(n) != b.get(n)]
    for path in sorted(glob.glob(glob.escape(theirs) + "/conda-meta/*.json")):
        name = os.path.basename(path)
        if not os.path.exists(f"{ours}/conda-meta/{name}"):
            continue
        x, y = record(f"{ours}/conda-meta/{name}"), record(path)
        out += [f"{name}: {k}: weir: {x[k]}; rattler: {y[k]}" for k in x if x[k] != y[k]]
    return out


def both(python, what, prefix, files, umask=0o022):
    """The same prefix twice, since files know it."""
    folder = tempfile.mkdtemp(dir=WORK)
    target = os.path.join(folder, prefix)
    conda_world.write_list(folder, files)
    old = os.umask(umask)
    p = subprocess.run([python, "-c", OTHER, target, folder + "/cache", *files], capture_output=True, text=True,
                       check=False)
    if p.returncode:
        os.umask(old)
        check(what, ["rattler: " + line for line in p.stderr.splitlines()[-5:]])
        return target
    os.rename(target, folder + "/theirs")
    p = subprocess.run([f"{B}/tests/real/install", "-q", "-p", folder + "/pkgs", target, folder + "/list"],
                       capture_output=True, text=True, check=False)
    os.umask(old)
    why = differences(target, folder + "/theirs") if p.returncode == 0 else [p.stderr]
    check(what, why)
    return target


def runs(what, argv, expected):
    if not os.path.exists(argv[0]):
        check(what, [argv[0] + " is not there"])
        return
    p = subprocess.run(argv, capture_output=True, text=True, check=False)
    out = p.stdout + p.stderr
    check(what, [] if p.returncode == 0 and re.search(expected, out) else [f"status {p.returncode}: {out}"])


def odd_packages(python):
    folder = os.path.join(WORK, "odd")
    os.mkdir(folder)
    packages = conda_world.odd()
    conda = [p.write(folder, ".conda") for p in packages]
    bz2 = [p.write(folder, ".tar.bz2") for p in packages]
    for name, files in ((".conda", conda), (".tar.bz2", bz2)):
        target = both(python, f"odd packages, {name}", "env", files)
        runs(f"an entry point runs, {name}", [target + "/bin/np"], "np runs")
        runs(f"a noarch script runs, {name}", [target + "/bin/np-script"], "script")
    both(python, "odd packages, umask 077", "env", conda, 0o077)
    target = both(python, "a blank in the path", "with blank", conda)
    runs("an entry point runs, a blank in the path", [target + "/bin/np"], "np runs")
    # longer than a line of #! may be; the binary has room for 82 bytes only
    files = [f for f in conda if not os.path.basename(f).startswith("aaa-")]
    target = both(python, "a long path", "long" * 30, files)
    runs("an entry point runs, a long path", [target + "/bin/np"], "np runs")


def newest(folder, subdirs):
    """One archive a name, the newest by the channel's own time."""
    best = {}
    for sub in subdirs:
        with open(f"{folder}/{sub}/repodata.json") as f:
            data = json.load(f)
        for fn, r in {**data["packages"], **data["packages.conda"]}.items():
            if r["timestamp"] >= best.get(r["name"], (-1,))[0]:
                best[r["name"]] = (r["timestamp"], f"{folder}/{sub}/{fn}")
    return [path for _, path in best.values()]


def channel(python):
    tool = os.path.join(ROOT, "..", "shared", "tools", "conda-channel")
    tool = tool if os.path.exists(tool) else "/work/shared/tools/conda-channel"
    if not os.path.exists(tool):
        print("ok - the local channel # skip: it is not here")
        return
    folder = os.path.join(WORK, "channel")
    subprocess.run([tool, "make", folder], check=True, stdout=subprocess.DEVNULL)
    files = newest(folder + "/conda-forge", ["linux-64", "noarch"])
    target = both(python, f"{len(files)} packages of the local channel", "env", files)
    runs("its python runs", [target + "/bin/python", "-c", "import flask; print(flask.__version__)"], "3.0.0")
    runs("its entry point runs", [target + "/bin/flask"], "flask 3.0.0")
    runs("its prefix is rewritten", [target + "/bin/hello-prefix"], re.escape("hello from " + target))
    both(python, "old formats of the local channel", "env",
         sorted(glob.glob(folder + "/conda-forge/linux-64/*-1.0.8-*.tar.bz2") +
                glob.glob(folder + "/conda-forge/linux-64/xz-*.tar.bz2")))


def by_record(prefix):
    """(name -> mode, hash, size) of what RECORD of the wheel `demo` names."""
    site = glob.glob(glob.escape(prefix) + "/lib/python*/site-packages")[0]
    out = {}
    with open(site + "/demo-1.0.dist-info/RECORD", newline="", encoding="utf-8") as f:
        for name, digest, size in csv.reader(f):
            path = os.path.normpath(f"{site}/{name}")
            # Python as a virtual environment has its headers elsewhere
            shown = re.sub("^include/(site/)?python[^/]*/(site/)?", "include/", os.path.relpath(path, prefix))
            out[shown] = [stat.filemode(os.lstat(path).st_mode), digest, size]
            if re.fullmatch("(demo|demo-gui|demo-script|INSTALLER)", os.path.basename(path)):
                out[shown][1:] = [""]  # they name who runs them, and who installed
    return out


def wheels(python):
    """Unpacked by weir, where pip would have to be run otherwise."""
    folder = os.path.join(WORK, "wheels")
    os.mkdir(folder)
    files = conda_world.wheels(folder)
    conda_world.write_list(folder, files)
    ours, theirs = folder + "/ours", folder + "/theirs"
    p = subprocess.run([f"{B}/tests/real/install", "-q", "-p", folder + "/pkgs", ours, folder + "/list"],
                       capture_output=True, text=True, check=False)
    check("a wheel is unpacked", [] if p.returncode == 0 else [p.stderr])
    p = subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--find-links", folder,
                        "--no-compile", "--prefix", theirs, "demo==1.0"], capture_output=True, text=True, check=False)
    if p.returncode:
        check("pip installs it", [p.stderr])
        return
    a, b = by_record(ours), by_record(theirs)
    check(f"{len(b)} files of a wheel as pip installs them", [f"{n}: weir: {a.get(n)}; pip: {b.get(n)}"
                                                             for n in sorted({*a, *b}) if a.get(n) != b.get(n)])
    for name in ("demo", "demo-gui", "demo-script", "other"):
        out = [subprocess.run([f"{d}/bin/{name}"], capture_output=True, text=True, check=False,
                              env={**os.environ, "PYTHONPATH": glob.glob(theirs + "/lib/python*/site-packages")[0]}
                              ).stdout for d in (ours, theirs)]
        check(f"its {name} says what pip's says", [] if out[0] == out[1] != "" else out)


def main():
    python = venv()
    if not python:
        print("ok 1 - weir's installer beside py-rattler's # skip: py-rattler cannot be had")
        print("1..1")
        return 0
    try:
        odd_packages(python)
        channel(python)
        wheels(python)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
