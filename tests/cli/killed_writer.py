"""weir env select-resolved and undo, killed at each system call of their write.

Usage: killed_writer.py WEIR CASE; ends with 0 when all is well. CASE is one of CASES. strace says which calls there are and stops the program
with SIGKILL as it enters one of them, one after the other: from the moment that the file is opened
for writing to the end (behind the change only one in eight, unless TORTURE is 1 or more). Each time the
file is byte for byte the old one or the new one; then a next weir takes it back, or does it, and nothing
is left beside the file. A few calls come a time less in another run: then there was nothing to be killed
at, and it ends as it should.
"""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

WEIR = os.path.abspath(sys.argv[1])
AT_ONCE = 12
EACH = 1 if float(os.environ.get("TORTURE") or 0) >= 1 else 8
REQ, OLD, NEW = "1" * 40, "b" * 40, "a" * 40
SELECT = ["env", "select-resolved", "--req-id", REQ, "--full-id", NEW]
UNDO = ["env", "undo"]
CASES = {  # what is killed, and what takes it back
    "select": (SELECT, UNDO),
    "undo": (UNDO, SELECT),
    "cache": (SELECT, SELECT),  # there is no file yet: it is made of what the cache has
}
CASE = sys.argv[2]
KILLED, BACK = CASES[CASE]
QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
work = tempfile.mkdtemp(prefix="weir-killed-")


def env_of(home):
    return {"PATH": os.environ["PATH"], "HOME": home, "TZ": "UTC", "LC_ALL": "C.UTF-8",
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": home, # leaks cannot be looked for under strace
            **{k: v + ":detect_leaks=0" for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}


def file_of(home):
    return home + "/.metaflow/conda_v2.cnd"


def content(home):
    """None: no file, or one that is empty, which is the same to all who read it."""
    try:
        with open(file_of(home), "rb") as f:
            return f.read() or None
    except FileNotFoundError:
        return None


def make_world(home, archs):
    def env(packages):
        return {"deps": ["conda::python==3.11.7"], "sources": [], "packages": [{"_type": "conda", "filename":
                f"p{i}-1.0-0", "url": f"https://c/linux-64/p{i}-1.0-0.conda", "url_format": ".conda", "hashes": {".conda": "0" * 32}}
                for i in range(packages)], "resolved_on": "2026-01-01T10:00:00", "resolved_by": "al", "resolved_archs": archs}

    os.makedirs(home + "/.metaflow")
    if CASE == "cache":
        for arch in archs:
            os.makedirs(f"{home}/conda_env/envs/{arch}/{REQ}/{NEW}")
            with open(f"{home}/conda_env/envs/{arch}/{REQ}/{NEW}/env", "w", encoding="utf-8") as f:
                json.dump(env(500), f)
        return
    with open(file_of(home), "w", encoding="utf-8") as f:
        json.dump({"version": 1, "mappings": {}, "mutable_aliases": {}, "aliases": {}, "environments": {
            arch: {REQ: {OLD: env(3), NEW: env(500), "_default": OLD}} for arch in archs}}, f)
    subprocess.run([WEIR, "env", "list"], env=env_of(home), **QUIET)


def copy_world(home):
    """What is undone has to be done there: history knows the file by its name."""
    shutil.copytree(work + "/world", home)
    if CASE == "undo":
        subprocess.run([WEIR, *SELECT], env=env_of(home), **QUIET)
    return content(home)


def calls_of(log):
    """(name, which of them) of every call from the open of the file to the end."""
    counts, calls, inside = {}, [], False
    with open(log, encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.match(r"(\d+) +(\w+)\(", line)
            if not m:
                continue
            key = m[1], m[2]
            counts[key] = counts.get(key, 0) + 1
            inside = inside or (m[2] == "openat" and "conda_v2.cnd" in line and "O_RDWR" in line)
            if inside and m[2] not in ("exit_group", "exit"):
                calls.append((m[2], counts[key]))
    done = next((i for i, c in enumerate(calls) if c[0] == "rename"), len(calls)) + 5
    return calls[:done] + calls[done::EACH]


def killed(at, name, number):
    """None, or what is wrong."""
    home = f"{work}/{at}"
    copy_world(home)
    p = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "trace=" + name, "-e",
                        f"inject={name}:signal=KILL:when={number}", WEIR, *KILLED], env=env_of(home), timeout=120, **QUIET)
    now = content(home)
    if p.returncode not in (-signal.SIGKILL, 128 + signal.SIGKILL):
        spared.append(name)
        if p.returncode or now != new:
            return f"was not killed: status {p.returncode}"
    if now not in (old, new):
        return f"neither old nor new: {len(now or '')} bytes"
    verb = KILLED if now == old else BACK
    p = subprocess.run([WEIR, *verb], env=env_of(home), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=120, check=False)
    if p.returncode or content(home) != (new if now == old or KILLED == BACK else old):
        return f"{' '.join(verb[:2])} after it: status {p.returncode}: {p.stderr}"
    left = os.listdir(home + "/.metaflow")
    if left != ["conda_v2.cnd"]:
        return f"left behind: {left}"
    parts[now == new] += 1
    shutil.rmtree(home)
    return None


make_world(work + "/world", ["linux-64", "osx-arm64"])
old = copy_world(work + "/whole")
subprocess.run(["strace", "-f", "-o", work + "/log", WEIR, *KILLED], env=env_of(work + "/whole"), timeout=120, **QUIET)
new = content(work + "/whole")
steps = calls_of(work + "/log")
parts, spared = [0, 0], []
try:
    assert old != new and len(steps) > 20, f"{len(steps)} calls"
    assert any(s[0] == "rename" for s in steps) and any(s[0] == "fsync" for s in steps), steps
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda i: killed(i, *steps[i]), range(len(steps))))
    wrong = [f"call {i}, {steps[i][0]} {steps[i][1]}: {r}" for i, r in enumerate(results) if r]
    for line in wrong[:20]:
        print("# " + line.replace("\n", " "))
    print(f"# {len(steps)} calls: {parts[0]} left the old file, {parts[1]} the new one; not reached: {spared}")
    sys.exit(1 if wrong or not all(parts) or len(spared) > len(steps) / 20 else 0)
finally:
    shutil.rmtree(work, ignore_errors=True)
