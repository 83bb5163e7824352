#!/usr/bin/env python3
"""weir register on a real server, beside `prefect deploy` of the same file.

    tests/real/registering.py API_URL PYTHON_WITH_PREFECT

Makes a work pool, flows and deployments of its own. Speaks TAP; tests/real/run does the same
on both servers.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib")]
from acting import Api  # noqa: E402
from weir_world import PATIENCE_S, WEIR, Checks, Weir  # noqa: E402

FLOWS = '''"""Flows to be registered."""
from enum import Enum
from typing import Literal, Optional

from prefect import flow


class Mode(str, Enum):
    FAST = "fast"
    SLOW = "slow"


@flow(name="NAME-build")
def build(package: str = "zlib", jobs: int = 2, platforms: list[str] = ["linux-64"], dry: bool = False):
    """Build a package.

    Args:
        package: which one
        jobs: how many at once
    """
    print("built", package)


@flow(name="NAME-other", description="its own words", version="7")
def other(mode: Literal["a", "b"] = "a", deep: Optional[int] = None, level: float = 0.5, more: dict = {}):
    print("other", mode)


@flow(name="NAME-modal")
def modal(mode: Mode = Mode.FAST, n=3, *, key: str = "x"):
    print(mode, n, key)


@flow(name="NAME-needs")
def needs(x: int, y: str = "z"):
    print(x)
'''

# Every key of a deployment at least once, but those that only Prefect Cloud has.
PLAIN = '''name: NAME
prefect-version: 3.8.3

definitions:
  pool: &pool
    name: NAME
    work_queue_name: null
    job_variables: {}
  night: &night
    - cron: "0 3 * * *"
      timezone: Europe/Berlin

pull:
  - prefect.deployments.steps.set_working_directory:
      directory: "{{ $PWD }}"

deployments:
  - {name: plain, entrypoint: flows.py:build, work_pool: *pool}
  - {name: tagged, entrypoint: flows.py:build, tags: [a, "b c"], work_pool: *pool}
  - name: told
    entrypoint: flows.py:build
    version: "1.2"
    description: |
      Of several
      lines.
    work_pool: *pool
  - name: params
    entrypoint: flows.py:build
    parameters: {package: "{{ $PKG }}", jobs: 4, platforms: [osx-arm64, linux-64]}
    work_pool: *pool
  - {name: lax, entrypoint: flows.py:build, enforce_parameter_schema: false, work_pool: *pool}
  - {name: paused, entrypoint: flows.py:other, paused: true, work_pool: *pool}
  - {name: cron, entrypoint: flows.py:other, schedules: *night, work_pool: *pool}
  - name: interval
    entrypoint: flows.py:other
    schedules:
      - {interval: 3600, anchor_date: "2026-01-01T00:00:00Z", timezone: UTC}
      - {interval: 7200, active: false}
    work_pool: *pool
  - name: rrule
    entrypoint: flows.py:other
    schedules:
      - {rrule: "FREQ=DAILY;BYHOUR=4", timezone: Asia/Tokyo}
      - rrule: "DTSTART:20260101T000000\\nRRULE:FREQ=WEEKLY"
    work_pool: *pool
  - {name: single, entrypoint: flows.py:other, schedule: {cron: "*/15 * * * *"}, work_pool: *pool}
  - {name: unscheduled, entrypoint: flows.py:other, schedule: {}, work_pool: *pool}
  - {name: queue, entrypoint: flows.py:build, work_pool: {name: NAME, work_queue_name: high}}
  - name: variables
    entrypoint: flows.py:build
    work_pool:
      name: NAME
      job_variables: {env: {A: "{{ $PKG }}", B: "2"}, working_dir: /tmp}
  - name: pull
    entrypoint: flows.py:build
    pull:
      - prefect.deployments.steps.git_clone:
          id: clone
          repository: https://example.com/x.git
          branch: main
      - prefect.deployments.steps.run_shell_script:
          directory: "{{ clone.directory }}"
          script: echo hi
    work_pool: *pool
  - {name: modal, entrypoint: flows.py:modal, work_pool: *pool}
  - {name: needs, entrypoint: flows.py:needs, parameters: {x: 3}, work_pool: *pool}
  - name: looked-up
    entrypoint: flows.py:build
    tags: ["{{ prefect.variables.NAME_channel }}", "x-{{ prefect.variables.NAME_channel }}-y"]
    work_pool: *pool
'''

# What Prefect 2 has not, or takes apart in its own way (`day_or: false`, `pull: []`).
NEWER = '''  - name: slugs
    entrypoint: flows.py:build
    schedules:
      - {slug: nightly, cron: "0 3 * * *", day_or: false, parameters: {jobs: 8}}
      - {slug: hourly, interval: 3600}
    work_pool: *pool
  - {name: pull-none, entrypoint: flows.py:build, pull: [], work_pool: *pool}
  - {name: limit, entrypoint: flows.py:build, concurrency_limit: 3, work_pool: *pool}
  - name: limit-more
    entrypoint: flows.py:build
    concurrency_limit: {limit: 2, collision_strategy: CANCEL_NEW, grace_period_seconds: 90}
    work_pool: *pool
  - name: triggers
    entrypoint: flows.py:build
    triggers:
      - enabled: true
        match: {prefect.resource.id: prefect.flow-run.*}
        expect: [prefect.flow-run.Completed]
        parameters: {package: "{{ event.resource.name }}"}
      - name: by-hand
        type: compound
        require: all
        within: 3600
        triggers:
          - {type: event, expect: [a.b]}
          - {type: event, expect: [c.d], match_related: {x: y}}
    work_pool: *pool
'''

OLDER = '''  - {name: twice, entrypoint: flows.py:build, tags: [x, x], work_pool: *pool}
  - {name: empty, entrypoint: flows.py:other, schedules: [], work_pool: *pool}
  - {name: long, entrypoint: flows.py:other, parameters: {mode: b, more: {a: [1, {b: null}]}}, work_pool: *pool}
'''

# (what is put in, what is said, behind the file's name)
REFUSED = [
    ("build: [{prefect.deployments.steps.run_shell_script: {script: ls}}]", "5:14: deployments[0].build"),
    ("sla: [{name: x}]", "5:10: deployments[0].sla"),
    ("schedules: [{cron: '0 3 * * *', max_scheduled_runs: 3}]", "deployments[0].schedules[0].max_scheduled_runs"),
    ("schedules: [{cron: '0 3 * *'}]", "deployments[0].schedules[0].cron"),
    ("schedules: [{cron: '0 3 * * *', interval: 60}]", "deployments[0].schedules[0]"),
    ("concurrency_limit: {limit: 1, collision_strategy: WAIT}", "deployments[0].concurrency_limit"),
    ("concurrency_limit: 0", "deployments[0].concurrency_limit"),
    ("paused: perhaps", "deployments[0].paused"),
    ("parameters: [1]", "deployments[0].parameters"),
    ("parameters: {jobs: many}", 'parameters.jobs: "many" is not'),
    ("tags: {a: b}", "deployments[0].tags"),
    ("work_pool: {name: nowhere-at-all}", "no work pool 'nowhere-at-all'"),
]


# One deployment, step by step: what its file says beside the pool, and which fields differ.
STEPS = [
    ("", "created"),
    ("description: x", "description"),
    ("paused: true", "paused"),
    ("paused: false\n    parameters: {jobs: 3}", "paused, parameters"),
    ("tags: [b, a]\n    version: '2'", "version, tags, parameters"),
    ("tags: [a, b]\n    enforce_parameter_schema: false", "enforce_parameter_schema"),
    ("parameter_openapi_schema: {type: object, properties: {jobs: {type: number}}, required: [jobs]}",
     "tags, enforce_parameter_schema, parameter_openapi_schema"),
    ("pull: [{prefect.deployments.steps.set_working_directory: {directory: /}}]",
     "parameter_openapi_schema, pull_steps"),
    ("work_pool: {name: NAME, work_queue_name: high, job_variables: {env: {A: '1'}}}",
     "work_queue_name, job_variables"),
    ("work_pool: {name: NAME, job_variables: {env: {A: '2'}}}", "work_queue_name, job_variables"),
    ("schedules: [{cron: 0 1 * * *}, {cron: 0 2 * * *, active: false}]", "schedules"),
    ("schedules: [{cron: 0 2 * * *}]", "schedules"),
    ("schedules: []", "schedules"),
]
STEPS_3 = [
    ("schedules: [{slug: a, cron: 0 1 * * *}, {slug: b, cron: 0 2 * * *}]", "schedules"),
    ("schedules: [{slug: a, cron: 0 1 * * *}, {slug: b, cron: 0 3 * * *, active: false, parameters: {jobs: 4}}]",
     "schedules"),
    ("schedules: [{slug: c, replaces: a, cron: 0 1 * * *}, {slug: b, cron: 0 3 * * *}]", "schedules"),
    ("schedules: [{slug: b, cron: 0 3 * * *}]", "schedules"),
    ("schedules: [{cron: 0 3 * * *}, {slug: x, cron: 0 4 * * *}]", "schedules"),
    ("schedules: [{slug: y, cron: 0 3 * * *}]", "schedules"),
    ("schedules: []", "schedules"),
    ("concurrency_limit: 3", "concurrency_limit"),
    ("concurrency_limit: {limit: 2, collision_strategy: CANCEL_NEW, grace_period_seconds: 90}",
     "concurrency_limit, concurrency_options"),
    ("triggers: [{expect: [a.b, c.d], match: {x: y}}]", "concurrency_limit, concurrency_options, triggers"),
    ("triggers: [{expect: [a.b, c.d], match: {x: y}, threshold: 3}, {name: mine, expect: [e.f]}]", "triggers"),
    ("triggers: [{expect: [a.b, c.d], match: {x: y}, threshold: 3}]", "triggers"),
    ("", "triggers"),
]


class Scene:
    def __init__(self, url, python, check):
        self.url, self.python, self.check = url, python, check
        self.api = Api(url)
        self.v3 = self.api("GET", "/admin/version").startswith("3")
        self.name = "reg" + uuid.uuid4().hex[:8]
        self.folder = tempfile.mkdtemp(prefix="weir-reg-")
        self.weir = Weir(url, PKG="openssl", PREFECT_API_REQUEST_TIMEOUT="150")
        self.env = {**self.weir.env, "PREFECT_HOME": self.folder + "/home", "PWD": self.folder,
                    "PREFECT_API_REQUEST_TIMEOUT": "150"}
        self.api("POST", "/work_pools/", {"name": self.name, "type": "process"})
        self.api("POST", "/variables/", {"name": self.name + "_channel", "value": "main"})
        self.write("flows.py", FLOWS)
        self.write("prefect.yaml", PLAIN + (NEWER if self.v3 else OLDER))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text.replace("NAME", self.name))

    def run(self, *argv, timeout=PATIENCE_S):
        p = subprocess.run(argv, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, timeout=timeout)
        return p.returncode, p.stdout, p.stderr

    def register(self, *argv):
        """By reading signatures; with Python (seconds) only where that is what is looked at."""
        return self.run(WEIR, "register", *(argv if "--python" in argv else ("--schema", "static", *argv)))

    def deploy(self, *argv):
        code, out, err = self.run(os.path.join(os.path.dirname(self.python), "prefect"), "--no-prompt", "deploy",
                                  *argv)
        assert code == 0, out[-600:] + err[-600:]

    def deployments(self):
        """By name, as the server answers, and what belongs to them."""
        flows = {f["id"] for f in self.api("POST", "/flows/filter", {"flows": {"name": {"like_": self.name}}})}
        rows = [d for d in self.api("POST", "/deployments/filter", {"limit": 200}) if d["flow_id"] in flows]
        for d in rows:
            if self.v3:
                d["automations"] = self.api("GET", "/automations/related-to/prefect.deployment." + d["id"])
        return {d["name"]: d for d in rows}

    def close(self):
        """Nothing that is scheduled stays."""
        for d in self.deployments().values():
            self.api("DELETE", "/deployments/" + d["id"])
        self.weir.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)


def what_matters(d, v3):
    """Without ids and times of what was made anew, as `prefect deploy` always does."""
    def bare(value):
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k not in ("id", "created", "updated")}
        return [bare(v) for v in value] if isinstance(value, list) else value

    out = bare({k: v for k, v in d.items() if k not in ("last_polled", "status", "updated_by", "created_by",
                                                        "work_queue_id", "schedule", "is_schedule_active")})
    for s in out["schedules"]:
        if s["schedule"].get("anchor_date", "2026-01-01").startswith("2026-01-01") is False:
            s["schedule"].pop("anchor_date")  # the time of its creation
    out["schedules"].sort(key=lambda s: json.dumps(s["schedule"], sort_keys=True))
    out.get("automations", []).sort(key=lambda a: a["name"])
    if not v3:
        out.pop("version")  # which Prefect 2 does not set by itself
    return out


def differences(before, after, v3):
    bad = ["%s: not in both" % n for n in before.keys() ^ after.keys()]
    for name in before.keys() & after.keys():
        a, b = what_matters(before[name], v3), what_matters(after[name], v3)
        bad += ["%s.%s: %r is now %r" % (name, k, a.get(k), b.get(k))
                for k in sorted(a.keys() | b.keys()) if a.get(k) != b.get(k)]
    return bad


def creation(s):
    code, out, err = s.register("--python", s.python)
    made = s.deployments()
    s.check(code == 0 and len(made) >= 20 and "%d created" % len(made) in out,
            "register: %d deployments made" % len(made), code, out[-300:], err)
    scheduled = made["cron"]["id"]
    s.api("POST", "/deployments/%s/schedule" % scheduled, {})
    runs = {"deployments": {"id": {"any_": [scheduled]}}, "limit": 200}
    ids = {r["id"] for r in s.api("POST", "/flow_runs/filter", runs)}
    code, out, err = s.register()
    again = s.deployments()
    s.check(code == 0 and "\n0 changed, %d unchanged" % len(made) in out and len(ids) > 2
            and {r["id"] for r in s.api("POST", "/flow_runs/filter", runs)} >= ids
            and all(made[n]["updated"] == again[n]["updated"] for n in made),
            "register again, without Python: 0 changed, nothing written, scheduled runs keep their ids", code, out[-300:], err)
    return again


def worker(s, deployment):
    run = s.api("POST", "/deployments/%s/create_flow_run" % deployment["id"], {})["id"]
    prefect = os.path.join(os.path.dirname(s.python), "prefect")
    p = subprocess.Popen([prefect, "worker", "start", "--pool", s.name, "--type", "process"], env=s.env,
                         cwd=s.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, start_new_session=True)
    state, end = None, time.time() + PATIENCE_S
    while time.time() < end and state not in ("COMPLETED", "FAILED", "CRASHED"):
        time.sleep(0.5)
        state = s.api("GET", "/flow_runs/" + run)["state_type"]
    p.terminate()
    try:
        said = p.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        p.kill()
        said = p.communicate()[0]
    s.check(state == "COMPLETED", "a deployment of weir's alone is run by Prefect's worker", state, said[-800:])


def both_ways(s, made):
    s.deploy("--all")
    after = s.deployments()
    bad = differences(made, after, s.v3)
    s.check(not bad and all(made[n]["id"] == after[n]["id"] for n in made),
            "prefect deploy of the file keeps the ids and changes nothing that matters", *bad[:5])
    code, out, err = s.register("--check", "--diff")
    s.check(code == 0 and "0 changed" in out, "after prefect deploy register finds 0 changed", code, out[-900:], err)
    some = [n for n in ("slugs", "triggers", "interval", "params", "variables", "limit-more") if n in made]
    for n in some:
        s.api("DELETE", "/deployments/" + after[n]["id"])
    s.deploy(*[x for n in some for x in ("-n", n)])
    code, out, err = s.register("--check", "--diff")
    s.check(code == 0 and "0 changed" in out, "so it does of what prefect deploy made", code, out[-900:], err)
    code, out, err = s.register("--check", "--diff", "--python", s.python)
    s.check(code == 0 and "0 changed" in out, "and when Python is asked for the schemas", code, out[-900:], err)


def step_by_step(s):
    """Each change is sent, is all that is sent, and is what the server then has."""
    for text, fields in STEPS + (STEPS_3 if s.v3 else []):
        pool = "" if "work_pool" in text else "    work_pool: {name: NAME, job_variables: {env: {A: '2'}}}\n"
        if "pull:" not in text:
            pool += "    pull: [{prefect.deployments.steps.set_working_directory: {directory: /tmp}}]\n"
        s.write("step.yaml", "name: NAME-step\ndeployments:\n  - name: step\n    entrypoint: flows.py:build\n"
                "    %s\n%s" % (text, pool))
        code, out, err = s.register("step.yaml", "-o", "json")
        row = json.loads(out)[0] if code == 0 else {}
        got = row.get("result") if fields == "created" else ", ".join(row.get("fields", []))
        again, left, _ = s.register("step.yaml", "--check", "--diff")
        # what is no longer stated stays; Prefect 2 does not enforce unless told
        known = {"", "description", "version", "pull_steps"} | (set() if s.v3 else {"enforce_parameter_schema"})
        s.check(code == 0 and set(got.split(", ")) - known == set(fields.split(", ")) - known and again == 0
                and "keeps another value" not in err,
                "step: %s: %s" % (" ".join(text.split()) or "nothing", fields), code, got, err, left)


def refused(s):
    head = "name: NAME\ndeployments:\n  - name: wrong\n    entrypoint: flows.py:build\n    %s\n"
    for text, said in REFUSED:
        if "concurrency" in text and not s.v3:
            continue
        pool = "" if "work_pool" in text else "    work_pool: {name: NAME}\n"
        s.write("no.yaml", head % text + pool)
        code, out, err = s.register("no.yaml")
        s.check(code == 1 and "no.yaml:" in err and said.replace("NAME", s.name) in err and not out,
                "refused: " + text, code, out, err)
    left = [n for n in s.deployments() if n == "wrong"]
    s.check(not left, "what is refused is not made", *left)


def pruned(s, made):
    with open(os.path.join(s.folder, "prefect.yaml")) as f:
        text = f.read()
    s.write("prefect.yaml", "\n".join(line for line in text.split("\n") if "{name: tagged," not in line))
    code, out, err = s.register("--prune", "--yes")
    now = s.deployments()
    s.check(code == 0 and "removed" in out and made.keys() - now.keys() == {"tagged"},
            "--prune removes what the file no longer names, and only that", code, out[-300:], err,
            made.keys() - now.keys())
    rows = s.weir.json("history", "-n", "0", "-o", "json")
    s.check(rows[0]["action"] == "remove" and all(r["result"] == "done" for r in rows if r["answered"]),
            "history: each write with its result", rows[:1])


def registering(url, python, check):
    s = Scene(url, python, check)
    try:
        made = creation(s)
        worker(s, made["plain"])
        both_ways(s, s.deployments())
        step_by_step(s)
        refused(s)
        pruned(s, made)
    finally:
        s.close()


def main():
    check = Checks()
    registering(sys.argv[1], sys.argv[2], check)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
