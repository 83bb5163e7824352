"""What register is measured with: files of many deployments, and how long it took."""
import json
import os
import re
import subprocess
import time

import acting

ENTRY = {"flow_name": "build", "entrypoint": "flow.py:build", "tags": ["farm"], "parameters": {"n": 2},
         "schedules": [{"slug": "nightly", "cron": "0 3 * * *"}], "work_pool": {"name": "farm"}}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
FLOW = '''from prefect import flow


@flow(name="build")
def build(n: int = 1):
    """Build."""
'''


def write(folder, n, stated):
    """prefect.yaml (JSON is YAML) of n deployments; stated: the schema is in it."""
    entries = [{"name": f"d{i}", **ENTRY, **({"parameter_openapi_schema": SCHEMA} if stated else {})}
               for i in range(n)]
    with open(os.path.join(folder, "prefect.yaml"), "w") as f:
        json.dump({"name": "bench", "pull": [], "deployments": entries}, f, indent=1)
    with open(os.path.join(folder, "flow.py"), "w") as f:
        f.write(FLOW)


def took(argv, env, folder, times, says=""):
    """The median of seconds; each time it must say that."""
    all_ = []
    for _ in range(times):
        began = time.monotonic()
        p = subprocess.run(argv, env=env, cwd=folder, check=True, stdin=subprocess.DEVNULL, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        all_.append(time.monotonic() - began)
        if says not in p.stdout:
            raise RuntimeError(f"{argv[0]} {argv[1]}: {p.stdout[-200:]}")
    return sorted(all_)[times // 2]


def writes(server):
    """How many requests wrote since the last call."""
    seen = acting.ask(server.url[:-len("/api")] + "/_control", {"take": "requests"})["requests"]
    return sum(r["method"] != "GET" and not re.search("/(filter|count)$", r["path"]) for r in seen)
