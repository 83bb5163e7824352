"""What weir makes of a prefect.yaml against what `prefect deploy` sends, body by body.

Every case is a folder of its own with flows.py. One process of Prefect's Python deploys them
all through Prefect's own command line; its requests are noted on their way to the server.
"""
import json
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.request

FLOWS = '''
from __future__ import annotations
import sys
from enum import Enum
from typing import Literal, Optional
from prefect import flow


class Color(Enum):
    RED = "red"


@flow
def plain():
    pass


@flow(name="Other Name", version="2.1", description="said by the decorator")
def other(a: int, b: list[str] = [], c: Literal["x", "y"] = "x"):
    """Not this.

    Args:
        a: how many
    """


@flow
def build_all(package: str, platform: Optional[str] = None, *, jobs: int = 2, **more):
    """Build it all.

    Args:
        package (str): which one
            of them
        jobs: how many at once
    """


@flow
def hard(color: Color = Color.RED, when=sys.maxsize):
    pass
'''

ONE = "deployments:\n- name: d\n  entrypoint: flows.py:plain\n  work_pool: {name: P}\n  "

# Which name: the file. Accepted and refused must be so by both; what is sent must be equal.
FILES = {
    "plain": ONE,
    "flows": "deployments:\n" + "".join(
        f"- {{name: d-{f}, entrypoint: 'flows.py:{f}', work_pool: {{name: P}}}}\n"
        for f in ("plain", "other", "build_all", "hard")),
    "module": "deployments:\n- {name: d, entrypoint: flows.plain, work_pool: {name: P}}\n",
    "texts": ONE + "version: '1.0'\n  description: |\n    Two\n    lines\n  tags: [a, 1, true, '', b]\n"
             "  parameters: {a: 1, b: [x, {c: 2024-01-02}], d: 2024-01-02 03:04:05, e: 1:30, f: yes}\n",
    "pool": "deployments:\n- name: d\n  entrypoint: flows.py:plain\n  work_pool:\n    name: P\n"
            "    work_queue_name: Q\n    job_variables: {env: {A: '1'}, timeout: 3}\n",
    "image": "deployments:\n- name: d\n  entrypoint: flows.py:plain\n  work_pool: {name: P, "
             "job_variables: {image: 'r/i:1'}}\n",
    "paused": ONE + "paused: true\n",
    "paused-word": ONE + "paused: 'yes'\n",
    "not-enforced": ONE + "enforce_parameter_schema: false\n",
    "limit": ONE + "concurrency_limit: 3\n",
    "limit-word": ONE + "concurrency_limit: '3'\n",
    "limit-options": ONE + "concurrency_limit: {limit: 2, collision_strategy: CANCEL_NEW, grace_period_seconds: 90}\n",
    "limit-enqueue": ONE + "concurrency_limit: {limit: 1, collision_strategy: ENQUEUE}\n",
    "pull": ONE + "pull:\n  - prefect.deployments.steps.git_clone: {id: c, repository: 'r', branch: '{{ $T_WORD }}', "
            "access_token: '{{ prefect.blocks.secret.x }}'}\n  - prefect.deployments.steps.set_working_directory: "
            "{directory: '{{ c.directory }}/{{ $T_NONE }}'}\n",
    "pull-map": "pull:\n  prefect.deployments.steps.set_working_directory: {directory: /x}\n" + ONE,
    "pull-none": ONE + "pull: []\n",
    "pull-null": "pull: [{a.b: {c: 1}}]\n" + ONE + "pull: null\n",
    "pull-empty": ONE + "pull: {}\n",
    "build-null": "build:\n  prefect.deployments.steps.run_shell_script: {script: echo hi}\n" + ONE + "build: null\n",
    "build-empty": "build: null\npush: []\n" + ONE,
    "anchors": "definitions:\n  pool: &p {name: P, job_variables: {env: {A: '1'}}}\n  tags: &t [x, y]\n"
               "  base: &b {entrypoint: 'flows.py:plain', tags: *t, work_pool: *p}\n"
               "deployments:\n- <<: *b\n  name: one\n- <<: [*b, {version: '7'}]\n  name: two\n  tags: [z]\n",
    "environment": ONE + "description: 'is {{ $T_WORD }} {{$T_WORD}} {{ $T_NONE }}.'\n"
                   "  tags: ['{{ $T_WORD }}', '{{ T_WORD }}', '{{ gone }}', 'x{{ gone }}']\n"
                   "  parameters: {a: '{{ $T_WORD }}', b: '{{ gone }}', c: '{{ ctx.flow_run.id }}', d: '{{{ x }}}', "
                   "e: '{{ bad name }}'}\n",
    "variables": ONE + "parameters: {n: '{{ prefect.variables.number }}', o: '{{ prefect.variables.object }}', "
                 "t: 'n={{ prefect.variables.number }}', g: '{{ prefect.variables.gone }}', "
                 "b: '{{ prefect.variables.flag }}'}\n",
    "name-template": ONE.replace("name: d\n", "name: 'd-{{ $T_WORD }}'\n"),
    "name-py": ONE.replace("name: d\n", "name: d.py\n"),
    "cron": ONE + "schedules:\n  - cron: '0 4 * * 1-5'\n    timezone: Europe/Berlin\n    slug: nightly\n"
            "    active: false\n    parameters: {a: 1}\n  - {cron: '@daily', day_or: false}\n"
            "  - {cron: '*/15 0-6/2,12 L jan-MAR 5#2', active: 'yes'}\n",
    "interval": ONE + "schedules:\n  - interval: 3600\n  - {interval: PT1H30M, anchor_date: '2024-01-02', timezone: "
                "America/New_York}\n  - {interval: 1.5}\n  - {interval: '1:30:00', anchor_date: '2024-01-02T03:04:05+02:00'}\n"
                "  - {interval: '2 days, 1:00:00', slug: x}\n",
    "interval-date": ONE + "schedule: {interval: 60, anchor_date: 2024-01-02 03:04:05, timezone: UTC}\n",
    "rrule": ONE + "schedules:\n  - rrule: 'FREQ=WEEKLY;BYDAY=MO,+1TU;UNTIL=20300101T000000'\n    replaces: old\n"
             "  - {rrule: \"DTSTART:20240101T000000\\nRRULE:FREQ=DAILY;INTERVAL=2\", timezone: Asia/Tokyo}\n"
             "  - {rrule: '{\"rrule\": \"FREQ=DAILY\", \"timezone\": \"Europe/Paris\"}'}\n",
    "schedule-one": ONE + "schedule: {cron: '0 0 * * *'}\n",
    "schedule-none": ONE + "schedule: {}\n",
    "schedules-none": ONE + "schedules: []\n",
    "schedule-template": ONE + "schedules: [{cron: '{{ $T_CRON }}', active: '{{ $T_FALSE }}', slug: '{{ gone }}'}]\n",
    "events": ONE + "triggers:\n  - match: {prefect.resource.id: 'a.*'}\n    match_related: [{x: [y, z]}]\n"
              "    after: [b]\n    expect: [c]\n    for_each: [d]\n    threshold: 2\n    within: PT1M\n"
              "    parameters: {p: '{{ event.name }}', q: 1}\n    job_variables: {env: {A: b}}\n"
              "    schedule_after: 30\n  - {name: second, posture: Proactive, enabled: false, description: x}\n",
    "compound": ONE + "triggers:\n  - type: compound\n    require: any\n    within: 60\n    triggers:\n"
                "      - {type: event, expect: [a]}\n      - {triggers: [{expect: [b]}, {expect: [c]}]}\n"
                "  - {require: 1, triggers: [{expect: [x]}]}\n",
    "metric": ONE + "triggers:\n  - {posture: Metric, metric: {name: duration, threshold: 3, operator: '>'}}\n",
    "template-enabled": ONE + "triggers: [{expect: [a], enabled: '{{ $T_FALSE }}'}]\n",
    "unknown-keys": "made-up: 1\n" + ONE + "nonsense: {a: 1}\n  version_type: 'prefect:simple'\n",
    "no-name": "deployments:\n- {entrypoint: 'flows.py:plain', work_pool: {name: P}}\n",
    "no-entrypoint": "deployments:\n- {name: d, work_pool: {name: P}}\n",
    "no-pool": "deployments:\n- {name: d, entrypoint: 'flows.py:plain'}\n",
    "no-flow": "deployments:\n- {name: d, entrypoint: 'flows.py:nothing', work_pool: {name: P}}\n",
    "no-file": "deployments:\n- {name: d, entrypoint: 'nothing.py:f', work_pool: {name: P}}\n",
    "not-yaml": "deployments: [\n",
    "list": "- 1\n",
    "deployments-null": "deployments:\n",
    "two-documents": ONE + "\n---\na: 1\n",
    "number-name": ONE.replace("name: d\n", "name: 7\n"),
    "slash-name": ONE.replace("name: d\n", "name: a/b\n"),
    "number-version": ONE + "version: 1.0\n",
    "date-version": ONE + "version: 2024-01-02\n",
    "bad-paused": ONE + "paused: maybe\n",
    "null-parameters": ONE + "parameters:\n",
    "list-parameters": ONE + "parameters: [1]\n",
    "number-keys": ONE + "parameters: {1: a}\n",
    "null-tags": ONE + "tags:\n",
    "bad-limit": ONE + "concurrency_limit: some\n",
    "zero-limit": ONE + "concurrency_limit: 0\n",
    "no-strategy": ONE + "concurrency_limit: {limit: 1}\n",
    "bad-strategy": ONE + "concurrency_limit: {limit: 1, collision_strategy: WAIT}\n",
    "short-grace": ONE + "concurrency_limit: {limit: 1, collision_strategy: ENQUEUE, grace_period_seconds: 5}\n",
    "bad-cron": ONE + "schedules: [{cron: '61 * * * *'}]\n",
    "short-cron": ONE + "schedules: [{cron: '* * * *'}]\n",
    "bad-zone": ONE + "schedules: [{cron: '* * * * *', timezone: Mars/Olympus}]\n",
    "zero-interval": ONE + "schedules: [{interval: 0}]\n",
    "bad-interval": ONE + "schedules: [{interval: soon}]\n",
    "bad-anchor": ONE + "schedules: [{interval: 60, anchor_date: '2024-13-01'}]\n",
    "date-anchor-slug": ONE + "schedules: [{interval: 60, anchor_date: 2024-01-01, slug: x}]\n",
    "bad-rrule": ONE + "schedules: [{rrule: 'FREQ=SOMETIMES'}]\n",
    "two-kinds": ONE + "schedules: [{cron: '* * * * *', interval: 60}]\n",
    "no-kind": ONE + "schedules: [{timezone: UTC}]\n",
    "empty-schedule": ONE + "schedules: [{}]\n",
    "max-runs": ONE + "schedules: [{cron: '* * * * *', max_scheduled_runs: 3}]\n",
    "unknown-schedule": ONE + "schedules: [{cron: '* * * * *', zone: UTC}]\n",
    "nested-schedule": ONE + "schedules: [{schedule: {cron: '* * * * *'}}]\n",
    "both-schedules": ONE + "schedule: {cron: '* * * * *'}\n  schedules: []\n",
    "bad-active": ONE + "schedules: [{cron: '* * * * *', active: perhaps}]\n",
    "null-pool": ONE.replace("work_pool: {name: P}", "work_pool:"),
    "null-variables": ONE.replace("{name: P}", "{name: P, job_variables: }"),
    "text-triggers": ONE + "triggers: on\n",
    "bad-posture": ONE + "triggers: [{posture: Relaxed}]\n",
    "bad-expect": ONE + "triggers: [{expect: a}]\n",
    "short-within": ONE + "triggers: [{posture: Proactive, within: 5}]\n",
    "bad-require": ONE + "triggers: [{type: compound, require: 2, triggers: [{}]}]\n",
    "bad-type": ONE + "triggers: [{type: never}]\n",
    "bad-version-type": ONE + "version_type: mercurial\n",
    "sla": ONE + "sla: [{name: x, severity: high, duration: 60, type: TimeToCompletionSla}]\n",
    "block-gone": ONE + "parameters: {a: '{{ prefect.blocks.secret.gone }}'}\n",
}

