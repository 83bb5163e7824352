"""Runs of a package build farm on a real Prefect server, made by its own engine.

	PREFECT_API_URL=... PYTHON tests/real/seed.py [--live SECONDS]

PYTHON is that of the server's version; PREFECT_HOME says where it keeps its files. Runs of
every kind of state: builds of several platforms in subflows, mapped tasks, retries of tasks and
of a flow, failures with long coloured logs, a state with its own name, late, due next week,
paused, suspended, cancelled before and while running, crashed, and two hundred at one instant.
The last line of the output is a JSON object with ids that tests want. --live only: one run that
logs a line every tenth of a second for so long; its id is printed first.
"""
import os

os.environ.update(DO_NOT_TRACK="1", PREFECT_SERVER_ANALYTICS_ENABLED="false",
                  PREFECT_LOGGING_COLORS="false", PREFECT_LOGGING_TO_API_BATCH_INTERVAL="0.2")

import argparse
import datetime
import json
import runpy
import signal
import sys
import time
import uuid

import httpx
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.runtime import flow_run as this_run, task_run as this_task
from prefect.states import Completed, Failed

try:
    from prefect.flow_runs import suspend_flow_run
except ImportError:  # 2.x
    from prefect import suspend_flow_run

PLATFORMS = ["linux-64", "linux-s390x", "osx-arm64", "win-64"]
TIE = 220  # runs at one instant: more than a page
CHILD_S = 60  # the most that a run may take here


@task(retries=1, retry_delay_seconds=0.2)
def fetch(package: str):
    if this_task.run_count < 2 and len(package) % 2:
        raise ConnectionError("mirror closed the connection after 1048576 of 4194304 bytes")
    get_run_logger().info("fetched %s.tar.gz", package)
    return package


@task
def compile_it(package: str, broken: bool):
    log = get_run_logger()
    for i in range(700 if broken else 20):
        if i % 97 == 96:
            log.warning("\033[1msrc/f%03d.c:%d:9: \033[1;35mwarning:\033[0m unused ‘ctx’ [-Wunused]", i, i)
        else:
            log.info("[%d] gcc -O2 -fPIC -Iinclude -c src/f%03d.c", i, i)
    if broken:
        log.error("\033[1;31merror:\033[0m unrecognized opcode: ‘vpxor’\n    88 |   vpxor %%ymm0\n       |   ^~~~~")
        raise RuntimeError("build of %s failed" % package)


@task(task_run_name="test-{name}")
def check(name: str):
    get_run_logger().info("%s ... ok \t\u202e\x07 naïve 日本", name)


@flow(flow_run_name="{package}-{platform}", log_prints=True)
def build_platform(package: str, platform: str, options: dict = {"jobs": 4}):
    print("building %s on %s" % (package, platform))
    fetch(package)
    compile_it(package, platform == "linux-s390x" and package == "openssl")
    for done in check.map(["import", "symbols"]):
        done.result() if hasattr(done, "result") else done


@flow(flow_run_name="{package}")
def build_package(package: str, platforms: list = PLATFORMS):
    states = {p: build_platform(package, p, return_state=True) for p in platforms}
    create_table_artifact(key="build-matrix", table=[{"platform": p, "state": s.name} for p, s in states.items()])
    create_markdown_artifact(key="build-report", markdown="# %s\n" % package)
    bad = [p for p, s in states.items() if not s.is_completed()]
    return Failed(message="failed on " + ", ".join(bad)) if bad else Completed(message="all built")


@flow(retries=1, retry_delay_seconds=0)
def lint_recipe(package: str):
    if this_run.run_count < 2:
        raise ValueError("recipe/meta.yaml:12: trailing whitespace")
    return Completed(name="Skipped", message="nothing to lint")


@flow
def approve(package: str):
    get_run_logger().info("waiting for approval")
    suspend_flow_run(timeout=86400)


@flow
def talk(seconds: float = 5):
    log = get_run_logger()
    end = time.time() + seconds
    i = 0
    while time.time() < end:
        log.info("line %d at %.6f", i, time.time())
        i += 1
        time.sleep(0.1)


