#!/usr/bin/env python3
"""Sixteen that select at once, eight of them Metaflow's own writer (netflixext), and one that reads all the time.

Usage: tests/real/metaflow_torture.py [ROUNDS]; B is the build folder, TORTURE=1 is 100 rounds.
Each selects an environment that nobody else selects, of one of two requirement sets, so that every state of the file
tells who made it. Metaflow's writer writes all that it read before, some of it seconds old: that is what it loses
selections by. What must hold:
- whoever reads the file finds it whole, always;
- every selection that weir reported as done is there then, or one that was made after it;
- what was lost, but by a rename of Metaflow's writer after weir's last look, two seconds after it wrote, is an error;
- weir, when it writes again, replaces nothing that another weir selected after its own. Of Metaflow's it cannot
  tell whether it was chosen or remembered, as all of them were in the file before: those are counted.
"""
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import shutil
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import metaflow_world  # noqa: E402
from weir_world import Checks  # noqa: E402

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else max(8, round(100 * float(os.environ.get("TORTURE") or 0)))
EACH = 8  # of either kind
ARCH = "linux-64"
REQS = ["1" * 40, "2" * 40]
FIRST = "0" * 40
SLACK_S = 0.4  # between weir's last look, two seconds after its last write, and its end
seed = int(os.environ.get("SEED") or time.time())
rng = random.Random(seed)