# Refused by weir alone, and said so in its manual: code that would have to be run, and what
# Prefect does but nobody can mean.
OURS = {
    "build": ONE + "build: [{prefect.deployments.steps.run_shell_script: {script: echo hi}}]\n",
    "push-top": "push: [{prefect.deployments.steps.run_shell_script: {script: echo hi}}]\n" + ONE + "push: null\n",
    "text-tags": ONE + "tags: abc\n",
    "twins": ONE + "\n- name: d\n  entrypoint: flows.py:plain\n  work_pool: {name: P}\n",
}

DRIVER = r'''
import asyncio, io, json, os, sys, traceback
import httpx
from prefect.cli import app
noted = []
def note(request, response):
    if response.status_code >= 500:  # it is sent again
        return
    path = request.url.path
    if request.method in ("POST", "PATCH") and path.startswith("/api/"):
        try:
            body = json.loads(request.content)
        except Exception:
            return
        noted.append([request.method, path[4:], body])
class Note:
    def __init__(self, cls):
        old = cls.send
        if asyncio.iscoroutinefunction(old):
            async def send(self, request, *a, **k):
                response = await old(self, request, *a, **k)
                note(request, response)
                return response
        else:
            def send(self, request, *a, **k):
                response = old(self, request, *a, **k)
                note(request, response)
                return response
        cls.send = send
Note(httpx.Client); Note(httpx.AsyncClient)
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
from prefect.blocks.system import Secret
Secret(value="s").save("x", overwrite=True)
for folder in sys.argv[1:]:
    os.chdir(folder)
    del noted[:]
    for name in [n for n in sys.modules if n.startswith("flows")]:
        del sys.modules[name]
    sys.path[:] = [folder] + [p for p in sys.path if p != folder and os.path.dirname(p) != os.path.dirname(folder)]
    status = 0
    try:
        sys.argv = ["prefect", "--no-prompt", "deploy", "--all"]
        app()
    except SystemExit as e:
        status = e.code or 0
    except BaseException as e:
        traceback.print_exc()
        status = 99
    out.write(json.dumps({"folder": folder, "status": status, "noted": noted}) + "\n")
    out.flush()
out.flush()
os._exit(0)
'''

