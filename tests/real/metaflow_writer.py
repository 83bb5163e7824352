"""Metaflow's own writer of conda_v2.cnd, as a run has it: the file read, then written with all that was read.

Usage: metaflow_writer.py FOLDER; a line of JSON on standard input is one selection: req_id, full_id, arch, wait
(seconds between the reading and the writing); its answer is when the file took its name.
"""
import json
import os
import sys
import time

import metaflow  # noqa: F401  (its plugins come first)
from metaflow_extensions.netflixext.plugins.conda import env_descr

renamed = []
rename = os.rename


def timed(src, dst):
    rename(src, dst)
    renamed.append(time.monotonic())


os.rename = timed
print("ready", flush=True)
for line in sys.stdin:
    wish = json.loads(line)
    info = env_descr.read_conda_manifest(sys.argv[1])
    time.sleep(wish["wait"])
    stale = {req: of.get("_default") for req, of in info._resolved_environments[wish["arch"]].items()}
    info.set_default(env_descr.EnvID(wish["req_id"], wish["full_id"], wish["arch"]))
    try:
        env_descr.write_to_conda_manifest(sys.argv[1], info)
        answer = {"at": renamed[-1], "others": {r: f for r, f in stale.items() if r != wish["req_id"]}}
    except Exception as e:
        answer = {"error": repr(e)}
    print(json.dumps(answer), flush=True)