class Api:
    def __init__(self, url):
        secret = os.environ.get("PREFECT_API_AUTH_STRING")
        self.http = httpx.Client(auth=tuple(secret.split(":", 1)) if secret else None, timeout=60,
                                 base_url=url.rstrip("/") + "/")
        client = str(uuid.uuid4())
        reply = self.http.get("csrf-token", params={"client": client})
        if reply.status_code == 200:
            self.http.headers.update({"Prefect-Csrf-Client": client, "Prefect-Csrf-Token": reply.json()["token"]})
        self.v3 = self("GET", "admin/version").startswith("3")

    def __call__(self, method, path, body=None, ok=(200, 201, 204)):
        for wait in (0.3, 0.5, 1, 2, 4, 8, 16):
            reply = self.http.request(method, path, json=body)
            if reply.status_code not in (502, 503):
                break
            time.sleep(wait)  # "database is locked": usual on SQLite
        if reply.status_code not in ok:
            raise SystemExit("%s %s: %d %s" % (method, path, reply.status_code, reply.text[:500]))
        return reply.json() if reply.content else None

    def state(self, run, type, **more):
        return self("POST", "flow_runs/%s/set_state" % run, {"state": {"type": type, **more.pop("state", {})}, **more})


def deploy(api, f, name, **more):
    flow_id = api("POST", "flows/", {"name": f.name, "tags": ["farm"]})["id"]
    return api("POST", "deployments/", {
        "flow_id": flow_id, "name": name, "version": "1", "description": f.description,
        "path": os.path.dirname(os.path.abspath(__file__)), "entrypoint": "seed.py:" + f.fn.__name__,
        "parameter_openapi_schema": {"type": "object", "properties": {"package": {"type": "string"}}},
        "pull_steps": [{"prefect.deployments.steps.set_working_directory":
                        {"directory": os.path.dirname(os.path.abspath(__file__))}}], **more})["id"]


def trigger(api, deployment, parameters, tags=(), at=None):
    body = {"parameters": parameters, "tags": list(tags), "idempotency_key": str(uuid.uuid4())}
    if at:
        body["state"] = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
    return api("POST", "deployments/%s/create_flow_run" % deployment, body)["id"]