WORDS = {"T_WORD": f"word{os.getpid()}", "T_CRON": "5 4 * * *", "T_FALSE": "false"}
VARIABLES = {"number": 7, "object": {"a": [1]}, "flag": True}


def environment(url, home):
    env = {k: v for k, v in os.environ.items() if not re.match(r"(WEIR|PREFECT|T)_|CI$|GITHUB|GITLAB", k)}
    env.update(WORDS, HOME=home, PREFECT_API_URL=url, PREFECT_HOME=os.path.join(home, ".prefect"), COLUMNS="200",
               PREFECT_LOGGING_LEVEL="ERROR", PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1",
               PYTHONDONTWRITEBYTECODE="1", GIT_CEILING_DIRECTORIES=os.path.dirname(home))
    return env


def seconds(v):
    return float(v) if isinstance(v, (int, float)) else v


def full_schedule(s, like):
    """With what Prefect fills in; an anchor and a start that only Prefect chose are left out."""
    s = {"active": True, "max_scheduled_runs": None, "parameters": {}, "slug": None, "replaces": None, **s}
    inner = dict(s["schedule"])
    if "cron" in inner:
        inner = {"timezone": None, "day_or": True, **inner}
    if "interval" in inner:
        inner = {"timezone": "UTC", **inner, "interval": seconds(inner["interval"])}
        if "anchor_date" not in like.get("schedule", {}):
            inner.pop("anchor_date", None)
    if "rrule" in inner and "DTSTART" not in like["schedule"]["rrule"].upper():
        inner["rrule"] = re.sub(r"\ADTSTART:\d+T\d+\n", "", inner["rrule"])
    return {**s, "schedule": inner}


