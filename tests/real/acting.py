#!/usr/bin/env python3
"""Acting on a real server: runs in every state, builds, deployments, pools, queues.

    tests/real/acting.py API_URL

Makes a flow, deployments and runs of its own, which no worker takes: their states are set by
hand. Speaks TAP; tests/real/run does the same on both servers.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from weir_world import Checks, Weir  # noqa: E402

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


class Api:
    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method, path, body=None):
        for wait in (0.3, 0.5, 1, 2, 4, 8, 16, 0):
            request = urllib.request.Request(
                self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json"})
            try:
                with self.opener.open(request, timeout=120) as reply:
                    raw = reply.read()
                return json.loads(raw) if raw else None
            except urllib.error.HTTPError as e:
                if e.code not in (502, 503) or not wait:  # "database is locked": usual on SQLite
                    raise AssertionError("%s %s: %d %s" % (method, path, e.code, e.read()[:500]))
            time.sleep(wait)


class Scene:
    """A flow with deployments of it, and runs brought to a state."""

    def __init__(self, api):
        self.api = api
        self.v3 = api("GET", "/admin/version").startswith("3")
        self.name = "act-" + uuid.uuid4().hex[:8]
        self.flow = api("POST", "/flows/", {"name": self.name})["id"]
        api("POST", "/work_pools/", {"name": self.name, "type": "process"})
        self.deployment = self.deploy("one")

    def deploy(self, name, schema=SCHEMA, n=7):
        return self.api("POST", "/deployments/", {
            "flow_id": self.flow, "name": name, "work_pool_name": self.name, "path": "/nowhere",
            "entrypoint": "a.py:a", "parameter_openapi_schema": schema, "parameters": {"n": n},
            "enforce_parameter_schema": True, "tags": ["farm"]})["id"]

    def run(self, *states, deployment=None, pid=None, policy=None):
        run = self.api("POST", "/deployments/%s/create_flow_run" % (deployment or self.deployment), {
            "parameters": {"n": 3, "o": {"a": [1.5, None]}}, "tags": ["pr-1", "auto-scheduled"],
            "idempotency_key": str(uuid.uuid4())})["id"]
        if pid or policy:
            self.api("PATCH", "/flow_runs/" + run, {
                **({"infrastructure_pid": pid} if pid else {}), **({"empirical_policy": policy} if policy else {})})
        return self.become(run, *states)

    def alone(self, *states):
        """A run of no deployment."""
        run = self.api("POST", "/flow_runs/", {"flow_id": self.flow})["id"]
        return self.become(run, *states)

    def become(self, run, *states):
        for state in states:
            body = state if isinstance(state, dict) else {"type": state}
            self.api("POST", "/flow_runs/%s/set_state" % run, {"state": body, "force": False})
        return run

    def state(self, run):
        r = self.api("GET", "/flow_runs/" + run)
        return r["state_type"], r["state_name"]


def last(p):
    """What weir said of the one run: its message, and stderr."""
    fields = p.stdout.decode().rstrip("\n").split("\t")
    return fields[3] if len(fields) > 3 else "", p.stderr.decode()


def cancelling(s, weir, check):
    suspended = {"type": "PAUSED", "name": "Suspended", "state_details": {"pause_reschedule": True}}
    retrying = {"retries": 1, "retry_delay": 600}
    table = [  # name, run, exit, said, the state afterwards
        ("scheduled", s.run(), 0, "cancelled", "CANCELLED"),
        ("pending", s.run("PENDING"), 0, "being cancelled", "CANCELLING"),
        ("running", s.run("PENDING", "RUNNING"), 0, "being cancelled: a worker of pool act-", "CANCELLING"),
        ("paused", s.run("PENDING", "RUNNING", "PAUSED"), 0, "cancelled; a process", "CANCELLED"),
        ("suspended", s.run("PENDING", "RUNNING", suspended), 0, "cancelled", "CANCELLED"),
        ("retrying in process", s.run("PENDING", "RUNNING", "FAILED", pid="7", policy=retrying), 0,
         "being cancelled", "CANCELLING"),
        ("waiting for a new process", s.run("PENDING", "RUNNING", "FAILED", {
            "type": "SCHEDULED", "name": "AwaitingRetry"}, pid="7"), 0, "cancelled", "CANCELLED"),
        ("cancelling", s.run("PENDING", "RUNNING", "CANCELLING"), 0, "is being cancelled already", "CANCELLING"),
        ("cancelled", s.run("CANCELLED"), 0, "is cancelled already", "CANCELLED"),
        ("completed", s.run("PENDING", "RUNNING", "COMPLETED"), 1, "has ended already", "COMPLETED"),
        ("failed", s.run("PENDING", "RUNNING", "FAILED"), 1, "has ended already", "FAILED"),
        ("crashed", s.run("PENDING", "CRASHED"), 1, "has ended already", "CRASHED"),
        ("without deployment", s.alone("RUNNING"), 0, "being cancelled: the process", "CANCELLING"),
    ]
    for name, run, code, said, after in table:
        p = weir.run("cancel", run)
        text, err = last(p)
        check(p.returncode == code and said in text and s.state(run)[0] == after, "cancel: " + name,
              p.returncode, text, err, s.state(run))
        here = [r for r in weir.list("runs") if r["id"] == run]
        check(here and here[0]["state_type"] == after, "cancel: %s: the store has it at once" % name, here[:1])
    stuck = s.run("PENDING", "RUNNING", "CANCELLING")
    p = weir.run("cancel", "--force", stuck)
    check(p.returncode == 0 and "by force" in last(p)[0] and s.state(stuck)[0] == "CANCELLED",
          "cancel --force: one that is stuck", *last(p))
    p = weir.run("cancel", "--read-only", s.run())
    check(p.returncode == 1 and b"read-only" in p.stderr, "cancel: refused in read-only mode", p.stderr)
    p = weir.run("cancel", str(uuid.uuid4()))
    check(p.returncode == 1 and b"no such run" in p.stderr, "cancel: a run that is not there", p.stderr)


def made_right(s, weir, check, name, old, p):
    text, err = last(p)
    new = p.stdout.decode().rstrip("\n").split("\t")[-1]
    if not check(p.returncode == 0 and "started again as" in text and new != old, name, p.returncode, text, err):
        return
    a, b = s.api("GET", "/flow_runs/" + old), s.api("GET", "/flow_runs/" + new)
    check(b["parameters"] == a["parameters"] and set(b["tags"]) == set(a["tags"]) - {"auto-scheduled"} and
          b["idempotency_key"].startswith("weir-retrigger-%s-" % old) and b["state_type"] == "SCHEDULED",
          name + ": same parameters and tags, and a key", b["parameters"], b["tags"], b["idempotency_key"])
    check(not s.v3 or b["labels"].get("weir.retrigger-of") == old, name + ": linked by its label", b.get("labels"))
    check("it will wait" in text and "worker" in text, name + ": no worker is there, and that is said", text)


def retriggering(s, weir, check):
    for name, states in (("failed", ["PENDING", "RUNNING", "FAILED"]), ("crashed", ["PENDING", "CRASHED"]),
                         ("cancelled", ["CANCELLED"]), ("completed", ["PENDING", "RUNNING", "COMPLETED"]),
                         ("running", ["PENDING", "RUNNING"]), ("scheduled", []),
                         ("paused", ["PENDING", "RUNNING", "PAUSED"])):
        run = s.run(*states)
        made_right(s, weir, check, "retrigger: " + name, run, weir.run("retrigger", run))
    p = weir.run("retrigger", s.alone("RUNNING", "FAILED"))
    check(p.returncode == 1 and "no deployment" in last(p)[1], "retrigger: without deployment", *last(p))
    other = s.deploy("other")
    run = s.run("PENDING", "RUNNING", "FAILED", deployment=other)
    s.api("DELETE", "/deployments/" + other)
    p = weir.run("retrigger", run)
    check(p.returncode == 1 and ("deployment is gone" in last(p)[1] or "no deployment" in last(p)[1]),
          "retrigger: its deployment is gone", *last(p))
    changed = s.deploy("changed")
    run = s.run("PENDING", "RUNNING", "FAILED", deployment=changed)
    s.deploy("changed", {"type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"]}, "x")
    p = weir.run("retrigger", run)
    check(p.returncode == 1 and "refused" in last(p)[1] and "string" in last(p)[1],
          "retrigger: the schema changed: its words are shown", *last(p))


def same(s, weir, check):
    modern = s.v3  # 3.6.12 and later take up what was cancelled
    kept = {"type": "COMPLETED", "data": {"type": "reference", "storage_key": "k", "storage_block_id":
                                          str(uuid.uuid4()), "expiration": None, "serializer": {"type": "json"},
                                          "prefect_version": "3.8.3"}}
    table = [
        ("failed", s.run("PENDING", "RUNNING", "FAILED"), 0, "runs once more", "AwaitingRetry"),
        ("crashed", s.run("PENDING", "CRASHED"), 0, "runs once more", "AwaitingRetry"),
        ("completed", s.run("PENDING", "RUNNING", "COMPLETED"), 0, "runs once more", "AwaitingRetry"),
        ("completed, its result kept", s.run("PENDING", "RUNNING", kept), 1, "refused: Run is already COMPLETED", "Completed"),
        ("cancelled", s.run("CANCELLED"), *((0, "runs once more", "AwaitingRetry") if modern else
                                            (1, "refused: Cannot transition", "Cancelled"))),
        ("running", s.run("PENDING", "RUNNING"), 1, "has not ended", "Running"),
        ("without deployment", s.alone("RUNNING", "FAILED"), 1, "has no deployment", "Failed"),
    ]
    for name, run, code, said, after in table:
        p = weir.run("retrigger", "--same", run)
        text, err = last(p)
        check(p.returncode == code and said in text + err and s.state(run)[1] == after,
              "retrigger --same: " + name, p.returncode, text, err, s.state(run))


def history(weir, check):
    rows = weir.json("history", "-n", "0", "-o", "json")
    check(len(rows) > 20 and all(r["result"] in ("done", "refused") for r in rows) and
          all(r["path"] and r["answered"] for r in rows) and
          all(r["key"] and r["body"] is not None for r in rows if r["kind"] == "run"),
          "history: each with request, key and answer", len(rows))


def resuming(s, weir, check):
    keys = {"run_input_keyset": {"schema": "s", "response": "r", "description": "d"}}
    run = s.run("PENDING", "RUNNING", {"type": "PAUSED", "state_details": keys})
    s.api("POST", "/flow_runs/%s/input" % run, {"key": "s", "value": json.dumps(
        {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})})
    p = weir.run("resume", run)
    check(p.returncode == 1 and b"required" in p.stderr and s.state(run)[0] == "PAUSED",
          "resume: without the input it waits for", p.stderr)
    p = weir.run("resume", "--input", '{"n": 4}', run)
    check(p.returncode == 0 and s.state(run)[0] == "RUNNING", "resume: with it", p.stdout, p.stderr)
    suspended = {"type": "PAUSED", "name": "Suspended", "state_details": {"pause_reschedule": True}}
    run = s.run("PENDING", "RUNNING", suspended)
    p = weir.run("resume", run)
    check(p.returncode == 0 and s.state(run) == ("SCHEDULED", "Resuming"), "resume: a suspended run", p.stdout, p.stderr)
    p = weir.run("resume", s.run("PENDING", "RUNNING"))
    check(p.returncode == 1 and b"is not paused" in p.stderr, "resume: one that runs", p.stderr)


def other_parameters(s, weir, check):
    run = s.run("PENDING", "RUNNING", "FAILED")
    p = weir.run("retrigger", "-p", "n=5", run, "-o", "name")
    new = p.stdout.decode().strip()
    check(p.returncode == 0 and s.api("GET", "/flow_runs/" + new)["parameters"] ==
          {"n": 5, "o": {"a": [1.5, None]}}, "retrigger -p: laid over the run's own", p.stdout, p.stderr)
    chain = weir.json("show", "-o", "json", new)["chain"]
    check([r["id"] for r in chain] == [run, new], "retrigger: the chain", chain)
    p = weir.run("retrigger", "-p", "n=x", run)
    check(p.returncode == 1 and b'n: "x" is not an integer' in p.stderr, "retrigger -p: does not fit", p.stderr)
    with Weir(s.api.url, PREFECT_API_REQUEST_TIMEOUT="150") as other:
        other.sync("--since", "1h")
        found = [r["id"] for r in other.list("runs", "retrigger_of:" + run)]
        check(found == [new], "retrigger: another weir knows of it by label or key", found)


def child(s, parent, platform, state, deployment=True):
    task = s.api("POST", "/task_runs/", {"flow_run_id": parent, "task_key": "k", "dynamic_key": platform,
                                         "state": {"type": "RUNNING"}})["id"]
    schema = {"type": "object", "properties": {"platform": {"type": "string"}}}
    body = {"parameters": {"platform": platform}, "parent_task_run_id": task, "idempotency_key": task}
    if deployment:
        run = s.api("POST", "/deployments/%s/create_flow_run" % s.deploy("on-" + platform, schema, 1), body)["id"]
    else:
        run = s.api("POST", "/flow_runs/", {"flow_id": s.flow, **body})["id"]
    return s.become(run, "PENDING", "RUNNING", state)


PLATFORMS = [("linux-64", "COMPLETED"), ("win-64", "FAILED"), ("osx-64", "CRASHED")]


def builds(s, weir, check):
    run = s.run("PENDING", "RUNNING")
    below = [child(s, run, *p) for p in PLATFORMS]
    s.become(run, "FAILED")
    weir.sync()
    p = weir.run("retrigger", "--yes", run)
    of = {line.split("\t")[0] for line in p.stdout.decode().splitlines()}
    check(p.returncode == 0 and of == set(below[1:]), "retrigger: of a build what failed", p.stdout, p.stderr)
    p = weir.run("retrigger", "--yes", run)
    check(p.returncode == 1 and b"were run again already" in p.stderr, "retrigger: of a build not twice", p.stderr)
    schema = {"type": "object", "properties": {"platforms": {"type": "array", "items": {"type": "string"}},
                                               "n": {"type": "integer"}}}
    run = s.run("PENDING", "RUNNING", deployment=s.deploy("all", schema, 1))
    for platform in PLATFORMS:
        child(s, run, *platform, deployment=False)
    s.become(run, "FAILED")
    weir.sync()
    p = weir.run("retrigger", "--yes", run)
    check(p.returncode == 1 and b"build_platform_param" in p.stderr, "retrigger: of a build, not configured", p.stderr)
    p = weir.run("retrigger", "--yes", run, "-o", "name", WEIR_BUILD_PLATFORM_PARAM="platforms")
    new = p.stdout.decode().strip()
    check(p.returncode == 0 and sorted(s.api("GET", "/flow_runs/" + new)["parameters"]["platforms"]) ==
          ["osx-64", "win-64"], "retrigger: of a build, by its parameter", p.stdout, p.stderr)


def waiting(s, weir, check):
    run = s.run("PENDING", "RUNNING")
    p = weir.run("cancel", "--wait", "--timeout", "2s", run)
    check(p.returncode == 8 and b"Cancelling" in p.stderr and b"--force" in p.stderr,
          "cancel --wait: stuck, and who has to end it", p.returncode, p.stderr)
    p = weir.run("cancel", "--force", "--wait", run)
    check(p.returncode == 0 and s.state(run)[0] == "CANCELLED", "cancel --wait: to the end", p.stderr)


def farm(s, weir, check):
    api, name = s.api, s.name + "-pool"

    def does(what, *argv):
        p = weir.run(*argv)
        check(p.returncode == 0, what, p.stdout, p.stderr)

    def pool(path=""):
        return api("GET", "/work_pools/" + name + path)

    does("pools create", "pools", "create", name, "--limit", "3", "--description", "a pool")
    check(pool()["concurrency_limit"] == 3 and pool()["type"] == "process", "pools create: it is there", pool())
    does("pools create: a queue", "pools", "create", name + "/fast", "--priority", "1", "--limit", "2")
    does("pools set", "pools", "set", name, "--limit", "none")
    does("pools set: a queue", "pools", "set", name + "/fast", "--priority", "2")
    check(pool()["concurrency_limit"] is None and pool("/queues/fast")["priority"] == 2, "pools set: it is so")
    does("pause: a pool", "pause", name)
    does("pause: a queue", "pause", name + "/fast")
    check(pool()["is_paused"] and pool("/queues/fast")["is_paused"], "pause: both are")
    undo = [r["reverse"] for r in weir.json("history", "-o", "json", "-n", "2")]
    for command in undo:
        does("history: " + command.replace(s.name, "..."), *command.split()[1:])
    check(not pool()["is_paused"] and not pool("/queues/fast")["is_paused"], "unpause: neither is")
    for argv, said in ((["create", name], b"one of that name"), (["create", "prefect-" + name], b"reserved"),
                       (["create", "no-" + name + "/q"], b"no such work pool"),
                       (["delete", "--yes", name + "/default"], b"default queue")):
        p = weir.run("pools", *argv)
        check(p.returncode == 1 and said in p.stderr, "pools: refused: %s" % said.decode(), p.stderr)
    does("pools delete", "pools", "delete", "--yes", name)
    check(not [x for x in api("POST", "/work_pools/filter", {}) if x["name"] == name], "pools delete: it is gone")
    body = {"flow_id": s.flow, "work_pool_name": s.name, "path": "/", "entrypoint": "a.py:a"}
    for n in (1, 2):
        schedules = [{"schedule": {"interval": 3600 * (i + 1)}, "active": True} for i in range(n)]
        d = api("POST", "/deployments/", {**body, "name": "hourly-%d" % n, "schedules": schedules})["id"]
        weir.sync()
        does("pause: a deployment of %d schedules" % n, "pause", "%s/hourly-%d" % (s.name, n))
        check(api("GET", "/deployments/" + d)["paused"] is True, "pause: it is")
        does("unpause: it", "unpause", "deployment", d)
        check(api("GET", "/deployments/" + d)["paused"] is False, "unpause: it is not")


def acting(url, check):
    s = Scene(Api(url))
    with Weir(url, PREFECT_API_REQUEST_TIMEOUT="150") as weir:
        weir.sync("--since", "1h")
        cancelling(s, weir, check)
        retriggering(s, weir, check)
        same(s, weir, check)
        resuming(s, weir, check)
        other_parameters(s, weir, check)
        builds(s, weir, check)
        waiting(s, weir, check)
        farm(s, weir, check)
        history(weir, check)


def main():
    check = Checks()
    acting(sys.argv[1], check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
