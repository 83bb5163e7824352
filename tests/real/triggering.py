#!/usr/bin/env python3
"""weir trigger on a real server: its check of parameters beside the server's own, and one run
each, whenever it is killed.

    tests/real/triggering.py API_URL [KILLS]

Makes flows and deployments of its own, which no worker takes. Speaks TAP; tests/real/run does
the same on both servers.
"""
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from acting import Api  # noqa: E402
from weir_world import PATIENCE_S, TRIES, Checks, Weir, wait_for  # noqa: E402

TYPES = {
    "title": "Parameters", "type": "object",
    "properties": {
        "package": {"type": "string", "title": "package", "position": 0, "minLength": 1, "maxLength": 20,
                    "pattern": "^[a-z][a-z0-9_.-]*$"},
        "platform": {"enum": ["linux-64", "osx-arm64"], "type": "string", "position": 1},
        "jobs": {"type": "integer", "default": 4, "minimum": 1, "exclusiveMaximum": 65, "position": 2},
        "ratio": {"type": "number", "default": 0.5, "multipleOf": 0.25, "position": 3},
        "dry": {"type": "boolean", "default": False, "position": 4},
        "note": {"type": "string", "position": 5},
        "mode": {"const": "fast", "default": "fast", "position": 6},
        "list": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3,
                 "uniqueItems": True, "default": ["a"], "position": 7},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string", "format": "date-time"},
                             {"type": "null"}], "default": None, "position": 8},
        "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "default": [1, "a"],
                 "minItems": 2, "maxItems": 2, "position": 9},
        "image": {"allOf": [{"$ref": "#/definitions/Image"}], "default": None, "position": 10},
        "tree": {"$ref": "#/definitions/Tree", "position": 11},
        "one": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object", "default": {"a": 1},
                "position": 12},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}, "default": {}, "position": 13},
    },
    "required": ["package", "platform"],
    "definitions": {
        "Image": {"type": "object", "title": "Image", "properties": {
            "name": {"type": "string"}, "tag": {"type": "string", "default": "latest"},
            "layers": {"type": "array", "items": {"$ref": "#/definitions/Layer"}}},
            "required": ["name"], "additionalProperties": False},
        "Layer": {"type": "object", "title": "Layer", "properties": {"size": {"type": "integer"}},
                  "required": ["size"]},
        "Tree": {"type": "object", "title": "Tree", "properties": {
            "left": {"$ref": "#/definitions/Tree"}, "leaf": {"type": "boolean"}}},
    },
}
MODERN = {
    "type": "object", "properties": {
        "when": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "default": None},
        "deep": {"$ref": "#/$defs/Deep"}, "any": {},
        "tuple": {"type": "array", "prefixItems": [{"type": "integer"}], "items": False, "default": [1]},
        "word": {"type": "string", "pattern": "^\\w+\\Z", "default": "x"},
        "named": {"type": "object", "patternProperties": {"^n_": {"type": "number"}},
                  "propertyNames": {"maxLength": 5}, "default": {}},
        "cond": {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"type": "integer"}, "default": 1},
        "not": {"not": {"type": "null"}, "default": 1},
        "has": {"type": "array", "contains": {"const": 1}, "minContains": 1, "maxContains": 2, "default": [1]},
    },
    "additionalProperties": False,
    "$defs": {"Deep": {"anyOf": [{"$ref": "#/$defs/Leaf"}, {"type": "array", "items": {"$ref": "#/$defs/Deep"}}]},
              "Leaf": {"type": "object", "properties": {"v": {"type": "integer"}}, "required": ["v"],
                       "dependentRequired": {"a": ["b"]}}},
}
def older(schema):
    """What 2.x lets a deployment have; its check is the same."""
    schema = json.loads(json.dumps(schema))
    p = schema["properties"]
    if "jobs" in p:
        del p["jobs"]["exclusiveMaximum"]
        p["jobs"]["maximum"] = 64
        p["pair"]["items"] = p["pair"].pop("prefixItems")
    if "tuple" in p:
        p["tuple"] = {"type": "array", "items": [{"type": "integer"}], "maxItems": 1, "default": [1]}
    return schema


