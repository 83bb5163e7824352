#!/usr/bin/env python3
"""weir worker as a server and its users see it: signs of life, Python flows on a `process` pool,
cancelling from Prefect's side, templates, secrets, limits, and a server that is away or refuses.

    tests/real/serving.py API_URL PYTHON

PYTHON is one with prefect of the server's version. Makes pools and runs of its own. Speaks TAP.
"""
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from acting import Api  # noqa: E402
from weir_world import PATIENCE_S, TRIES, WEIR, Checks, Weir, wait_for  # noqa: E402
from working import Pool, processes  # noqa: E402

FLOW = """
from prefect import flow, get_run_logger, task

@task
def twice(n):
    return 2 * n

@flow
def hello(n: int = 4):
    get_run_logger().info("twice is %d", twice(n))
"""


def prefect(pool, python, *argv):
    env = {**pool.weir.env, "PREFECT_HOME": pool.weir.home + "/prefect"}
    return subprocess.run([os.path.join(os.path.dirname(python), "prefect"), *argv], env=env, timeout=PATIENCE_S,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def alive(pool, check):
    """ONLINE, READY, and no more of it when it has ended."""
    worker = pool.start()

    def online():
        found = pool.api("POST", "/work_pools/%s/workers/filter" % pool.name, {})
        return [w["status"] for w in found if w["status"] == "ONLINE"]

    check(wait_for(online), "the worker is ONLINE")
    check(wait_for(lambda: pool.api("GET", "/work_pools/" + pool.name)["status"] == "READY"), "its pool is READY",
          pool.api("GET", "/work_pools/" + pool.name))
    return worker


def cancelled(pool, python, check):
    """A worker serves; Prefect's own command cancels."""
    for _ in range(TRIES):
        run = pool.run("echo on; sleep 300", grace_seconds=2)
        pool.wait(run, "RUNNING")
        p = prefect(pool, python, "flow-run", "cancel", run)
        at = time.time()
        doc = pool.wait(run)
        took = time.time() - at
        if took < 15:
            break
    check(p.returncode == 0 and doc["state_type"] == "CANCELLED" and took < 15 and
          not processes("PREFECT__FLOW_RUN_ID=" + run), "prefect flow-run cancel: stopped within 15 s",
          p.stdout, p.stderr, doc["state"], "%.1f s" % took)


def python_flows(pool, python, check):
    """A `process` pool as Prefect makes it; its engine says the states, weir's worker starts it."""
    name = "proc-" + uuid.uuid4().hex[:8]
    p = prefect(pool, python, "work-pool", "create", name, "--type", "process")
    folder = tempfile.mkdtemp(dir=pool.weir.home)
    with open(folder + "/flow.py", "w") as f:
        f.write(FLOW)
    variables = "job_variables" if pool.v3 else "infra_overrides"
    flow = pool.api("POST", "/flows/", {"name": "hello"})["id"]
    body = {"flow_id": flow, "name": name, "work_pool_name": name, "entrypoint": "flow.py:hello", "parameters": {"n": 21},
            "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": folder}}]}
    deployment = pool.api("POST", "/deployments/", body)["id"]
    plain = pool.api("POST", "/deployments/", {**body, "name": name + "-plain", variables: {"command": "true"}})["id"]
    run, wrong = pool.run(None, deployment=deployment), pool.run(None, deployment=plain)
    env = {"PATH": os.path.dirname(python) + ":" + os.environ["PATH"], "PREFECT_HOME": pool.weir.home + "/prefect"}
    w = pool.weir.run("worker", "--pool", name, "--once", **env)
    doc, lines = pool.get(run), [x["message"] for x in pool.lines(run)]
    check(w.returncode == 0 and doc["state_type"] == "COMPLETED" and "twice is 42" in lines,
          "a Python flow on a process pool completes", p.stderr, w.stderr.decode(), doc["state"], lines)
    tasks = pool.api("POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
    check([t["state_type"] for t in tasks] == ["COMPLETED"], "and its task", tasks)
    doc = pool.get(wrong)
    check(doc["state_type"] == "CRASHED" and "pool of type weir" in doc["state"]["message"],
          "exit 0 of what said no state: Crashed, with what to try", doc["state"])


def template(pool, check):
    """The pool's template as somebody changed it; a heartbeat later at most it is used."""
    old = pool.api("GET", "/work_pools/" + pool.name)["base_job_template"]
    pool.api("PATCH", "/work_pools/" + pool.name, {"base_job_template": {
        "job_configuration": {"command": "echo {{ greeting }} {{ who }}; echo $RUN", "env": {
            "RUN": "pool"}},
        "variables": {"type": "object", "properties": {
            "greeting": {"type": "string", "default": "good day"}, "who": {"type": "string"}}}}})
    deployment = pool.deploy(None, who="farm")["id"]
    run = pool.run(None, deployment=deployment)
    pool.once()
    doc = pool.get(run)
    check(pool.texts(run) == ["good day farm", "pool"], "the pool's own template", pool.texts(run), doc["state"])
    pool.api("PATCH", "/work_pools/" + pool.name, {"base_job_template": old})


def secret_block(pool, value):
    api, name = pool.api, "s" + uuid.uuid4().hex[:8]
    types = api("POST", "/block_types/filter", {"block_types": {"slug": {"any_": ["secret"]}}})
    types = [t for t in types if t["slug"] == "secret"]
    kind = types[0] if types else api("POST", "/block_types/", {"name": "Secret", "slug": "secret"})
    schema = api("POST", "/block_schemas/", {"block_type_id": kind["id"], "capabilities": [], "fields": {
        "title": "Secret", "type": "object", "properties": {"value": {"type": "string"}}, "secret_fields": ["value"],
        "block_type_slug": "secret", "block_schema_references": {}}})
    api("POST", "/block_documents/", {"name": name, "data": {"value": value}, "block_schema_id": schema["id"],
                                      "block_type_id": kind["id"]})
    return name


def secrets(pool, check):
    """Variables and blocks reach the command; neither is written down or said."""
    value, other, name = uuid.uuid4().hex, uuid.uuid4().hex, "v" + uuid.uuid4().hex[:8]
    pool.api("POST", "/variables/", {"name": name, "value": other})
    block = secret_block(pool, value)
    run = pool.run("echo ${#A} ${#B}; sleep 3", env={
        "A": "{{ prefect.blocks.secret.%s }}" % block, "B": "{{ prefect.variables.%s }}" % name})
    worker = subprocess.Popen([WEIR, "worker", "--pool", pool.name, "--once", "-v"], env=pool.weir.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    pool.wait(run, "RUNNING", "COMPLETED", "FAILED", "CRASHED")
    time.sleep(1)
    found = subprocess.run(["grep", "-rlaE", value + "|" + other, pool.weir.home], capture_output=True).stdout
    said = worker.communicate(timeout=PATIENCE_S)[0]
    check(pool.texts(run) == ["32 32"] and not found and value.encode() not in said and other.encode() not in said,
          "variables and secret blocks: given, never stored or said", pool.texts(run), found, pool.get(run)["state"])


def limited(pool, check):
    """A pool of one slot; runs that are late are taken too."""
    pool.api("PATCH", "/work_pools/" + pool.name, {"concurrency_limit": 1})
    command = pool.deploy("sleep 1")["id"]
    runs = [pool.run(None, deployment=command) for _ in range(3)]
    asked, most = {"flow_runs": {"id": {"any_": runs}}}, 0
    # in one request: what is read one after another was not so at one moment
    now = lambda key: [r[key] for r in pool.api("POST", "/flow_runs/filter", asked)]  # noqa: E731
    for run in runs:  # as the server's own service says after a while
        pool.api("POST", "/flow_runs/%s/set_state" % run, {"force": True, "state": {
            "type": "SCHEDULED", "name": "Late", "state_details": {"scheduled_time": pool.get(run)["created"]}}})
    late = now("state_name")

    def done():
        nonlocal most
        states = now("state_type")
        most = max(most, sum(s in ("PENDING", "RUNNING") for s in states))
        return states == ["COMPLETED"] * 3

    worker = pool.start()
    ended = wait_for(done)
    worker.terminate()
    worker.wait(PATIENCE_S)
    pool.api("PATCH", "/work_pools/" + pool.name, {"concurrency_limit": None})
    check(late == ["Late"] * 3 and most == 1 and ended,
          "late runs of a pool with one slot: all done, one at a time", late, most, now("state_type"))


class Gate:
    """Between worker and server: open, shut, slow, or answering in its place."""

    def __init__(self, url):
        host = url.split("/")[2]
        self.to, self.mode = (host.split(":")[0], int(host.split(":")[1])), None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = url.replace(host, "127.0.0.1:%d" % self.listener.getsockname()[1])
        self.asked, self.open = 0, set()
        threading.Thread(target=self.serve, daemon=True).start()

    def set(self, mode):
        self.mode, self.asked = mode, 0
        for s in list(self.open):  # connections that are kept
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            self.asked += 1
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        try:
            if self.mode == "shut":
                return
            if self.mode == "slow":
                time.sleep(4)
            if isinstance(self.mode, int):
                client.recv(65536)
                body = b'{"detail":"no"}'
                client.sendall(b"HTTP/1.1 %d No\r\nContent-Type: application/json\r\nConnection: close\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (self.mode, len(body), body))
                return
            with socket.create_connection(self.to) as server:
                self.open |= {client, server}
                threading.Thread(target=self.pump, args=(client, server), daemon=True).start()
                self.pump(server, client)
        except OSError:
            pass
        finally:
            self.open.discard(client)
            client.close()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
            b.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def rss_kb(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(x.split()[1]) for x in f if x.startswith("VmHWM"))


def away(pool, check):
    """The server is away while commands print; then it refuses in each way."""
    gate = Gate(pool.weir.env["PREFECT_API_URL"])
    log = open(pool.weir.home + "/said", "w+")
    worker = subprocess.Popen([WEIR, "worker", "--pool", pool.name], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                              env={**pool.weir.env, "PREFECT_API_URL": gate.url})
    try:
        runs = [pool.run("echo on; sleep 2; seq 3000; sleep 1; seq 3001 6000; sleep 12; echo off") for _ in range(2)]
        for r in runs:
            pool.wait(r, "RUNNING")
        wait_for(lambda: all("on" in pool.texts(r) for r in runs))
        gate.set("shut")
        time.sleep(20)
        memory, left = rss_kb(worker.pid), [pool.get(r)["state_type"] for r in runs]
        gate.set(None)
        ends = [pool.wait(r)["state_type"] for r in runs]
        whole = ["on", *map(str, range(1, 6001)), "off"]
        texts = [pool.texts(r) for r in runs]
        check(left == ["RUNNING"] * 2 and ends == ["COMPLETED"] * 2 and texts == [whole] * 2 and memory < 16000,
              "20 s without the server, commands print and end: nothing is lost, %d KB" % memory,
              left, ends, [len(t) for t in texts])
        for mode in (401, 403, 404, 500, "slow"):
            log.seek(0, os.SEEK_END)
            at = log.tell()
            gate.set(mode)
            time.sleep(7)
            log.seek(at)
            # what the worker says of the run before may come behind the end that the server knows
            said = [line for line in log.read().splitlines() if "Completed after" not in line]
            asked = gate.asked
            gate.set(None)
            run = pool.run("echo well")
            end = pool.wait(run)["state_type"]
            check(len(said) <= 1 and (said or mode == "slow") and asked < 40 and worker.poll() is None and
                  end == "COMPLETED", "%s: one line, few requests, then it goes on" % mode, said, asked, end)
    finally:
        worker.terminate()
        worker.wait(PATIENCE_S)
        log.close()


def serving(url, python, check):
    with Weir(url, PREFECT_API_REQUEST_TIMEOUT="150") as weir:
        pool = Pool(Api(url), weir)
        worker = alive(pool, check)
        cancelled(pool, python, check)
        worker.terminate()
        worker.wait(PATIENCE_S)
        python_flows(pool, python, check)
        template(pool, check)
        secrets(pool, check)
        limited(pool, check)
        away(pool, check)


def main():
    check = Checks()
    serving(sys.argv[1], sys.argv[2], check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