def engine(api, run):
    """Claim the run as a worker would and give it to the engine in a child: the import is paid once."""
    if api.state(run, "PENDING")["status"] != "ACCEPT":
        raise SystemExit("seed: run %s was not accepted" % run)
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.environ["PREFECT__FLOW_RUN_ID"] = run
        sys.argv = ["prefect.engine", run]
        out = os.open(os.path.join(os.environ["PREFECT_HOME"], "engine.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        runpy.run_module("prefect.engine", run_name="__main__")
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:  # the client's threads still hold logs and events
        try:
            from prefect.logging.handlers import APILogHandler
            APILogHandler.flush()
        except Exception:
            pass
        import atexit
        atexit._run_exitfuncs()
        os._exit(code)


def wait_for(api, run, types, seconds=150):
    end = time.time() + seconds
    while time.time() < end:
        if api("GET", "flow_runs/%s" % run)["state_type"] in types:
            return
        time.sleep(0.2)
    raise SystemExit("seed: run %s is not %s after %d s" % (run, types, seconds))


def pools(api):
    for name, queues in (("farm", [("release", 2), ("pr", None)]), ("metal", [("s390x", 1)])):
        api("POST", "work_pools/", {"name": name, "type": "process", "concurrency_limit": 8}, ok=(201, 409))
        for queue, limit in queues:
            api("POST", "work_pools/%s/queues" % name, {"name": queue, "concurrency_limit": limit}, ok=(201, 409))
    api("POST", "work_pools/farm/workers/heartbeat", {"name": "builder-1", "heartbeat_interval_seconds": 30})
    api("POST", "concurrency_limits/", {"tag": "linux-s390x", "concurrency_limit": 4})
    api("POST", "v2/concurrency_limits/", {"name": "uploads", "limit": 2}, ok=(201, 409))


def unrun(api, pr, nightly):
    """Runs that the engine has no part in."""
    now = datetime.datetime.now(datetime.timezone.utc)
    trigger(api, nightly, {"package": "zlib"}, ["nightly"], now - datetime.timedelta(hours=1))
    trigger(api, pr, {"package": "zlib"}, ["later"], now + datetime.timedelta(days=7))
    never = trigger(api, pr, {"package": "zlib"}, ["pr-1"], now + datetime.timedelta(days=1))
    api.state(never, "CANCELLED", state={"message": "not wanted any more"})
    tie = now + datetime.timedelta(days=2)  # late ones would keep the server busy
    for _ in range(TIE):
        trigger(api, nightly, {"package": "tie"}, ["tie"], tie)
    ghost = trigger(api, pr, {"package": "ghost"}, ["zombie"])
    api.state(ghost, "PENDING")
    api.state(ghost, "RUNNING")
    crashed = trigger(api, pr, {"package": "crash"})
    api.state(crashed, "PENDING")
    api.state(crashed, "RUNNING")
    api.state(crashed, "CRASHED", state={"message": "Flow run process exited with -9"}, force=True)
    paused = trigger(api, pr, {"package": "pause"})
    api.state(paused, "PENDING")
    api.state(paused, "RUNNING")
    api.state(paused, "PAUSED", state={"name": "Paused"}, force=True)
    return ghost


def scenes(api):
    pools(api)
    pr = deploy(api, build_package, "pr", work_pool_name="farm", work_queue_name="pr", tags=["ci"])
    nightly = deploy(api, build_package, "nightly", work_pool_name="metal", work_queue_name="s390x", schedules=[
        {"active": True, "schedule": {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}}])
    lint = deploy(api, lint_recipe, "lint", work_pool_name="farm", work_queue_name="pr", paused=True)
    release = deploy(api, approve, "approve", work_pool_name="farm", work_queue_name="release", tags=["release"])
    slow = trigger(api, deploy(api, talk, "talk"), {"seconds": 600}, ["slow"])
    build = lambda package: trigger(api, pr, {"package": package, "platforms": PLATFORMS}, ["pr-2", package])
    builds = {package: build(package) for package in ("zlib", "openssl")}
    todo = [slow, *builds.values(), trigger(api, lint, {"package": "zlib"}), trigger(api, release, {"package": "zlib"})]
    children = {}
    ghost = unrun(api, pr, nightly)
    slow_pid = engine(api, todo.pop(0))
    children[slow_pid] = time.time(), slow
    while todo or children:
        while todo and len(children) < 3:
            run = todo.pop(0)
            children[engine(api, run)] = time.time(), run
        for pid, (began, run) in list(children.items()):
            if pid != slow_pid and time.time() - began > CHILD_S:
                os.kill(pid, signal.SIGKILL)  # the server stood still: one more zombie
                os.waitpid(pid, 0)
                del children[pid]
                for package in [p for p, b in builds.items() if b == run]:
                    builds[package] = build(package)  # but the builds are needed whole
                    todo.append(builds[package])
            elif os.waitpid(pid, os.WNOHANG)[0]:
                del children[pid]
        if not todo and list(children) == [slow_pid]:
            wait_for(api, slow, ["RUNNING"])
            api.state(slow, "CANCELLING", state={"message": "cancelled by hand"}, force=True)
            os.kill(slow_pid, signal.SIGKILL)
            os.waitpid(slow_pid, 0)
            api.state(slow, "CANCELLED", force=True)
            children = {}
        time.sleep(0.1)
    return {"build": builds["openssl"], "slow": slow, "zombie": ghost}


def live(api, seconds):
    run = trigger(api, deploy(api, talk, "talk"), {"seconds": seconds})
    pid = engine(api, run)
    print(run, flush=True)
    os.waitpid(pid, 0)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--live", type=float)
    options = options.parse_args()
    os.makedirs(os.environ["PREFECT_HOME"], mode=0o700, exist_ok=True)
    api = Api(os.environ["PREFECT_API_URL"])
    if options.live:
        live(api, options.live)
    else:
        print(json.dumps(scenes(api)))


if __name__ == "__main__":
    main()