GOOD = {"package": "zlib", "platform": "linux-64"}


def having(**more):
    return {**GOOD, **more}


KIND = "__prefect_kind"
SETS = [  # schema, parameters
    *[(TYPES, p) for p in (
        {}, GOOD, {"package": "zlib"}, having(package=""), having(package="Zlib"), having(package="z" * 21),
        having(package="zlib\n"), having(package=5), having(package=None), having(platform="linux-63"),
        having(platform=None), having(jobs=8), having(jobs=8.0), having(jobs=8.5), having(jobs="8"),
        having(jobs=True), having(jobs=0), having(jobs=1), having(jobs=65), having(jobs=64), having(jobs=None),
        having(ratio=0.75), having(ratio=0.3), having(ratio=2), having(ratio="x"), having(dry=True),
        having(dry="true"), having(dry=1), having(note="x"), having(note=None), having(note=1), having(mode="fast"),
        having(mode="slow"), having(list=[]), having(list=["a", "b", "c"]), having(list=["a", "b", "c", "d"]),
        having(list=["a", "a"]), having(list=[1]), having(list="a"), having(either=1), having(either="no date"),
        having(either=None), having(either=1.5), having(either=[]), having(pair=[1, "b"]), having(pair=["b", 1]),
        having(pair=[1]), having(pair=[1, "b", 2]), having(image={"name": "a"}), having(image={}),
        having(image={"name": "a", "tga": "b"}), having(image={"name": "a", "layers": [{"size": 1}, {"size": "1"}]}),
        having(image={"name": "a", "layers": [{}]}), having(image=None), having(tree={"left": {"left": {"leaf": True}}}),
        having(tree={"left": {"left": {"leaf": 1}}}), having(one={"b": 1}), having(one={"a": 1, "b": 1}),
        having(one={}), having(map={"a": 1}), having(map={"a": "1"}), having(unheard=1),
        having(note={KIND: "json", "value": "\"x\""}), having(note={KIND: "json", "value": "5"}),
        having(note={KIND: "none", "value": 5}), having(jobs={KIND: "json"}), having(package={KIND: "json"}),
        having(note={KIND: "jinja", "template": "{{ 'x' }}"}),
    )],
    *[(MODERN, p) for p in (
        {}, {"when": "2026-01-01T00:00:00Z"}, {"when": "tomorrow"}, {"when": 5}, {"deep": {"v": 1}},
        {"deep": {"v": "1"}}, {"deep": [{"v": 1}, [{"v": 2}]]}, {"deep": [{"v": 1}, [{"w": 2}]]}, {"deep": None},
        {"deep": {"v": 1, "a": 1}}, {"deep": {"v": 1, "a": 1, "b": 1}}, {"any": None}, {"any": {"x": [1]}},
        {"tuple": [1]}, {"tuple": [1, 2]}, {"tuple": ["1"]}, {"word": "\u00e4bc"}, {"word": "a b"}, {"word": "a\n"},
        {"named": {"n_a": 1}}, {"named": {"n_a": "1"}}, {"named": {"n_abcd": 1}}, {"cond": "a"}, {"cond": "ab"},
        {"cond": 1.5}, {"not": None}, {"has": []}, {"has": [1, 1.0]}, {"has": [1, 1, 1]}, {"has": [True]},
        {"other": 1},
    )],
]


