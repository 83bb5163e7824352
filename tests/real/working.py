#!/usr/bin/env python3
"""weir worker and weir task on a real server: what commands get, how runs end, retries, time
limits, cancelling, draining, orphans, tasks and children, lost answers.

    tests/real/working.py API_URL

Makes flows, deployments and pools of its own. Speaks TAP.
"""
import http.server
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from acting import Api  # noqa: E402
from weir_world import PATIENCE_S, TRIES, WEIR, Checks, Weir, wait_for  # noqa: E402

PATH = os.path.dirname(os.path.abspath(WEIR)) + ":/usr/local/bin:/usr/bin:/bin"
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


class Pool:
    """A pool of its own, the runs of commands in it, its workers."""

    def __init__(self, api, weir):
        self.api, self.weir = api, weir
        self.v3 = api("GET", "/admin/version").startswith("3")
        self.name = "work-" + uuid.uuid4().hex[:8]
        self.flow = api("POST", "/flows/", {"name": self.name})["id"]
        weir.run("worker", "--pool", self.name, "--once")  # makes it
        self.n = 0

    def deploy(self, command, pull=None, **variables):
        self.n += 1
        variables.setdefault("env", {})["PATH"] = PATH
        return self.api("POST", "/deployments/", {
            "flow_id": self.flow, "name": "d%d" % self.n, "work_pool_name": self.name, "pull_steps": pull,
            "job_variables" if self.v3 else "infra_overrides": {"command": command, **variables}})

    def run(self, command, parameters=None, pull=None, deployment=None, **variables):
        deployment = deployment or self.deploy(command, pull, **variables)["id"]
        return self.api("POST", "/deployments/%s/create_flow_run" % deployment,
                        {"parameters": parameters or {}})["id"]

    def once(self, **env):
        for _ in range(TRIES):
            p = self.weir.run("worker", "--pool", self.name, "--once", **env)
            if p.returncode != 5:  # the server said nothing, or that it is too busy
                break
        return p

    def start(self, *more, **env):
        return subprocess.Popen([WEIR, "worker", "--pool", self.name, *more], env={**self.weir.env, **env},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def due(self):
        return json.dumps(self.api("POST", "/work_pools/%s/get_scheduled_flow_runs" % self.name, {})).encode()

    def get(self, run):
        return self.api("GET", "/flow_runs/" + run)

    def states(self, run):
        return [s["type"] for s in self.api("GET", "/flow_run_states/?flow_run_id=" + run)]

    def lines(self, run, **what):
        found, after = [], None
        while True:
            asked = {"flow_run_id": {"any_": [run]}}
            if after:
                asked["timestamp"] = {"after_": after}
            page = self.api("POST", "/logs/filter", {"logs": asked, "sort": "TIMESTAMP_ASC", "limit": 200})
            known = {x["id"] for x in found}
            new = [x for x in page if x["id"] not in known]
            found += new
            if not new or len(page) < 200:
                return [x for x in found if all(x[k] == v for k, v in what.items())]
            after = found[-1]["timestamp"]

    def texts(self, run):
        return [x["message"] for x in self.lines(run) if x["name"] == "weir.run"]

    def wait(self, run, *states):
        wait_for(lambda: self.get(run)["state_type"] in (states or ENDED))
        return self.get(run)

    def left(self):
        """Folders of runs that no worker has ended."""
        base = self.weir.env["XDG_STATE_HOME"] + "/weir"
        return [f for d in os.listdir(base) if d.endswith(".runs") for f in os.listdir(base + "/" + d)]


def processes(marker):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                if marker.encode() in f.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass
    return found


def ends(pool, check):
    """Commands and what their runs come to."""
    cases = [
        ("true", {}, "COMPLETED", "Completed", None, []),
        (["printf", "%s\\n", "a b", "$HOME"], {}, "COMPLETED", "Completed", None, ["a b", "$HOME"]),
        ("echo out; echo err >&2; exit 3", {}, "FAILED", "Failed", "err", ["out", "err"]),
        ("echo a.c:1: error: no; echo last >&2; exit 1", {}, "FAILED", "Failed", "a.c:1: error: no",
         ["a.c:1: error: no", "last"]),
        ("exit 7", {}, "FAILED", "Failed", "exited with 7", []),
        ("kill -9 $$", {}, "CRASHED", "Crashed", "killed by signal 9 (Killed)", []),
        ("printf one; printf 'two\\nthree'", {}, "COMPLETED", "Completed", None, ["onetwo", "three"]),
        ("echo a; sleep 0.1; echo b > /dev/stderr; sleep 0.1; echo c > /dev/stdout", {}, "COMPLETED", "Completed",
         None, ["a", "b", "c"]),
        ("trap '' TERM; sleep 60", {"timeout": 1, "grace_seconds": 1}, "FAILED", "TimedOut",
         "timed out after 0:01", []),
        (["no-such-program"], {}, "FAILED", "Failed", "command 'no-such-program': not found", []),
        (["/etc/passwd"], {}, "FAILED", "Failed", "command '/etc/passwd': not executable", []),
        ("true", {"working_dir": "/no/such"}, "FAILED", "Failed",
         "working directory '/no/such': No such file or directory", []),
        ("head -c 200000 /dev/zero | tr '\\0' x; echo", {}, "COMPLETED", "Completed", None, None),
        ("echo {{ prefect.variables.no_such_variable }}", {}, "FAILED", "Failed",
         "{{ prefect.variables.no_such_variable }}: there is no such value", []),
    ]
    runs = [pool.run(command, **variables) for command, variables, *_ in cases]
    p = pool.once()
    check(p.returncode == 0, "worker --once: exit 0", p.stderr.decode())
    for run, (command, _, *expected) in zip(runs, cases):
        doc, texts = pool.get(run), pool.texts(run)
        found = [doc["state_type"], doc["state_name"], doc["state"]["message"],
                 texts if expected[3] is not None else None]
        check(found == expected, "ends: %s" % (command if isinstance(command, str) else " ".join(command)),
              found, expected)
    long = "".join(pool.texts(runs[12]))
    check(long == "x" * 200000, "a long line comes whole, in pieces", len(long))
    check(not pool.left(), "nothing is left of them", pool.left())


def given(pool, check):
    """Parameters, environment, pull steps, secrets."""
    name = "w" + uuid.uuid4().hex[:8]
    pool.api("POST", "/variables/", {"name": name, "value": "s3cret-" + name})
    run = pool.run(
        "echo $WEIR_PARAM_PACKAGE $WEIR_PARAM_JOBS $WEIR_PARAM_DRY; cat $WEIR_PARAMETERS_FILE; echo; "
        "test $V = s3cret-%s && echo same; echo $X; pwd" % name,
        {"package": "zlib", "jobs": 4, "dry": True, "deep": {"a": 1}},
        pull=[{"prefect.deployments.steps.set_working_directory": {"directory": "/usr"}},
              {"prefect.deployments.steps.run_shell_script": {"id": "s", "script": "echo pulled\npwd"}}],
        env={"V": "{{ prefect.variables.%s }}" % name, "X": "y"})
    pool.once()
    texts = pool.texts(run)
    check(texts[:3] == ["pulled", "/usr", "zlib 4 true"], "parameters; pull steps before the command", texts)
    check(len(texts) > 3 and json.loads(texts[3]) ==
          {"package": "zlib", "jobs": 4, "dry": True, "deep": {"a": 1}}, "the file of parameters", texts)
    check(texts[4:] == ["same", "y", "/usr"], "a variable of the server; env; where it runs", texts)
    times = [x["timestamp"] for x in pool.lines(run)]
    check(times == sorted(set(times)), "times rise strictly", times)


def again(pool, check):
    """Retries are the worker's, counted by the server."""
    run = pool.run("echo try; exit 1", retries=2, retry_delay=1)
    p = pool.once()
    doc = pool.get(run)
    check(doc["state_type"] == "FAILED" and doc["run_count"] == 3 and pool.texts(run) == ["try"] * 3,
          "two retries: three tries, all their lines", p.stderr, doc["state"], doc["run_count"], pool.texts(run))


def tasks(pool, check):
    run = pool.run("weir task one -- echo in one; weir task --retries 1 two -- sh -c 'echo error: x >&2; exit 5'; "
                   "echo rc $?; weir task three -- sh -c 'kill -9 $PPID'; true")
    pool.once()
    found = pool.api("POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
    states = {t["name"]: (t["state_name"], t["run_count"], t["state"]["message"]) for t in found}
    check(states == {"one": ("Completed", 1, None), "two": ("Failed", 2, "error: x"),
                     "three": ("Crashed", 1, "its run has ended")}, "task runs and their states", states)
    ids = {t["id"]: t["name"] for t in found}
    lines = [(ids.get(x["task_run_id"]), x["level"], x["message"]) for x in pool.lines(run)]
    check([x for x in lines if x[2] != "Killed"] == [
        ("one", 20, "in one"), ("two", 40, "error: x"), ("two", 40, "error: x"), (None, 20, "rc 5")],
        "each line once, with its task", lines)


def children(pool, check):
    child = pool.deploy("echo child")
    mother = pool.run("weir trigger '%s/%s' --wait -q; echo rc $?; weir trigger '%s/%s' -k %s -q; "
                      "weir trigger '%s/%s' -k %s -q" % ((pool.name, child["name"]) * 2 + (pool.name,) +
                                                         (pool.name, child["name"]) + (pool.name,)))
    pool.once()
    found = pool.api("POST", "/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [mother]}}})
    stands = pool.api("POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [mother]}}})
    check("rc 0" in pool.texts(mother) and len(found) == 2 and len(stands) == 2 and
          {f["parent_task_run_id"] for f in found} == {t["id"] for t in stands},
          "children, linked by stand-in task runs; a key makes one", pool.texts(mother), len(found), len(stands))
    p = pool.weir.run("trigger", "%s/%s" % (pool.name, child["name"]), PREFECT__FLOW_RUN_ID=mother)
    check(p.returncode == 1 and b"has ended" in p.stdout + p.stderr, "a parent that has ended has no child",
          p.returncode, p.stdout, p.stderr)


def cancelled(pool, check):
    worker = pool.start()
    for _ in range(TRIES):
        run = pool.run("trap 'echo bye' TERM; (trap '' TERM; sleep 300) & echo on; while :; do sleep 0.1; done",
                       grace_seconds=1)
        wait_for(lambda: "on" in pool.texts(run))
        pool.api("POST", "/flow_runs/%s/set_state" % run, {"state": {"type": "CANCELLING", "name": "Cancelling"}})
        at = time.time()
        doc = pool.wait(run)
        took = time.time() - at
        if took < 15:
            break
    check(doc["state_type"] == "CANCELLED" and took < 15, "cancelled at the server within 15 s", doc["state"],
          "%.1f s" % took)
    check("bye" in pool.texts(run) and not processes("PREFECT__FLOW_RUN_ID=" + run),
          "TERM, then KILL, to the whole group", pool.texts(run))
    slow = pool.run("sleep 4; echo slow")
    pool.wait(slow, "RUNNING")
    worker.send_signal(signal.SIGTERM)
    late = pool.run("echo late")
    check(worker.wait(PATIENCE_S) == 0 and pool.get(slow)["state_type"] == "COMPLETED" and
          pool.get(late)["state_type"] == "SCHEDULED", "SIGTERM: what runs ends, nothing more is taken",
          pool.get(slow)["state"], pool.get(late)["state"])
    pool.once()
    check(pool.get(late)["state_type"] == "COMPLETED", "the next worker takes it")


def orphans(pool, check):
    worker = pool.start()
    run = pool.run("for i in 1 2 3 4 5; do echo $i; sleep 0.1; done; setsid sleep 300 & sleep 301")
    pool.wait(run, "RUNNING")
    wait_for(lambda: len(processes("PREFECT__FLOW_RUN_ID=" + run)) >= 2)
    time.sleep(1)
    worker.kill()
    worker.wait()
    had = len(processes("PREFECT__FLOW_RUN_ID=" + run))
    pool.once()
    doc = pool.get(run)
    check(had >= 2 and doc["state_type"] == "CRASHED" and not processes("PREFECT__FLOW_RUN_ID=" + run) and
          pool.texts(run) == list("12345") and not pool.left(),
          "kill -9: the next worker kills, sends the rest, calls it Crashed", had, doc["state"], pool.texts(run))


class Lossy:
    """Between worker and server: what is asked is done, some answers get lost."""

    def __init__(self, url, share):
        host = url.split("/")[2].split(":")
        self.to, self.share, self.lost = (host[0], int(host[1])), share, 0
        self.random = random.Random(7)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(url.split("/")[2], "127.0.0.1:%d" % self.listener.getsockname()[1])
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        server = socket.create_connection(self.to)
        threading.Thread(target=self.pump, args=(client, server), daemon=True).start()
        try:
            while data := server.recv(65536):
                if self.random.random() < self.share:
                    self.lost += 1
                    break
                client.sendall(data)
        except OSError:
            pass
        for s in (client, server):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    @staticmethod
    def pump(client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
        except OSError:
            pass


def lossy(pool, check):
    runs = [pool.run("for i in $(seq 60); do echo line $i; sleep 0.05; done", retries=1) for _ in range(3)]
    proxy = Lossy(pool.weir.env["PREFECT_API_URL"], 0.15)
    p = pool.once(PREFECT_API_URL=proxy.url)
    check(p.returncode in (0, 5) and proxy.lost > 5, "%d answers were lost" % proxy.lost, p.returncode, p.stderr)
    for run in runs:
        doc, texts = pool.get(run), pool.texts(run)
        check(doc["state_type"] == "COMPLETED" and doc["run_count"] == 1 and
              texts == ["line %d" % i for i in range(1, 61)],
              "each line is there once, run once", doc["state"], doc["run_count"], len(texts))


class Late:
    """Between worker and server: says what runs were due when it was asked before."""

    def __init__(self, url):
        late = self

        class Carry(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, answer = late.ask(self.command, self.path, body)
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:  # who asked is gone
                    pass

            do_POST = do_PATCH = do_GET

            def log_message(self, *_):
                pass

        self.to, self.due, self.asked = url[:-len("/api")], [], 0
        self.then = {}  # end of a path: what is done once before the answer
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Carry)
        self.url = "http://127.0.0.1:%d/api" % server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def ask(self, method, path, body):
        polls = path.endswith("/get_scheduled_flow_runs")
        self.asked += polls
        answer = (200, self.due.pop()) if polls and self.due else self.carry(method, path, body)
        self.then.pop(path.rpartition("/")[2], bool)()
        return answer

    def carry(self, method, path, body):
        asked = urllib.request.Request(self.to + path, body or None, {"content-type": "application/json"},
                                       method=method)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_S) as got:
                return got.status, got.read()
        except urllib.error.HTTPError as e:
            return e.code, e.read()


def late(pool, check):
    """A worker that hears of runs only after another has done them."""
    proxy = Late(pool.weir.env["PREFECT_API_URL"])
    runs = [pool.run("echo once"), pool.run("echo bad; exit 3")]
    proxy.due = [pool.due()]
    pool.once()
    ends = [pool.get(r)["state"] for r in runs]
    p = pool.weir.run("worker", "--pool", pool.name, "--once", PREFECT_API_URL=proxy.url)
    now = [pool.get(r) for r in runs]
    check(not proxy.due and [e["type"] for e in ends] == ["COMPLETED", "FAILED"] and
          [d["run_count"] for d in now] == [1, 1] and
          all(d["state"][k] == e[k] for d, e in zip(now, ends) for k in ("type", "name", "message")) and
          pool.texts(runs[0]) == ["once"],
          "runs that another worker has done are not done again", p.stderr, ends, [d["state"] for d in now])


def between(pool, check):
    """One dies when its claim is made; before others look for what it left, one hears by a poll of the run."""
    proxy = Late(pool.weir.env["PREFECT_API_URL"])
    run = pool.run("echo once")
    due = pool.due()
    proxy.due = [due]
    killed = threading.Event()

    def die():
        worker.kill()
        worker.wait()
        killed.set()

    proxy.then["set_state"] = die
    worker = pool.start(PREFECT_API_URL=proxy.url)
    killed.wait(PATIENCE_S)
    claimed = pool.get(run)["state_type"]
    folder = next((d for d, _, files in os.walk(pool.weir.env["XDG_STATE_HOME"]) if d.endswith(run)), None)
    check(claimed == "PENDING" and folder, "a worker that dies with its claim leaves a folder", claimed)
    os.rename(folder, folder + ".aside")
    proxy.due = [due]
    proxy.then["get_scheduled_flow_runs"] = lambda: os.rename(folder + ".aside", folder)
    p = pool.weir.run("worker", "--pool", pool.name, "--once", PREFECT_API_URL=proxy.url)
    doc = pool.get(run)
    check(doc["state_type"] == "COMPLETED" and pool.texts(run) == ["once"] and not pool.left(),
          "one that hears of such a run by a poll goes on with it", doc["state"], pool.texts(run), p.stderr)


def sparing(pool, check):
    """Each poll is a write of the server's: one a run, or a run that another took, would be too many."""
    proxy = Late(pool.weir.env["PREFECT_API_URL"])
    run = pool.run("echo once")
    proxy.due = [pool.due()] * 8
    pool.once()
    began = time.time()
    p = pool.weir.run("worker", "--pool", pool.name, "--once", "--limit", "1", PREFECT_API_URL=proxy.url)
    took = time.time() - began
    check(not proxy.due and pool.get(run)["run_count"] == 1 and proxy.asked <= took / 0.5 + 1,
          "a worker that finds what others take polls twice a second, no more", proxy.asked, took, p.stderr)


def working(url, check):
    with Weir(url, PREFECT_API_REQUEST_TIMEOUT="150") as weir:
        pool = Pool(Api(url), weir)
        for part in (ends, given, again, tasks, children, cancelled, orphans, lossy, late, between, sparing):
            part(pool, check)


def main():
    check = Checks()
    working(sys.argv[1], check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
