#!/usr/bin/env python3
"""weir watch on a real server: ten runs whose states are set by hand; it has to end in the second
in which the last of them does, with the right status, and to say why the others failed.

    tests/real/watching.py API_URL

Speaks TAP; tests/real/run does the same on both servers.
"""
import datetime
import json
import os
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from acting import Api  # noqa: E402
from weir_world import PATIENCE_S, TRIES, Checks, Weir, wait_for  # noqa: E402

N = 10
# On a busy machine the server itself may need most of a second for an answer.
SECOND = 1.0 + float(os.environ.get("WATCHING_SLACK_S", "0.5"))


class Farm:
    def __init__(self, api):
        self.api = api
        self.flow = api("POST", "/flows/", {"name": "watch-" + uuid.uuid4().hex[:8]})["id"]

    def make(self, n):
        runs = [self.api("POST", "/flow_runs/", {
            "flow_id": self.flow, "name": "watched-%d" % i, "state": {"type": "SCHEDULED"}})["id"] for i in range(n)]
        for run in runs:
            self.set(run, "RUNNING")
        return runs

    def set(self, run, state):
        self.api("POST", "/flow_runs/%s/set_state" % run, {"state": {"type": state}, "force": True})

    def log(self, run, text, level=40):
        self.api("POST", "/logs/", [{
            "name": "prefect.flow_runs", "level": level, "message": text, "flow_run_id": run,
            "timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat()}])


def watched(farm, weir, last):
    """Ten runs, of which the last ends as `last`: whether it went on, how long it took after that, all else."""
    runs = farm.make(N)
    p = weir.start("watch", "-o", "json", *runs)
    time.sleep(1.5)
    for run in runs[:-1]:
        farm.set(run, "COMPLETED")
    time.sleep(1.2)
    went_on = p.poll() is None
    if last == "FAILED":
        farm.log(runs[-1], "ld: cannot find -lz")
    farm.set(runs[-1], last)
    at = time.time()
    out, err = p.communicate(timeout=PATIENCE_S)
    return went_on, time.time() - at, runs, p.returncode, out, err


def to_the_end(farm, weir, check, last, code):
    """The last run ends as `last`: the process ends within a second of the server's answer."""
    for _ in range(TRIES):
        went_on, took, runs, status, out, err = watched(farm, weir, last)
        if took < SECOND:
            break
    check(went_on, "watch: goes on while one lives", status)
    check(took < SECOND, "watch: ends in the second in which the last of %d runs is %s" % (N, last), "%.2f s" % took)
    check(status == code, "watch: exit status of %s" % last, status, err)
    rows = json.loads(out)
    check([r["id"] for r in rows] == runs and all(r["state_type"] == "COMPLETED" for r in rows[:-1]) and
          rows[-1]["state_type"] == last, "watch: what became of each", out)
    if last == "FAILED":
        check("cannot find -lz" in (rows[-1]["why"] or ""), "watch: why it failed", rows[-1])


def in_time(farm, weir, check):
    run, = farm.make(1)
    p = weir.run("watch", "--timeout", "2s", run)
    check(p.returncode == 8 and b"still" in p.stderr, "watch --timeout: 8", p.returncode, p.stderr)
    farm.set(run, "CANCELLED")
    p = weir.run("watch", run)
    check(p.returncode == 3 and b"CANCELLED" in p.stdout, "watch: one that was cancelled", p.returncode, p.stdout)


def stored(farm, weir, check):
    """What is seen while watching is in the store at once."""
    run, = farm.make(1)
    states = lambda: [r["state_type"] for r in weir.list("runs", "id:" + run)]  # noqa: E731
    p = weir.start("watch", run)
    check(wait_for(lambda: states() == ["RUNNING"]) and p.poll() is None, "watch: the store has it", states())
    farm.set(run, "COMPLETED")
    p.communicate(timeout=PATIENCE_S)
    check(states() == ["COMPLETED"], "watch: and its end", states())


def watching(url, check):
    farm = Farm(Api(url))
    with Weir(url, PREFECT_API_REQUEST_TIMEOUT="150") as weir:
        weir.run("sync", "-q")
        for last, code in (("COMPLETED", 0), ("FAILED", 3), ("CRASHED", 3)):
            to_the_end(farm, weir, check, last, code)
        in_time(farm, weir, check)
        stored(farm, weir, check)


if __name__ == "__main__":
    checks = Checks()
    watching(sys.argv[1], checks)
    sys.exit(checks.end())