def body_of(sent, ours):
    """A POST /deployments/ of Prefect in the words of weir's bodies."""
    body = {k: v for k, v in sent.items() if k not in (
        "flow_id", "name", "labels", "storage_document_id", "infrastructure_document_id", "version_info",
        "branch", "base", "root")}
    schema = {k: v for k, v in body["parameter_openapi_schema"].items()
              if v or k not in ("definitions", "required")}
    body["parameter_openapi_schema"] = {k: v for k, v in schema.items() if k != "$defs"}
    if isinstance(ours.get("parameter_openapi_schema"), dict):
        ours["parameter_openapi_schema"].pop("$defs", None)
    if body.get("description") in (None, "None"):
        body.pop("description", None)  # str(None): nobody means it
    for key in ("work_queue_name", "concurrency_options"):
        if body.get(key) is None and key not in ours:
            body.pop(key, None)
    pairs = list(zip(body["schedules"], ours.get("schedules", [])))
    if len(pairs) == len(body["schedules"]) == len(ours["schedules"]):
        body["schedules"] = [full_schedule(a, b) for a, b in pairs]
        ours["schedules"] = [full_schedule(b, b) for a, b in pairs]
    return body


def automation_of(sent):
    a = {k: v for k, v in sent.items() if k != "owner_resource"}
    a["actions"] = [{k: v for k, v in x.items() if k != "deployment_id"} for x in a["actions"]]

    def sets(t):
        t = {k: sorted(v) if k in ("after", "expect", "for_each") else v for k, v in t.items()}
        if "triggers" in t:
            t["triggers"] = [sets(x) for x in t["triggers"]]
        return t
    a["trigger"] = sets(a["trigger"])
    return a


