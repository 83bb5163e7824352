"""What register is measured with: files of many deployments."""
import json
import os

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