class Farm:
    def __init__(self, api):
        self.api = api
        self.v3 = api("GET", "/admin/version").startswith("3")
        self.name = "trigger-" + uuid.uuid4().hex[:8]
        self.flow = api("POST", "/flows/", {"name": self.name})["id"]
        api("POST", "/work_pools/", {"name": self.name, "type": "process"})
        self.n = 0

    def deploy(self, schema, enforce=True, **more):
        self.n += 1
        if schema and not self.v3:
            schema = older(schema)
            if more:  # its own parameters are checked when it is made, by another draft
                schema["properties"].pop("pair")
        name = "d%d" % self.n
        d = self.api("POST", "/deployments/", {
            "flow_id": self.flow, "name": name, "work_pool_name": self.name, "path": "/nowhere",
            "entrypoint": "a.py:a", "parameter_openapi_schema": schema, "enforce_parameter_schema": enforce,
            "tags": ["farm"], **more})
        return "%s/%s" % (self.name, name), d["id"]

    def runs(self, deployment):
        return self.api("POST", "/flow_runs/filter", {"flow_runs": {"deployment_id": {"any_": [deployment]}}})

    def verdict(self, deployment, parameters):
        """(taken, words) of the server itself."""
        request = urllib.request.Request(
            "%s/deployments/%s/create_flow_run" % (self.api.url, deployment), method="POST",
            data=json.dumps({"parameters": parameters}).encode(), headers={"Content-Type": "application/json"})
        for wait in (0.3, 1, 2, 4, 8, 16, 0):
            try:
                with self.api.opener.open(request, timeout=120) as reply:
                    return True, reply.read()
            except urllib.error.HTTPError as e:
                if e.code not in (502, 503) or not wait:
                    return False, "%d %s" % (e.code, e.read()[:300])
            time.sleep(wait)


def judged(farm, weir, check):
    """The same verdict for every set, with the check (--dry-run sends nothing)."""
    named = {id(s): farm.deploy(s) for s in (TYPES, MODERN)}
    weir.run("sync", "-q")
    n = 0
    for schema, parameters in SETS:
        name, deployment = named[id(schema)]
        taken, words = farm.verdict(deployment, parameters)
        p = weir.run("trigger", name, "--params", json.dumps(parameters), "--dry-run")
        n += check(p.returncode == (0 if taken else 1), "verdict of %s" % json.dumps(parameters)[:90],
                   "server: %s" % taken, words, p.returncode, p.stderr)
        if not taken and b"not sent: " not in p.stderr:
            check(False, "its words", p.stderr)
    check(n == len(SETS) and n >= 40, "%d parameter sets, the same verdict" % n)


def started(farm, weir, check):
    name, deployment = farm.deploy(TYPES, parameters={"jobs": 2})
    weir.run("sync", "-q", "--refresh")
    p = weir.run("trigger", name, "-p", "package=zlib", "-p", "platform=linux-64", "-p", "ratio=1", "-p",
                 "list:=[\"b\"]", "-t", "pr-1", "--name", "by-hand", "-j", "cpu=4", "--in", "1h", "-o", "json")
    row = json.loads(p.stdout)[0] if p.returncode == 0 else {}
    run = farm.api("GET", "/flow_runs/" + row["id"]) if row else {}
    check(run.get("parameters") == {"package": "zlib", "platform": "linux-64", "ratio": 1, "list": ["b"], "jobs": 2}
          and set(run["tags"]) == {"farm", "pr-1"} and run["name"] == "by-hand" and
          run["job_variables"] == {"cpu": 4} and run["state_type"] == "SCHEDULED",
          "trigger: parameters, tags, name, job variables, time", p.stderr, run)
    check("no worker" in row.get("message", ""), "trigger: nobody will take it: said", row)
    p = weir.run("trigger", name, "--params", json.dumps(GOOD), "-k", "once", "-o", "json")
    q = weir.run("trigger", name, "--params", json.dumps(GOOD), "-k", "once", "-o", "json")
    check(json.loads(p.stdout)[0]["id"] == json.loads(q.stdout)[0]["id"] and b"already" in q.stdout,
          "trigger: a key that was used gives that run", p.stdout, q.stdout)
    p = weir.run("trigger", name, "-p", "package=zlib", "-m", "platform=linux-64,osx-arm64", "-m", "jobs=1,2", "-o",
                 "json")
    sets = sorted((r["parameters"]["platform"], r["parameters"]["jobs"]) for r in json.loads(p.stdout))
    check(sets == [("linux-64", 1), ("linux-64", 2), ("osx-arm64", 1), ("osx-arm64", 2)],
          "trigger: a run each combination", p.stderr, sets)
    p = weir.run("trigger", name, "-p", "package=zlib", "-p", "platform=no", "--unchecked")
    check(p.returncode == 0, "trigger --unchecked: the server takes it", p.stderr)
    lax, _ = farm.deploy(TYPES, enforce=False)
    p = weir.run("trigger", lax, "-p", "package=5", "-p", "platform=no", "-p", "plaform=x")
    check(p.returncode == 0 and b"sent all the same" in p.stderr and b"did you mean platform" in p.stderr,
          "trigger: not enforced: a warning, and it is sent", p.stderr)
    before = len(farm.runs(deployment))
    p = weir.run("trigger", name, "-p", "package=zlib", "-p", "platform=linux-64", "--wait", "--timeout", "2s")
    check(p.returncode == 8 and b"still Scheduled" in p.stderr, "trigger --wait: the time is over", p.returncode, p.stderr)
    check(len(farm.runs(deployment)) == before + 1, "trigger --wait: one run")
    farm.api("DELETE", "/deployments/" + deployment)
    p = weir.run("trigger", name, "--params", json.dumps(GOOD))
    check(p.returncode == 1 and b"no such deployment" in p.stderr, "trigger: deleted meanwhile", p.stderr)