def compare(case, noted, entries):
    """Lines that say what differs."""
    flows = [b["name"] for m, p, b in noted if p == "/flows/"]
    deployments = [b for m, p, b in noted if m == "POST" and p == "/deployments/"]
    automations = [automation_of(b) for m, p, b in noted if m == "POST" and p == "/automations/"]
    bad = []
    if flows != [e["flow_name"] for e in entries]:
        bad.append(f"flows: {flows}")
    if [d["name"] for d in deployments] != [e["name"] for e in entries]:
        return bad + [f"names: {[d['name'] for d in deployments]} {[e['name'] for e in entries]}"]
    for sent, entry in zip(deployments, entries):
        ours = {**entry["guessed"], **entry["stated"]}
        body = body_of(sent, ours)
        for key in sorted(set(body) | set(ours)):
            a, b = body.get(key, "nothing"), ours.get(key, "nothing")
            if json.dumps(a, sort_keys=True) != json.dumps(b, sort_keys=True):
                bad.append(f"{key}: prefect {json.dumps(a)} weir {json.dumps(b)}")
    made = [automation_of(a) for e in entries for a in e["triggers"] or []]
    if json.dumps(automations, sort_keys=True) != json.dumps(made, sort_keys=True):
        bad += ["automations: prefect " + json.dumps(automations, sort_keys=True),
                "automations: weir    " + json.dumps(made, sort_keys=True)]
    return bad


def run_weir(program, folder, env, python):
    known = json.dumps(VARIABLES)
    p = subprocess.run([program, "prefect.yaml", "auto", python], cwd=folder, env={**env, "KNOWN": known},
                       capture_output=True, text=True, check=False)
    return p.returncode, [json.loads(line) for line in p.stdout.splitlines()], p.stderr


def readers(python, check):
    """Signatures and schedules made at random, against Prefect's own reading of them."""
    here = os.path.dirname(os.path.abspath(__file__))
    program = os.path.join(os.path.abspath(os.environ.get("B", "build")), "tests", "real", "manifest")
    for seed in range(1, 1 + max(1, round(float(os.environ.get("TORTURE") or 1)))):
        for script in ("signatures.py", "schedules.py"):
            p = subprocess.run([python, os.path.join(here, script), program, str(seed)], capture_output=True,
                               text=True, timeout=600, check=False)
            check(p.returncode == 0, f"{script}: as Prefect reads them (seed {seed})", p.stdout[-3000:], p.stderr)


def call(url, method, path, body):
    request = urllib.request.Request(url + path, data=json.dumps(body).encode(), method=method,
                                     headers={"content-type": "application/json"})
    try:
        return urllib.request.urlopen(request, timeout=300).read()
    except urllib.error.HTTPError as e:
        return e.read()  # it is there already


def deploying(url, python, check, pool="bodies"):
    """check(good, name, *why)"""
    program = os.path.join(os.path.abspath(os.environ.get("B", "build")), "tests", "real", "manifest")
    call(url, "POST", "/work_pools/", {"name": pool, "type": "process"})
    for name, value in VARIABLES.items():
        call(url, "POST", "/variables/", {"name": name, "value": value})
    with tempfile.TemporaryDirectory(prefix="weir-deploy-") as home:
        home = os.path.realpath(home)
        env = environment(url, home)
        folders = []
        for name, text in list(FILES.items()) + list(OURS.items()):
            folders.append(os.path.join(home, name))
            os.mkdir(folders[-1])
            with open(os.path.join(folders[-1], "prefect.yaml"), "w") as f:
                # flows of a name of their own: what one case deploys is new in the next
                text = text.replace("name: P", f"name: {pool}")
                f.write(re.sub(r"name: (d|one|two)\b", rf"name: {name}-{os.getpid()}-\1", text))
            with open(os.path.join(folders[-1], "flows.py"), "w") as f:
                f.write(FLOWS)
        p = subprocess.run([python, "-c", DRIVER, *folders[:len(FILES)]], env=env, capture_output=True, text=True,
                           timeout=600, check=False)
        answers = {os.path.basename(a["folder"]): a for a in map(json.loads, p.stdout.splitlines())}
        for name in FILES:
            folder, answer = os.path.join(home, name), answers.get(name)
            if not answer:
                check(False, f"{name}: prefect deploy was tried", p.stderr[-1500:])
                continue
            status, entries, errors = run_weir(program, folder, env, python)
            taken = answer["status"] == 0 and any(p == "/deployments/" for m, p, b in answer["noted"])
            if taken and status == 0:
                bad = compare(name, answer["noted"], entries)
                check(not bad, f"{name}: weir sends what prefect deploy sends", *bad)
            else:
                placed = taken or re.match(r"prefect\.yaml:", errors)
                check(taken == (status == 0) and placed,
                      f"{name}: {'taken' if taken else 'refused'} by both", f"prefect {answer['status']}",
                      p.stderr[-1500:] if answer["status"] == 99 else "",
                      f"weir {status} {errors}")
        for name in OURS:
            status, entries, errors = run_weir(program, os.path.join(home, name), env, python)
            check(status and re.match(r"prefect\.yaml:\d+:\d+: ", errors), f"{name}: refused by weir", errors)