class Writer:
    """Metaflow's, in a process of its own."""

    def __init__(self, folder, env):
        self.p = subprocess.Popen([f"{metaflow_world.VENVS}/venv-metaflow/bin/python", HERE + "/metaflow_writer.py", folder],
                                  env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.p.stdout.readline() == "ready\n"

    def select(self, req, full, wait):
        self.p.stdin.write(json.dumps({"req_id": req, "full_id": full, "arch": ARCH, "wait": wait}) + "\n")
        self.p.stdin.flush()
        return json.loads(self.p.stdout.readline())

    def end(self):
        self.p.stdin.close()
        self.p.wait()


class Reader(threading.Thread):
    """All states of the file that can be seen: (from, until, default of each request)."""

    def __init__(self, path, ids):
        super().__init__()
        self.path, self.ids = path, ids
        self.states, self.bad, self.n, self.stop = [], [], 0, False

    def run(self):
        last = None
        while not self.stop:
            now = time.monotonic()
            with open(self.path, "rb") as f:
                inode, text = os.fstat(f.fileno()).st_ino, f.read()
            self.n += 1
            if (inode, text) == last:
                self.states[-1][1] = now
                time.sleep(0.0005)
                continue
            last = inode, text
            try:
                envs = json.loads(text)["environments"][ARCH]
                chosen = {r: envs[r]["_default"] for r in REQS}
                if any(set(envs[r]) != self.ids for r in REQS):
                    raise ValueError("environments are missing")
                self.states.append([now, now, chosen])
            except (ValueError, KeyError) as e:
                self.bad.append(f"{len(text)} bytes: {e!r}")


class Selection:
    def __init__(self, who, req, full):
        self.who, self.req, self.full = who, req, full
        self.began = self.ended = self.answer = None


class Round:
    def __init__(self, base, writers, env):
        self.file = base + "/.metaflow/conda_v2.cnd"
        names = [hashlib.sha1(b"%d %d" % (rng.getrandbits(32), i)).hexdigest() for i in range(2 * EACH)]
        self.all = [Selection("Metaflow" if i % 2 else "weir", rng.choice(REQS), n) for i, n in enumerate(names)]
        self.writers, self.env = writers, env
        self.ids = {FIRST, "_default", *names}
        envs = {n: {"deps": ["conda::python==3.11.7"], "sources": [], "extras": [], "packages": [], "resolved_on":
                    "2026-01-01T10:00:00", "resolved_by": "al", "resolved_archs": [ARCH], "env_type": "conda-only",
                    "accurate_source": True, "full_id_unique_keys": {}} for n in [FIRST, *names]}
        with open(self.file + ".new", "w", encoding="utf-8") as f:
            json.dump({"version": 1, "mappings": {}, "mutable_aliases": {}, "aliases": {},
                       "environments": {ARCH: {r: {**envs, "_default": FIRST} for r in REQS}}}, f)
        os.rename(self.file + ".new", self.file)

    def select(self, s, writer, wait, pause):
        time.sleep(pause)
        s.began = time.monotonic()
        if s.who == "weir":
            p = subprocess.run([metaflow_world.WEIR, "env", "select-resolved", "--req-id", s.req, "--full-id", s.full,
                                "--local-only", "-o", "json"], env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, timeout=120, check=False)
            s.answer = {"status": p.returncode, "said": p.stderr}
        else:
            s.answer = writer.select(s.req, s.full, wait)
        s.ended = time.monotonic()

    def run(self):
        reader = Reader(self.file, self.ids)
        reader.start()
        while not reader.states:
            time.sleep(0.01)
        free = iter(self.writers)
        spread = rng.choice((0.0, 0.3, 2.0))
        threads = [threading.Thread(target=self.select, args=(
            s, next(free) if s.who != "weir" else None, rng.choice((0, 0, 0.1, 0.6, 2.5)), rng.uniform(0, spread)))
            for s in self.all]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        time.sleep(0.3)
        reader.stop = True
        reader.join()
        return reader

    def renames(self, req):
        """(when, what) Metaflow's writers put there for the request: their own selection, or what they remembered."""
        return [(s.answer["at"], s.full if s.req == req else s.answer["others"][req])
                for s in self.all if s.who != "weir" and "at" in s.answer]

    def judge(self, reader, counts):
        """What is wrong."""
        wrong = list(reader.bad)
        for req in REQS:
            changes = []  # [since, seen last before that, what]
            for since, until, chosen in reader.states:
                if not changes or changes[-1][2] != chosen[req]:
                    changes.append([since, before if changes else since, chosen[req]])
                before = until
            # Which is newer: by when each stood there first, or, never seen there, when it began.
            first = {what: since for since, _, what in reversed(changes)}
            order = {FIRST: 0, **{s.full: first.get(s.full, s.began) for s in self.all if s.req == req}}
            for s in self.all:
                if s.req == req and s.who == "weir":
                    wrong += self.judge_one(s, order, changes, counts)
            wrong += self.judge_again(req, order, changes, counts)
        return wrong + ["Metaflow's writer: " + s.answer["error"] for s in self.all if "error" in s.answer]

    def judge_one(self, s, order, changes, counts):
        """When weir reported it, and after that, nothing older stands there, or it said that it was overtaken."""
        if s.answer["status"]:
            counts["refused"] += 1
            return [] if "times, and each time" in s.answer["said"] else [s.answer["said"]]
        counts["reported"] += 1
        counts["redone"] += "written again" in s.answer["said"]
        now = max(i for i, c in enumerate(changes) if c[0] <= s.ended)
        older = [c for c in changes[now:] if order[c[2]] < order[s.full]]
        if not older:
            return []
        since, before, what = older[0]
        if "somebody has chosen another" in s.answer["said"] and any(
                o.req == s.req and order[o.full] > order[s.full] and (o.answer.get("status") == 0 or "at" in o.answer)
                for o in self.all):
            counts["given way"] += 1  # to one that defends, or has defended, its own
            return []
        by_metaflow = any(w == what and before - 0.05 <= at <= since + 0.05 for at, w in self.renames(s.req))
        if by_metaflow and since >= s.ended - SLACK_S:
            counts["late"] += 1
            return []
        return [f"weir's {s.full[:8]}, {since - s.ended:+.2f} s of its report, lost to {what[:8]} by "
                f"{'Metaflow' if by_metaflow else 'weir'}: {s.answer['said']}"]

    def judge_again(self, req, order, changes, counts):
        """What weir wrote again replaced no later selection of another weir."""
        ours, wrong = {s.full for s in self.all if s.who == "weir"}, []
        for (_, _, was), (since, before, now) in zip(changes, changes[1:]):
            if now not in ours or order[was] <= order[now]:
                continue
            # It may have been Metaflow that brought ours back, or something older in between that was not seen.
            if any(before - 0.05 <= at <= since + 0.05 and (what == now or order[what] < order[now])
                   for at, what in self.renames(req)):
                counts["unseen"] += 1
            elif was in ours:
                wrong.append(f"{was[:8]}, selected {order[was] - order[now]:.2f} s after weir's {now[:8]}, "
                             "was replaced by it")
            else:
                counts["taken"] += 1
        return wrong


def main():
    check = Checks()
    if not metaflow_world.made():
        print("ok 1 - sixteen writers # skip: Metaflow cannot be had from the package index")
        print("1..1")
        return 0
    base = tempfile.mkdtemp(prefix="weir-torture-")
    os.mkdir(base + "/.metaflow")
    env = {"PATH": os.environ["PATH"], "HOME": base, "METAFLOW_USER": "al", "METAFLOW_HOME": base, "TZ": "UTC",
           "METAFLOW_DATASTORE_SYSROOT_LOCAL": base}
    counts = dict(reported=0, refused=0, late=0, redone=0, taken=0, unseen=0)
    counts["given way"] = 0
    states = reads = 0
    wrong, writers = [], []
    try:
        writers += [Writer(base + "/.metaflow", env) for _ in range(EACH)]
        for n in range(ROUNDS):
            r = Round(base, writers, env)
            reader = r.run()
            wrong += [f"round {n}: {w}" for w in r.judge(reader, counts)]
            states += len(reader.states)
            reads += reader.n
        left = [n for n in os.listdir(base + "/.metaflow") if n != "conda_v2.cnd"]
        check(not wrong, f"{ROUNDS} rounds of 16 at once: the file is whole, what weir reported is there or overtaken", *wrong)
        check(counts["reported"] >= 0.9 * ROUNDS * EACH, "weir's selections are done")
        check(not left, "nothing is left beside the file", left)
        print(f"# seed {seed}: {reads} reads, {states} states; of {ROUNDS * EACH} selections by weir {counts['reported']} "
              f"reported, {counts['refused']} given up, {counts['redone']} written again, {counts['late']} lost to a rename "
              f"of Metaflow's after its last look, {counts['given way']} when they had given way to a later one; {counts['taken']} later ones of Metaflow replaced, {counts['unseen']} changes had something unseen in between")
    finally:
        for w in writers:
            w.end()
        shutil.rmtree(base, ignore_errors=True)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