def ended(farm, weir, check):
    """--wait ends in the second in which the run does."""
    name, deployment = farm.deploy({})
    weir.run("sync", "-q", "--refresh")
    for state, code in (("COMPLETED", 0), ("FAILED", 3)):
        for _ in range(TRIES):
            key = str(uuid.uuid4())
            p = weir.start("trigger", name, "--wait", "-k", key)
            run = wait_for(lambda: next((r for r in farm.runs(deployment) if r["idempotency_key"] == key), None))
            for to in ("PENDING", "RUNNING", state):
                farm.api("POST", "/flow_runs/%s/set_state" % run["id"], {"state": {"type": to}, "force": False})
            at = time.time()
            out, err = p.communicate(timeout=PATIENCE_S)
            took = time.time() - at
            if took < 2:
                break
        check(p.returncode == code and took < 2, "trigger --wait: " + state, p.returncode, "%.1f s" % took, err)


def killed(farm, weir, check, times):
    """kill -9 at any moment of a trigger; after the next weir there is exactly one run each, or,
    if it was killed before it wrote anything down, none."""
    name, deployment = farm.deploy({})
    weir.run("sync", "-q", "--refresh")
    started_at = time.time()
    weir.run("trigger", name)
    whole = max(time.time() - started_at, 0.02)
    wrong, asked = [], 0
    for i in range(times):
        key = "kill-%s" % uuid.uuid4()
        p = weir.start("trigger", name, "-k", key)
        time.sleep(whole * 1.3 * i / times)
        p.send_signal(signal.SIGKILL)
        p.communicate()
        rows = weir.json("history", "-n", "1", "-o", "json")
        known = rows[0]["key"] == key
        n = sum(r["idempotency_key"] == key for r in farm.api("POST", "/flow_runs/filter", {
            "flow_runs": {"idempotency_key": {"any_": [key]}}}))
        asked += known
        if n != known or rows[0]["result"] != "done":
            wrong.append((i, known, n, rows[0]["result"]))
    check(not wrong and asked >= times // 5, "killed %d times: one run each (%d were written down)" % (times, asked),
          wrong[:5], asked)


def triggering(url, check, times=50):
    farm = Farm(Api(url))
    with Weir(url, PREFECT_API_REQUEST_TIMEOUT="150") as weir:
        weir.sync("--since", "1h")
        judged(farm, weir, check)
        started(farm, weir, check)
        ended(farm, weir, check)
        killed(farm, weir, check, times)


def main():
    check = Checks()
    triggering(sys.argv[1], check, int(sys.argv[2]) if len(sys.argv) > 2 else 50)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
