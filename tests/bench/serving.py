"""From due to running on a real server: a command by weir's worker, a Python flow by Prefect's."""
import datetime
import os
import statistics
import subprocess
import tempfile
import time

from acting import ask

FLOW = "from prefect import flow\n@flow\ndef one():\n    pass\n"


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def begin(server, deployment):
    return ask(f"{server.url}/deployments/{deployment}/create_flow_run", {})["id"]


def reached(server, run, state):
    until = time.time() + 90
    while (doc := ask(f"{server.url}/flow_runs/{run}"))["state_type"] != state:
        if time.time() > until:
            raise RuntimeError(f"run {run} is {doc['state']}")
        time.sleep(0.3)
    return doc


def waits(server, deployment, times):
    """Seconds from due to running, one run after the other, not in step with the polls."""
    found = []
    for i in range(times):
        time.sleep(0.3 + 0.7 * i % 2)
        doc = reached(server, begin(server, deployment), "COMPLETED")
        found.append(moment(doc["start_time"]) - moment(doc["expected_start_time"]))
    return statistics.median(found)


def peak(server, deployment, worker, go):
    """MB of a worker with eight runs at once, which end when there is a file go."""
    runs = [begin(server, deployment) for _ in range(8)]
    for state in ("RUNNING", "COMPLETED"):
        for run in runs:
            reached(server, run, state)
        with open(go, "w"):
            pass
    with open(f"/proc/{worker.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM:")) / 1024


def measured(server, argv, env, pool, body, look):
    """What look(deployment, worker) finds, while a worker serves the pool."""
    worker = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        until = time.time() + 60
        while not any(w["status"] == "ONLINE" for w in ask(f"{server.url}/work_pools/{pool}/workers/filter", {})):
            if time.time() > until:
                raise RuntimeError(f"no worker serves {pool}")
            time.sleep(0.5)
        flow = ask(server.url + "/flows/", {"name": "bench"})["id"]
        made = ask(server.url + "/deployments/", {"flow_id": flow, "name": pool, "work_pool_name": pool, **body})
        return look(made["id"], worker)
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def of_weir(server, weir, env, pool, command, look):
    subprocess.run([weir, "worker", "--pool", pool, "--once"], env=env, check=True, stderr=subprocess.DEVNULL)
    return measured(server, [weir, "worker", "--pool", pool], env, pool, {"job_variables": {"command": command}}, look)


def by_weir(server, weir, env, times):
    return of_weir(server, weir, env, "ours", "true", lambda deployment, _: waits(server, deployment, times))


def memory(server, weir, env, lines):
    """Of eight commands, each of which prints so many lines at once, and then some more."""
    with tempfile.TemporaryDirectory() as folder:
        command = (f"seq -f 'line %.0f of a build: cc -O2 -c lib/decode.c' 1 {lines}; "
                   f"until [ -e {folder}/go ]; do echo more; sleep 0.1; done")
        return of_weir(server, weir, env, f"print-{lines}", command,
                       lambda deployment, worker: peak(server, deployment, worker, folder + "/go"))


def by_prefect(server, times):
    folder = server.folder.name
    with open(folder + "/one.py", "w") as f:
        f.write(FLOW)
    env = {**server.client, "PATH": server.bin + ":" + os.environ["PATH"]}
    subprocess.run([server.bin + "/prefect", "work-pool", "create", "theirs", "--type", "process"], env=env, check=True,
                   stdout=subprocess.DEVNULL)
    steps = [{"prefect.deployments.steps.set_working_directory": {"directory": folder}}]
    return measured(server, [server.bin + "/prefect", "worker", "start", "--pool", "theirs"], env, "theirs",
                    {"entrypoint": "one.py:one", "pull_steps": steps},
                    lambda deployment, _: waits(server, deployment, times))
